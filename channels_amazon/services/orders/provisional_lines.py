"""Lines known by a report only, which names SKUs but no items; services layer.

Their units are held at once, so that nothing is sold twice while a backlog is read.
When an event or the full order names the true item of the same SKU, the line becomes
it and takes its reservation along: what is held is never held twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from channels_amazon.models import Order, OrderLine, Reservation

PREFIX = "report:"
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class NamedItem:
    """A true item of an order, as Amazon names it now."""

    order_item_id: str
    seller_sku: str
    quantity: int


def key_of(seller_sku: str) -> str:
    """Return what stands for the item's id in a line that is known by its SKU."""
    key = f"{PREFIX}{seller_sku}"
    if len(key) <= _LONGEST:
        return key
    return f"{PREFIX}{blake2b(seller_sku.encode(), digest_size=16).hexdigest()}"


def is_provisional(line: OrderLine) -> bool:
    """Tell whether the line waits for its true item."""
    return line.order_item_id.startswith(PREFIX)


def has_provisional(order: Order) -> bool:
    """Tell whether Amazon has not named all of the order's items yet."""
    return any(is_provisional(line) for line in order.lines.all())


def adopt(
    order: Order,
    known: dict[str, OrderLine],
    items: Sequence[NamedItem],
    *,
    is_whole: bool,
) -> bool:
    """Turn provisional lines of `known` (by item id) into the items of their SKU.

    What a report named beyond the items stays provisional, unless the items are the
    order's whole. Returns whether lines were emptied: `drop_empty` takes them away
    once the order is reconciled.
    """
    waiting = [line for line in known.values() if is_provisional(line)]
    is_left = False
    for line in waiting:
        same = [item for item in items if item.seller_sku == line.seller_sku]
        rest = 0 if is_whole else _rest(line, known, same)
        fresh = [item for item in same if item.order_item_id not in known]
        if not fresh:
            is_left = _shrink(line, rest) or is_left
            continue
        del known[line.order_item_id]
        _become(line, fresh[0])
        known[line.order_item_id] = line
        if rest:
            _split(order, line, rest)
    return is_left


def drop_empty(order: Order) -> None:
    """Delete the order's provisional lines that stand for nothing any more."""
    empty = order.lines.filter(order_item_id__startswith=PREFIX, quantity=0)
    # One that still holds units goes when they are released.
    empty.exclude(reservation__quantity__gt=0).delete()


def _rest(
    line: OrderLine, known: dict[str, OrderLine], same: Sequence[NamedItem]
) -> int:
    """Return the units that the report named and no item of the SKU accounts for."""
    named = {item.order_item_id: item.quantity for item in same}
    true = {
        item_id: other.quantity
        for item_id, other in known.items()
        if other.seller_sku == line.seller_sku and not is_provisional(other)
    }
    reported = line.quantity + sum(true.values())
    return max(0, reported - sum((true | named).values()))


def _shrink(line: OrderLine, quantity: int) -> bool:
    """Leave the line that many units; tell whether it waits to be dropped."""
    if not quantity and not Reservation.objects.filter(line=line).exists():
        line.delete()
        return False
    if quantity < line.quantity:
        line.quantity = quantity
        line.quantity_shipped = min(line.quantity_shipped, quantity)
        line.save(update_fields=["quantity", "quantity_shipped"])
    return not quantity


def _become(line: OrderLine, item: NamedItem) -> None:
    line.order_item_id = item.order_item_id
    # What left beyond the item's own units left with the SKU's other items.
    line.quantity_shipped = min(line.quantity_shipped, item.quantity)
    line.save(update_fields=["order_item_id", "quantity_shipped"])


def _split(order: Order, line: OrderLine, quantity: int) -> None:
    OrderLine.objects.create(
        order=order,
        order_item_id=key_of(line.seller_sku),
        seller_sku=line.seller_sku,
        asin=line.asin,
        variant_id=line.variant_id,
        quantity=quantity,
    )
