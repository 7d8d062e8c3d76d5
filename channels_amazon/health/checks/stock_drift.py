"""Does Amazon show the quantities that it accepted? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Listing
from channels_amazon.wording import counted, sentence

SHOWN = 10


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [Listing.objects.filter(account=of.account).drifting()]


@check(
    "stock_drift",
    group="stock",
    order=5,
    title=gettext_lazy("Quantities at Amazon"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for listings of which Amazon goes on showing another quantity."""
    rows = Listing.objects.filter(account=context.account).drifting()
    count = rows.capped_count()
    if not count:
        return [
            well(
                sentence(
                    "No listing that was read back goes on showing another quantity."
                )
            )
        ]
    above = rows.filter(observed_quantity__gt=F("acknowledged_quantity"))
    too_high = above.capped_count()
    shown = rows.order_by("drift_since", "pk")[:SHOWN]
    return [
        Finding(
            code="stock.drift",
            cause=counted(
                "Amazon shows another quantity of %(count)d listing than it accepted, "
                "after it was sent once more; too high: %(high)d.",
                "Amazon shows other quantities of %(count)d listings than it accepted, "
                "after they were sent once more; too high: %(high)d.",
                count,
                high=too_high,
            ),
            fix=sentence(
                "Look in Seller Central who changed them: another tool, or a person. "
                "Then send our number again or take Amazon's, on the variant's page."
            ),
            fix_action="amazon-stock-list",
            evidence={
                "listings": count,
                "too_high": too_high,
                "numbers": [
                    f"{one.seller_sku}: {one.acknowledged_quantity} → "
                    f"{one.observed_quantity}"
                    for one in shown
                ],
            },
        )
    ]
