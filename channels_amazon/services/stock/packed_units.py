"""Counts the units in packages of ours that Amazon did not refuse; services layer."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max, QuerySet, Sum

from channels_amazon.models import Order, ShipmentLine


def has_packages(order: Order) -> bool:
    """Tell whether a package of ours, not refused by Amazon, holds units of it."""
    return bool(_packages([order.pk]).exists())


def packed_units(orders: Iterable[int]) -> tuple[dict[int, int], set[int]]:
    """Return each line's units in packages of ours, and the orders with edited ones.

    Packages refused outright do not count. An edit may have taken units out again:
    then packages and Amazon's own count say what left.
    """
    sums = (
        _packages(orders)
        .order_by()
        .values("line_id", "line__order_id")
        .annotate(units=Sum("quantity"), revision=Max("shipment__revision"))
    )
    rows = list(sums)
    units = {row["line_id"]: row["units"] for row in rows}
    return units, {row["line__order_id"] for row in rows if row["revision"]}


def _packages(orders: Iterable[int]) -> QuerySet[ShipmentLine]:
    rows: QuerySet[ShipmentLine] = ShipmentLine.objects.packed().filter(
        shipment__order__in=list(orders)
    )
    return rows
