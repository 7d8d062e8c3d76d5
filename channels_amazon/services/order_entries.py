"""Writes down, once, what of an order asks for a person; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels_amazon.models import Order
from channels_amazon.rules.order_transitions import Flag, rule_of, state_of
from channels_amazon.services.diagnostics import Entry, Level, record
from channels_amazon.services.reservations import has_packages, told_of
from channels_amazon.services.store_messages import seen_by_store
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class Before:
    """What people were told of an order before the change; status "" for a new one."""

    was_unmatched: bool
    status: str
    seen: tuple[Any, ...]


def before_change(order: Order, *, is_new: bool) -> Before:
    """Return what people know of the order now."""
    status = "" if is_new else order.status
    return Before(order.has_unmatched, status, seen_by_store(order))


def tell_people(order: Order, unmatched: Sequence[str], before: Before) -> None:
    """Write down, once, what of the order asks for a person."""
    if order.has_unmatched and not before.was_unmatched:
        record(
            Entry(
                code="orders.unmatched_sku",
                level=Level.WARNING,
                account=order.account,
                reference=order.amazon_order_id,
                message=sentence(
                    "Order %(order)s is kept, but no variant of the store has its "
                    "SKU, so no stock is held for it: %(skus)s.",
                    order=order.amazon_order_id,
                    skus=", ".join(sorted({sku or "?" for sku in unmatched})),
                ),
                fix=sentence(
                    "Add a variant with this SKU, or link the listing to a variant."
                ),
            )
        )
    if order.status != before.status:
        _tell_flag(order, before.status)


def _tell_flag(order: Order, was: str) -> None:
    # Only a cancellation asks for the packages, which cost a query.
    is_packed = order.status == Order.Status.CANCELLED and has_packages(order)
    flag = rule_of(state_of(was, is_packed=is_packed), told_of(order)).flag
    if flag is Flag.UNKNOWN_STATUS:
        _tell_unknown_status(order)
    elif flag is Flag.CANCELLED_AFTER_PACKING:
        _tell_cancelled_after_packing(order)


def _tell_cancelled_after_packing(order: Order) -> None:
    record(
        Entry(
            code="orders.cancelled_after_packing",
            level=Level.WARNING,
            account=order.account,
            reference=order.amazon_order_id,
            message=sentence(
                "Order %(order)s was cancelled at Amazon after units of it had been "
                "packed or shipped. They count as gone from the stock.",
                order=order.amazon_order_id,
            ),
            fix=sentence(
                "Stop the parcel if it has not left, or wait for its return, and book "
                "the units back into stock."
            ),
        )
    )


def _tell_unknown_status(order: Order) -> None:
    record(
        Entry(
            code="orders.unknown_status",
            level=Level.WARNING,
            account=order.account,
            reference=order.amazon_order_id,
            message=sentence(
                "Amazon gave order %(order)s the status “%(status)s”, which is not "
                "known here. The order and the stock held for it stay as they are.",
                order=order.amazon_order_id,
                status=order.amazon_status,
            ),
            fix=sentence("Look at the order in Seller Central."),
        )
    )
