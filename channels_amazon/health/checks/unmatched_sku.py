"""Do orders hold SKUs that no variant of the store owns? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Order, OrderLine
from channels_amazon.wording import counted, sentence

SHOWN = 10


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [Order.objects.filter(account=of.account).unmatched()]


@check(
    "unmatched_sku",
    group="orders",
    order=2,
    title=gettext_lazy("Matched SKUs"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Count the orders with an unmatched line, as the orders page lists them."""
    orders = Order.objects.filter(account=context.account).unmatched()
    count = orders.capped_count()
    if not count:
        return [well(sentence("Every line of every order belongs to a variant."))]
    open_ones = orders.filter(status__in=Order.OPEN).capped_count()
    newest = list(orders.order_by("-ordered_at").values_list("pk", flat=True)[:SHOWN])
    lines = OrderLine.objects.filter(order__in=newest, variant__isnull=True)
    return [
        Finding(
            code="orders.unmatched_sku",
            level=Level.WARNING,
            cause=counted(
                "%(count)d order has a SKU that no variant of the store owns "
                "(open: %(open)d): no stock is held for such lines.",
                "%(count)d orders have a SKU that no variant of the store "
                "owns (open: %(open)d): no stock is held for such lines.",
                count,
                open=open_ones,
            ),
            fix=sentence(
                "Open the orders that need a match: add a variant with this SKU, or "
                "link the listing to a variant. The orders follow by themselves."
            ),
            fix_action="amazon-order-list",
            evidence={
                "unmatched_orders": count,
                "open_orders": open_ones,
                "skus": sorted(set(lines.values_list("seller_sku", flat=True)))[:SHOWN],
            },
        )
    ]
