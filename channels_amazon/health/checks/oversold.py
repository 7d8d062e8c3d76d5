"""Is more promised than there is? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Order, Reservation
from channels_amazon.wording import counted, sentence

SHOWN = 10


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [Order.objects.filter(account=of.account).with_shortage()]


@check(
    "oversold",
    group="stock",
    order=1,
    title=gettext_lazy("Promised units"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for orders whose units are not there, as the backorder list has them."""
    orders = Order.objects.filter(account=context.account).with_shortage()
    count = orders.capped_count()
    if not count:
        return [well(sentence("Every promised unit is there."))]
    first = orders.order_by("ship_by", "pk")[:SHOWN]
    shown = dict(first.values_list("pk", "amazon_order_id"))
    short = Reservation.objects.filter(line__order__in=shown, is_short=True)
    skus = short.values_list("variant__sku", flat=True)
    return [
        Finding(
            code="stock.oversold",
            cause=counted(
                "%(count)d order promises more units than there are (a backorder).",
                "%(count)d orders promise more units than there are (backorders).",
                count,
            ),
            fix=sentence(
                "Open the backorders: count the variant again or restock it; what "
                "cannot be shipped in time, cancel at Amazon before its ship-by time."
            ),
            fix_action="amazon-order-list",
            evidence={
                "backorders": count,
                "orders": list(shown.values()),
                "skus": sorted(set(skus)),
            },
        )
    ]
