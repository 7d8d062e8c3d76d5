"""Orders whose units are held in one of two warehouses, and a person who ships them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, StockLevel, Variant, Warehouse
from channels_amazon.services.orders.intake import match_lines
from channels_amazon.services.stock import ledger
from tests import builders
from tests.views.scene import World, make_world


def make_hamburg() -> World:
    """Make a store without orders whose one warehouse is called Hamburg."""
    world = make_world()
    Order.objects.all().delete()
    rename(world.warehouse, "Hamburg")
    return world


def rename(warehouse: Warehouse, name: str) -> Warehouse:
    """Name the warehouse and return it."""
    warehouse.name = name
    warehouse.save()
    return warehouse


def stock(variant: Variant, warehouse: Warehouse, units: int) -> None:
    """Count the variant's units in the warehouse."""
    key = f"count:{builders.number()}"
    ledger.set_on_hand(variant, warehouse, units, actor="ann", key=key)


def held(
    world: World, *quantities: int, variants: list[Variant] | None = None
) -> Order:
    """Make an order of these units, one line each, whose stock is held."""
    made = variants or [world.variant] * len(quantities)
    order = builders.make_order(
        world.account,
        lines=tuple(
            {"seller_sku": variant.sku, "quantity": units}
            for variant, units in zip(made, quantities, strict=True)
        ),
        ordered_at=timezone.now() + timedelta(seconds=1),
    )
    for variant in {one.pk: one for one in made}.values():
        match_lines(variant)
    Order.objects.filter(pk=order.pk).update(
        ordered_at=timezone.now() - timedelta(days=1)
    )
    return Order.objects.get(pk=order.pk)


def shown(client: Client, order: Order) -> Any:
    """Return the order's page."""
    return client.get(reverse("amazon-order-detail", args=[order.pk]))


def filled(client: Client, order: Order, **over: Any) -> dict[str, Any]:
    """Return what a person sends who fills in carrier and number and changes nothing.

    Every other field is sent as the page proposes it.
    """
    form = shown(client, order).context["form"]
    data = {
        name: value
        for name, field in form.fields.items()
        if (value := form.get_initial_for_field(field, name)) is not None
    }
    for name, field in form.fields.items():
        # A browser sends the first option where none is chosen.
        if name not in data and getattr(field, "choices", None):
            value, *_rest = next(iter(field.choices))
            data[name] = str(value)
    data["shipped_at"] = f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    return {"carrier": "UPS", "tracking_number": "1Z5R89390357567127", **data, **over}


def send(client: Client, order: Order, data: dict[str, Any]) -> Any:
    """Send the ship form."""
    return client.post(reverse("amazon-order-ship", args=[order.pk]), data)


def levels() -> dict[tuple[int, int], tuple[int, int]]:
    """Return all levels: on hand and reserved by variant and warehouse."""
    rows = StockLevel.objects.order_by()
    return {
        (row.variant_id, row.warehouse_id): (row.on_hand, row.reserved) for row in rows
    }


def on_hand(variant: Variant, warehouse: Warehouse) -> tuple[int, int]:
    """Return the units on hand and reserved there, none where there is no level."""
    return levels().get((variant.pk, warehouse.pk), (0, 0))


def origin(order: Order) -> str:
    """Return the name of the field that asks where the order's first line leaves."""
    return f"from_{order.lines.earliest('pk').pk}"
