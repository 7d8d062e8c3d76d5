"""Which country sites a reconciler goes through; sync layer."""

from __future__ import annotations

from datetime import timedelta

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import SyncJob
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.wording import sentence

# The wake-up after the sites arrive comes sooner; this is the net below.
_WAIT = timedelta(seconds=30)


def active_sites(ctx: RunContext) -> list[str]:
    """Return the ids of the sites that take part and are selected, by country."""
    sites = ctx.account.participations.filter(is_participating=True, is_selected=True)
    ids = sites.order_by("country_code").values_list("marketplace_id", flat=True)
    return [site for site in ids if site in MARKETPLACES]


def without_sites(ctx: RunContext) -> Outcome:
    """Return the outcome of a run that found no site to go through."""
    are_known = SyncJob.objects.filter(
        account=ctx.account,
        kind=SyncJob.Kind.PARTICIPATIONS,
        first_done_at__isnull=False,
    ).exists()
    if are_known:
        return Outcome(message=sentence("No marketplace of the account is selected."))
    return Outcome(
        next_due=ctx.now() + _WAIT,
        message=sentence("The account's marketplaces are not known yet."),
        is_complete=False,
    )
