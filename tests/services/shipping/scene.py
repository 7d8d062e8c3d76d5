"""An order to ship, a shipment of it, and what both do to stock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from channels_amazon.models import (
    Order,
    Shipment,
    StockLevel,
    Variant,
    Warehouse,
)
from channels_amazon.services.orders.intake import match_lines
from channels_amazon.services.shipping.shipments import (
    ShipmentDraft,
    create_shipment,
)
from channels_amazon.services.stock import ledger
from channels_amazon.spapi.orders import Package
from tests.builders import (
    make_account,
    make_order,
    make_variant,
    make_warehouse,
)

HOUR = timedelta(hours=1)


def make_scene(quantity: int = 3) -> tuple[Order, Variant, Warehouse]:
    """Make an order whose units are held in a warehouse that has ten of them."""
    account = make_account(created_at=timezone.now() - 2 * HOUR)
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store)
    ledger.set_on_hand(variant, warehouse, 10, actor="ann", key=f"count:{variant.pk}")
    order = make_order(
        account,
        lines=({"seller_sku": variant.sku, "quantity": quantity},),
        ordered_at=timezone.now() - HOUR,
    )
    match_lines(variant)
    return Order.objects.get(pk=order.pk), variant, warehouse


def draft(order: Order, units: int = 3, **over: Any) -> ShipmentDraft:
    """Return a package with `units` of the order's first line."""
    fields: dict[str, Any] = {
        "carrier_code": "UPS",
        "tracking_number": "1Z 0000 0001",
        "shipped_at": timezone.now() - timedelta(minutes=5),
        "quantities": {order.lines.get().pk: units},
    }
    return ShipmentDraft(**fields | over)


def ship(order: Order, units: int = 3, **over: Any) -> Shipment:
    """Make the package as somebody named bob."""
    return create_shipment(order, draft=draft(order, units, **over), actor="bob")


def level(variant: Variant, warehouse: Warehouse | None = None) -> tuple[int, int]:
    """Return the variant's units on hand and reserved (in one warehouse, else all)."""
    rows = StockLevel.objects.filter(variant=variant)
    if warehouse is not None:
        rows = rows.filter(warehouse=warehouse)
    return sum(row.on_hand for row in rows), sum(row.reserved for row in rows)


def shown(shipment: Shipment, **over: Any) -> Package:
    """Return the package as Amazon's order shows it."""
    fields: dict[str, Any] = {
        "reference_id": str(shipment.package_reference),
        "status": "SHIPPED",
        "carrier": "UPS",
        "tracking_number": shipment.tracking_number,
        "shipping_service": None,
        "ship_time": None,
        "items": (),
    }
    return Package(**fields | over)
