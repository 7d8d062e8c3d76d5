"""Finds, makes and locks the rows of orders; services layer.

Whoever locks several locks them in one order, before any level of stock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.services.orders.changes import OrderChange, begin_change

# Account and Amazon's order id.
OrderKey = tuple[int, str]
_FIXED = ("id", "account", "amazon_order_id", "created_at")
_COLUMNS = [
    field.name for field in Order._meta.concrete_fields if field.name not in _FIXED
]


def hold_orders(wanted: Mapping[OrderKey, datetime]) -> dict[OrderKey, OrderChange]:
    """Lock these orders in one order for all, making the new ones.

    Keys are account and Amazon's order id, values when it was first seen. Call it
    inside a transaction, before any level of stock is locked; whoever makes an order
    without writing it calls `drop_blank`.
    """
    keys = sorted(wanted)
    own = Q(account_id__in={pk for pk, _id in keys}) & Q(
        amazon_order_id__in=[order_id for _pk, order_id in keys]
    )
    pairs = Order.objects.filter(own).order_by()
    known = set(pairs.values_list("account_id", "amazon_order_id"))
    Order.objects.bulk_create(
        [
            Order(
                account_id=pk,
                amazon_order_id=order_id,
                status=Order.Status.UNKNOWN,
                ordered_at=wanted[pk, order_id],
                first_source=Order.Source.EVENT,
            )
            for pk, order_id in keys
            if (pk, order_id) not in known
        ],
        ignore_conflicts=True,
    )
    rows = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__store")
        .filter(own)
        .order_by("account_id", "amazon_order_id")
    )
    locked = {(row.account_id, row.amazon_order_id): row for row in rows}
    return {
        key: begin_change(
            locked[key], is_new=key not in known and _is_blank(locked[key])
        )
        for key in keys
    }


def save_orders(orders: Sequence[Order]) -> None:
    """Write all columns of these orders, whose rows are locked, in one statement."""
    Order.objects.bulk_create(
        orders,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=_COLUMNS,
    )


def drop_blank(held: Iterable[OrderChange]) -> None:
    """Delete the orders that were made to be held and then came to nothing."""
    made = [one.order.pk for one in held if one.is_new and _is_blank(one.order)]
    if made:
        blank = {
            "last_event_at": None,
            "last_updated_at": None,
            "stale_since": None,
            "quarantine_code": "",
        }
        Order.objects.filter(pk__in=made, **blank).delete()


def lock_or_make(
    account: AmazonAccount, order_id: str, seen_at: datetime | None
) -> OrderChange:
    """Return the order with its row locked, made if it is new."""
    own = Q(account=account, amazon_order_id=order_id)
    # Known as a rule: an event told of it before.
    with suppress(Order.DoesNotExist):
        return begin_change(lock_where(own), is_new=False)
    _order, is_new = Order.objects.get_or_create(
        account=account,
        amazon_order_id=order_id,
        # The time puts it in its place on the page until the true one is known.
        defaults={
            "status": Order.Status.UNKNOWN,
            "ordered_at": seen_at or timezone.now(),
            # Who makes it for another reason says so.
            "first_source": Order.Source.EVENT,
        },
    )
    return begin_change(lock_where(own), is_new=is_new)


def lock_where(condition: Q) -> Order:
    """Return the one order of that condition with its row locked, and its store."""
    order: Order = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__store")
        .get(condition)
    )
    return order


def _is_blank(order: Order) -> bool:
    stamps = (order.last_event_at, order.last_updated_at, order.stale_since)
    return not any(stamps)
