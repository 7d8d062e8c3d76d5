"""Books returned units into the stock; services layer.

Only a person books: Amazon tells of refunds, never of what arrived in the warehouse. A
booking cannot be undone; a stock count corrects what was booked by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    Order,
    OrderLine,
    Reservation,
    ReturnedUnits,
    ShipmentLine,
    StockMovement,
    Warehouse,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.shipping.shipments import lock_order
from channels_amazon.services.stock.ledger import Movement, apply_movements
from channels_amazon.wording import counted


class ReturnError(ShoplinkError):
    """A return that cannot be booked as it was entered."""

    def __init__(self, message: str, *, code: str = "returns.invalid") -> None:
        super().__init__(code, message)


@dataclass(frozen=True, slots=True)
class ReturnDraft:
    """What came back, as somebody entered it."""

    quantity: int
    warehouse: Warehouse
    is_sellable: bool
    note: str = ""


def book_return(
    line: OrderLine, *, draft: ReturnDraft, actor: str, key: str
) -> ReturnedUnits:
    """Book returned units of a line; sellable ones enter the stock at once.

    The same `key` (at most 80 characters) again returns the booking there is. Raises
    ReturnError, for instance for more units than were shipped and not yet booked.
    """
    with transaction.atomic():
        order = lock_order(line.order_id)
        known = ReturnedUnits.objects.filter(idempotency_key=key, line=line).first()
        if known is not None:
            return known
        line = OrderLine.objects.select_related("variant").get(pk=line.pk)
        _check(order, line, draft)
        booked: ReturnedUnits = ReturnedUnits.objects.create(
            line=line,
            warehouse=draft.warehouse,
            quantity=draft.quantity,
            is_sellable=draft.is_sellable,
            note=draft.note.strip()[:200],
            idempotency_key=key,
            booked_by=actor[:150],
        )
        if draft.is_sellable and line.variant_id is not None:
            apply_movements([_movement(order, booked, line.variant_id)])
        _tell(order, booked)
    return booked


def returnable(order: Order) -> dict[int, int]:
    """Return by line how many shipped units may still be booked as returned.

    Empty for an order that Amazon ships: its returns go back to Amazon.
    """
    if order.fulfilled_by != Order.FulfilledBy.MERCHANT:
        return {}
    packed = _sums(ShipmentLine.objects.packed().filter(shipment__order=order))
    booked = _sums(ReturnedUnits.objects.filter(line__order=order))
    left = dict(
        Reservation.objects.filter(line__order=order).values_list(
            "line_id", "shipped_quantity"
        )
    )
    return {
        line.pk: max(
            line.quantity_shipped, packed.get(line.pk, 0), left.get(line.pk, 0)
        )
        - booked.get(line.pk, 0)
        for line in OrderLine.objects.filter(order=order)
    }


def _sums(rows: QuerySet[Any]) -> dict[int, int]:
    summed = rows.order_by().values("line_id").annotate(units=Sum("quantity"))
    return {row["line_id"]: row["units"] for row in summed}


def _check(order: Order, line: OrderLine, draft: ReturnDraft) -> None:
    if order.fulfilled_by != Order.FulfilledBy.MERCHANT:
        raise ReturnError(_("Amazon ships this order: its returns go back to Amazon."))
    if draft.warehouse.store_id != order.account.store_id:
        raise ReturnError(_("The warehouse belongs to another store."))
    if draft.quantity < 1:
        raise ReturnError(_("Book at least one unit."))
    left = max(0, returnable(order)[line.pk])
    if draft.quantity > left:
        raise ReturnError(
            ngettext(
                "Only %(left)d shipped unit is not booked yet, not %(units)d.",
                "Only %(left)d shipped units are not booked yet, not %(units)d.",
                left,
            )
            % {"left": left, "units": draft.quantity}
        )
    if draft.is_sellable and line.variant_id is None:
        raise ReturnError(
            _(
                "The line has no variant, so its units cannot enter the stock: match "
                "its SKU first, or book them as not to be sold."
            ),
            code="returns.unmatched",
        )


def _movement(order: Order, booked: ReturnedUnits, variant_id: int) -> Movement:
    return Movement(
        variant_id=variant_id,
        warehouse_id=booked.warehouse_id,
        reason=StockMovement.Reason.RETURNED,
        key=f"returned:{booked.idempotency_key}",
        on_hand=booked.quantity,
        reference=order.amazon_order_id,
        actor=booked.booked_by,
    )


def _tell(order: Order, booked: ReturnedUnits) -> None:
    sku = booked.line.seller_sku or "?"
    record(
        Entry(
            code="returns.booked",
            level=Level.INFO,
            account=order.account,
            reference=order.amazon_order_id,
            message=counted(
                "%(count)d returned unit of %(sku)s was booked into the stock.",
                "%(count)d returned units of %(sku)s were booked into the stock.",
                booked.quantity,
                sku=sku,
            )
            if booked.is_sellable
            else counted(
                "%(count)d returned unit of %(sku)s was booked as not to be sold.",
                "%(count)d returned units of %(sku)s were booked as not to be sold.",
                booked.quantity,
                sku=sku,
            ),
            actor=booked.booked_by,
        )
    )
