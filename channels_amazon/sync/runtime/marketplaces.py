"""Which marketplaces of an account a reconciler goes through; sync layer."""

from __future__ import annotations

from datetime import timedelta

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import SyncJob
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.wording import sentence

# The wake-up after the marketplaces arrive comes sooner; this is the net below.
_WAIT = timedelta(minutes=5)


def active_marketplaces(ctx: RunContext) -> list[str]:
    """Return the ids of the selected marketplaces that take part, by country."""
    rows = ctx.account.participations.filter(is_participating=True, is_selected=True)
    ids = rows.order_by("country_code").values_list("marketplace_id", flat=True)
    return [one for one in ids if one in MARKETPLACES]


def without_marketplaces(ctx: RunContext) -> Result:
    """Return the result of a run that found no marketplace to go through."""
    are_known = SyncJob.objects.filter(
        account=ctx.account,
        kind=SyncJob.Kind.PARTICIPATIONS,
        first_done_at__isnull=False,
    ).exists()
    if are_known:
        return Result(message=sentence("No marketplace of the account is selected."))
    return Result(
        next_due=ctx.now() + _WAIT,
        message=sentence("The account's marketplaces are not known yet."),
        is_complete=False,
    )
