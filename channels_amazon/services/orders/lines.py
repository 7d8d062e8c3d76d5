"""The lines of some orders, read once and written once; services layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from channels_amazon.models import Order, OrderLine
from channels_amazon.services.orders.changes import OrderChange

# A change of these columns of a line may move units of stock.
_UNITS = frozenset({"quantity", "quantity_shipped", "seller_sku"})


class OrderLines:
    """The lines of orders whose rows are locked: changed in memory, then saved.

    However many orders there are, their lines are read by one query, and new ones
    written by another.
    """

    def __init__(self, orders: Iterable[Order]) -> None:
        """Read the lines of these orders."""
        self._known: dict[int, dict[str, OrderLine]] = {
            order.pk: {} for order in orders
        }
        for line in OrderLine.objects.filter(order__in=self._known).order_by("pk"):
            self._known[line.order_id][line.order_item_id] = line
        self._new: list[OrderLine] = []
        self._changed: dict[int, tuple[OrderLine, set[str]]] = {}

    def of(self, order: Order) -> dict[str, OrderLine]:
        """Return the order's lines by their item's id, those to be saved among them."""
        return self._known[order.pk]

    def write(
        self, change: OrderChange, order_item_id: str, columns: dict[str, Any]
    ) -> None:
        """Set these columns of a line, a new one if need be, and note what changed."""
        order = change.order
        line = self._known[order.pk].get(order_item_id)
        if line is None:
            line = OrderLine(order=order, order_item_id=order_item_id, **columns)
            self._known[order.pk][order_item_id] = line
            self._new.append(line)
            changed = set(columns)
        else:
            changed = {
                name for name, value in columns.items() if getattr(line, name) != value
            }
            for name in changed:
                setattr(line, name, columns[name])
            if changed and line.pk is not None:
                self._changed.setdefault(line.pk, (line, set()))[1].update(changed)
        change.has_changed_lines |= bool(changed)
        change.moves_units |= bool(changed & _UNITS)

    def save(self) -> None:
        """Write what is new and what changed."""
        OrderLine.objects.bulk_create(self._new)
        for line, names in self._changed.values():
            line.save(update_fields=sorted(names))
        self._new, self._changed = [], {}
