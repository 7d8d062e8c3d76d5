"""Which marketplaces of an account a reconciler goes through; sync layer."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import MarketplaceParticipation, SyncJob
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.wording import sentence

# The wake-up after the marketplaces arrive comes sooner; this is the net below.
_WAIT = timedelta(minutes=5)


# One that is newer than our list cannot be worked with yet.
_ACTIVE = {
    "is_participating": True,
    "is_selected": True,
    "marketplace_id__in": tuple(MARKETPLACES),
}


def active_marketplaces(ctx: RunContext) -> list[str]:
    """Return the ids of the selected marketplaces that take part, by country."""
    rows = ctx.account.participations.filter(**_ACTIVE).order_by("country_code")
    return list(rows.values_list("marketplace_id", flat=True))


def has_marketplaces() -> Exists:
    """Return the condition of a row whose account has a marketplace to go through.

    A run finds nothing to do for any other account, however often it is woken.
    """
    rows = MarketplaceParticipation.objects.filter(
        account_id=OuterRef("account_id"), **_ACTIVE
    )
    return Exists(rows)


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
