"""Answers buyers who ask to cancel, as far as that is done here; services layer.

Orders 2026-01-01 has no call that cancels an order: that is done in Seller Central, and
once Amazon reports the order as cancelled its stock is released like any other's.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Order
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.orders.locking import lock_where
from channels_amazon.services.orders.waiting_parcels import wake_for
from channels_amazon.wording import sentence


class CancellationError(ShoplinkError):
    """There is no wish to cancel that could be answered so."""

    def __init__(self, message: str) -> None:
        super().__init__("cancellations.invalid", message)


def decline_cancellation(order: Order, *, actor: str) -> Order:
    """Keep that the order ships all the same; saying it twice says it once.

    Amazon is told nothing: it learns the answer from the shipment. Raises
    CancellationError when the buyer's wish no longer waits.
    """
    with transaction.atomic():
        locked = lock_where(Q(pk=order.pk))
        if locked.cancel_declined_at is not None:
            return locked
        if not locked.asks_to_cancel:
            raise CancellationError(
                _("The buyer of this order does not ask to cancel it now.")
            )
        mark_declined(locked, actor=actor)
    return locked


def mark_declined(order: Order, *, actor: str) -> None:
    """Write the answer into an order whose row the caller holds locked."""
    order.cancel_declined_at = timezone.now()
    order.cancel_declined_by = actor[:150]
    order.save(update_fields=["cancel_declined_at", "cancel_declined_by", "updated_at"])
    _record(
        order,
        "orders.cancel_declined",
        sentence("The buyer's wish to cancel was declined: the order ships."),
        actor,
    )
    wake_for([order])


def reopen_cancellation(order: Order, *, actor: str) -> Order:
    """Take a decline back, so that the buyer's wish waits for an answer again."""
    with transaction.atomic():
        locked = lock_where(Q(pk=order.pk))
        if locked.cancel_declined_at is None:
            return locked
        locked.cancel_declined_at = None
        locked.cancel_declined_by = ""
        locked.save(
            update_fields=["cancel_declined_at", "cancel_declined_by", "updated_at"]
        )
        _record(
            locked,
            "orders.cancel_reopened",
            sentence("The decline of the buyer's wish to cancel was taken back."),
            actor,
        )
    return locked


def _record(order: Order, code: str, message: str, actor: str) -> None:
    record(
        Entry(
            code=code,
            level=Level.INFO,
            account=order.account,
            reference=order.amazon_order_id,
            message=message,
            actor=actor,
        )
    )
