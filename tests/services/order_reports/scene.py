"""One order as an event, Amazon's own answer and a report tell of it."""

from __future__ import annotations

import json

from channels_amazon.models import (
    AmazonAccount,
    Order,
    StockLevel,
    Variant,
)
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.order_reports.intake import apply_reported
from channels_amazon.services.orders import intake
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.services.stock import ledger
from tests.builders import make_variant, make_warehouse
from tests.messages import amazon_order, order_change, report_order

ID = "903-0000001-0000001"


def make_stock(account: AmazonAccount, *skus: str) -> list[Variant]:
    """Make variants with a hundred units each in one warehouse."""
    warehouse = make_warehouse(account.store)
    variants = [make_variant(account.store, sku=sku) for sku in skus]
    for variant in variants:
        ledger.set_on_hand(variant, warehouse, 100, actor="", key=variant.sku)
    return variants


def level(sku: str = "SKU-1") -> tuple[int, int]:
    """Return on hand and reserved of the variant."""
    row = StockLevel.objects.get(variant__sku=sku)
    return row.on_hand, row.reserved


def the_order() -> Order:
    """Return the one order."""
    return Order.objects.get(amazon_order_id=ID)


def tell(account: AmazonAccount, seconds: float, **over: object) -> None:
    """Apply an event of the order."""
    body = order_change(order_id=ID, seconds=seconds, **over)  # type: ignore[arg-type]
    apply_event(account, read_order_event(read_envelope(json.dumps(body))))


def bring(account: AmazonAccount, seconds: float, **over: object) -> None:
    """Apply the full order."""
    data = amazon_order(ID, seconds=seconds, **over)
    intake.apply_order(account, data, source=intake.FETCH)


def report(account: AmazonAccount, seconds: float, **over: object) -> bool:
    """Apply what a report says of the order; tell whether it was news."""
    data = report_order(ID, seconds=seconds, **over)
    return bool(apply_reported(account, [data]))
