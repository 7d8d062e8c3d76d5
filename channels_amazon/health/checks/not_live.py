"""Does the account wait for somebody to go live? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import AmazonAccount, Listing
from channels_amazon.models.listing import ListingQuerySet
from channels_amazon.services.accounts.going_live import obstacle_of
from channels_amazon.wording import counted, sentence


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    linked: ListingQuerySet = Listing.objects.linked()
    waits = AmazonAccount.objects.not_live()
    return [linked.filter(account=of.account, account__in=waits)]


@check(
    "not_live",
    group="stock",
    order=7,
    title=gettext_lazy("Going live"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for linked listings of an account that could go live, and is not."""
    account = context.account
    if account.is_live:
        return [well(sentence("The account is live: its quantities go to Amazon."))]
    waiting = Listing.objects.linked().filter(account=account).capped_count()
    if not waiting or obstacle_of(account) is not None:
        return [well(sentence("Nothing waits for the account to go live yet."))]
    return [
        Finding(
            code="stock.not_live",
            level=Level.WARNING,
            cause=counted(
                "The account is not live: the quantity of %(count)d listing is not "
                "sent to Amazon.",
                "The account is not live: the quantities of %(count)d listings are "
                "not sent to Amazon.",
                waiting,
            ),
            fix=sentence("Look at what would be sent, then go live."),
            fix_action="amazon-go-live",
            evidence={"waiting": waiting},
        )
    ]
