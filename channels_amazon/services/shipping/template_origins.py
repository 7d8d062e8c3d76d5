"""Says what a ship template's warehouse would mean for the stock; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from channels_amazon.models import Order, Reservation, ShipTemplate
from channels_amazon.rules.stock.allocation import Level
from channels_amazon.services.stock.shortfalls import (
    Place,
    Shortfall,
    levels_of,
    shortfalls,
)


@dataclass(slots=True)
class TemplateOrigins:
    """Where the units of orders are held that a template ships from its warehouse.

    `elsewhere` are the other warehouses' names by order id. `shortfalls` are what
    falls below zero once all these orders have left.
    """

    elsewhere: dict[int, str] = field(default_factory=dict)
    shortfalls: list[Shortfall] = field(default_factory=list)


def template_origins(
    template: ShipTemplate, orders: Sequence[Order]
) -> TemplateOrigins:
    """Return what the template's warehouse would mean for these orders' held units.

    A fixed number of queries; a template without a warehouse moves nothing.
    """
    place = template.warehouse
    if place is None or not orders:
        return TemplateOrigins()
    held = list(
        Reservation.objects.filter(
            line__order__in=[order.pk for order in orders], quantity__gt=0
        ).select_related("line", "warehouse")
    )
    before = levels_of({row.variant_id for row in held})
    after: dict[Place, Level] = {}
    names: dict[int, set[str]] = {}
    for row in held:
        key = (row.variant_id, place.pk)
        level = after.get(key) or before.get(key, Level(place.pk))
        is_here = row.warehouse_id == place.pk
        after[key] = replace(
            level,
            on_hand=level.on_hand - row.quantity,
            reserved=level.reserved - (row.quantity if is_here else 0),
        )
        if not is_here:
            names.setdefault(row.line.order_id, set()).add(row.warehouse.name)
    return TemplateOrigins(
        {pk: ", ".join(sorted(found)) for pk, found in names.items()},
        shortfalls(before, after),
    )
