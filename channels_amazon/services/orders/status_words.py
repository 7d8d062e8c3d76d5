"""Says where an order stands, as pages and files name it; services layer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from channels_amazon.models import Order
from channels_amazon.services.orders.amazon_words import Enumeration, amazon_word

# What an order's status is told by.
STATUS_COLUMNS = ("status", "amazon_status", "fulfilled_by")


def status_word(order: Order) -> Any:
    """Return the status in people's words, Amazon's own quoted where we know no better.

    What Amazon itself has to ship is not ours to ship.
    """
    if order.is_for_amazon_to_ship:
        return gettext("Amazon ships")
    if order.status == Order.Status.UNKNOWN and order.amazon_status:
        return amazon_word(order.amazon_status, Enumeration.ORDER_STATUS)
    return order.get_status_display()


def flags_of(order: Order) -> list[tuple[str, str]]:
    """Return what makes an order ask for a person, as kinds of state and words."""
    named = [
        (order.has_unmatched, "warning", gettext("unmatched")),
        (order.has_shortage, "warning", gettext("backorder")),
        (order.asks_to_cancel, "warning", gettext("buyer asks to cancel")),
        (bool(order.quarantine_code), "error", gettext("in quarantine")),
    ]
    return [(kind, word) for is_set, kind, word in named if is_set]
