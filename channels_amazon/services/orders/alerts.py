"""Writes down, once, what of an order asks for a person; services layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from channels_amazon.models import Order
from channels_amazon.rules.orders.transitions import Flag, state_of, transition_of
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.orders.changes import OrderChange
from channels_amazon.services.stock.packed_units import has_packages
from channels_amazon.services.stock.reservations import amazon_facts
from channels_amazon.wording import Sentence, sentence


def record_alerts(
    changes: Iterable[OrderChange], unmatched: Mapping[int, Sequence[str]]
) -> None:
    """Write down, once, what of changed orders asks for a person.

    `unmatched` are SKUs without a variant, by the order's key.
    """
    for change in changes:
        if change.order.has_unmatched and not change.was_unmatched:
            _record_unmatched(change.order, unmatched.get(change.order.pk, ()))
        if change.order.status != change.status_before:
            _record_flag(change.order, change.status_before)


def _record_unmatched(order: Order, skus: Sequence[str]) -> None:
    _record(
        order,
        "orders.unmatched_sku",
        sentence(
            "Order %(order)s is kept, but no variant of the store has its SKU, so no "
            "stock is held for it: %(skus)s.",
            order=order.amazon_order_id,
            skus=", ".join(sorted({sku or "?" for sku in skus})),
        ),
        sentence("Add a variant with this SKU, or link the listing to a variant."),
    )


def _record_flag(order: Order, was: str) -> None:
    # Only a cancellation of a known order asks for its packages, which cost a query.
    is_cancelled = bool(was) and order.status == Order.Status.CANCELLED
    is_packed = is_cancelled and has_packages(order)
    flag = transition_of(state_of(was, is_packed=is_packed), amazon_facts(order)).flag
    record_flag = _RECORDERS.get(flag) if flag is not None else None
    if record_flag is not None:
        record_flag(order)


def _record(order: Order, code: str, message: Sentence, fix: Sentence) -> None:
    record(
        Entry(
            code=code,
            level=Level.WARNING,
            account=order.account,
            reference=order.amazon_order_id,
            message=message,
            fix=fix,
        )
    )


def _record_unfulfillable(order: Order) -> None:
    _record(
        order,
        "orders.unfulfillable",
        sentence(
            "Amazon says of order %(order)s, which is yours to ship, that it cannot be "
            "fulfilled. The stock held for it stays held.",
            order=order.amazon_order_id,
        ),
        sentence(
            "Look at the order in Seller Central, and cancel it there if need be."
        ),
    )


def _record_unknown_fulfiller(order: Order) -> None:
    _record(
        order,
        "orders.unknown_fulfiller",
        sentence(
            "Amazon did not say in a known word who ships order %(order)s. It is kept, "
            "and its stock stays as it is.",
            order=order.amazon_order_id,
        ),
        sentence("Look at the order in Seller Central, and see who is to ship it."),
    )


def _record_cancelled_after_packing(order: Order) -> None:
    _record(
        order,
        "orders.cancelled_after_packing",
        sentence(
            "Order %(order)s was cancelled at Amazon after units of it had been "
            "packed or shipped. They count as gone from the stock.",
            order=order.amazon_order_id,
        ),
        sentence(
            "Stop the parcel if it has not left, or wait for its return, and book the "
            "units back into stock."
        ),
    )


def _record_unknown_status(order: Order) -> None:
    _record(
        order,
        "orders.unknown_status",
        sentence(
            "Amazon gave order %(order)s the status “%(status)s”, which is not known "
            "here. The order and the stock held for it stay as they are.",
            order=order.amazon_order_id,
            status=order.amazon_status,
        ),
        sentence("Look at the order in Seller Central."),
    )


# A buyer's wish to cancel has a place and a deadline of its own.
_RECORDERS: dict[Flag, Callable[[Order], None]] = {
    Flag.CANCELLED_AFTER_PACKING: _record_cancelled_after_packing,
    Flag.UNFULFILLABLE: _record_unfulfillable,
    Flag.UNKNOWN_STATUS: _record_unknown_status,
    Flag.UNKNOWN_FULFILLER: _record_unknown_fulfiller,
}
