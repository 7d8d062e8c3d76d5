"""Counts the units of orders that are in no package yet; services layer."""

from __future__ import annotations

from collections.abc import Collection

from channels_amazon.models import OrderLine, ShipmentLine


def units_left(order_ids: Collection[int]) -> dict[int, int]:
    """Return by line how many units neither we nor Amazon have in a package.

    Two queries, however many orders.
    """
    packed: dict[int, int] = {}
    rows = ShipmentLine.objects.packed().filter(shipment__order__in=order_ids)
    for line_id, quantity in rows.values_list("line_id", "quantity"):
        packed[line_id] = packed.get(line_id, 0) + quantity
    return {
        line.pk: line.units_left(packed.get(line.pk, 0))
        for line in OrderLine.objects.filter(order__in=order_ids)
    }
