"""Does work wait that only a person can do? health layer.

It counts as every page does (`services/health/attention.py`), so that a report is never
clean while the overview is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Listing, Order, Parcel, Shipment
from channels_amazon.rules.health.attention import ERRORS, FOUND_AS, Need
from channels_amazon.services.health.attention import counted_rows
from channels_amazon.wording import Sentence, counted, sentence

# The needs that no other check looks for, each with the page that lists it.
_PAGES = {
    Need.CANCEL_ASKED: "amazon-order-list",
    Need.SHIPMENT_REFUSED: "amazon-shipment-board",
    Need.PARCEL_REFUSED: "amazon-parcel-list",
    Need.PUSH_REFUSED: "amazon-stock-list",
}


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [
        Order.objects.filter(account=of.account).asking_to_cancel(),
        Shipment.objects.filter(order__account=of.account).refused(),
        Parcel.objects.filter(store=of.store, state=Parcel.State.REFUSED),
        Listing.objects.filter(account=of.account).push_refused(),
    ]


@check(
    "open_work",
    group="orders",
    order=8,
    title=gettext_lazy("Work that waits"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Count wishes to cancel, and what Amazon or a ship template refused."""
    counts = counted_rows(context.account, context.now)
    return [_finding(need, counts[need]) for need in _PAGES if counts.get(need)] or [
        well(sentence("Nothing that was refused or asked for waits for a person."))
    ]


def _finding(need: Need, count: int) -> Finding:
    cause, fix = _words(need, count)
    return Finding(
        code=FOUND_AS[need][0],
        level=Level.ERROR if need in ERRORS else Level.WARNING,
        cause=cause,
        fix=fix,
        fix_action=_PAGES[need],
        evidence={"waiting": count},
    )


def _words(need: Need, count: int) -> tuple[Sentence, Sentence]:
    if need == Need.CANCEL_ASKED:
        return (
            counted(
                "The buyer of %(count)d order asks to cancel it.",
                "The buyers of %(count)d orders ask to cancel them.",
                count,
            ),
            sentence("Cancel them in Seller Central, or decline on the order's page."),
        )
    if need == Need.SHIPMENT_REFUSED:
        return (
            counted(
                "Amazon refused %(count)d package.",
                "Amazon refused %(count)d packages.",
                count,
            ),
            sentence("Open the order: it says why. Correct the package and send it."),
        )
    if need == Need.PARCEL_REFUSED:
        return (
            counted(
                "%(count)d parcel of the store became no package.",
                "%(count)d parcels of the store became no package.",
                count,
            ),
            sentence("Open the parcels: each row says why and what to do."),
        )
    return (
        counted(
            "Amazon refused the quantity of %(count)d listing.",
            "Amazon refused the quantity of %(count)d listings.",
            count,
        ),
        sentence("Open the stock list: each row says why. It is sent again by itself."),
    )
