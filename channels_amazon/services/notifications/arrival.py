"""Finds orders of which Amazon should have sent an event; services layer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from channels_amazon.models import AmazonAccount, Installation, Notification, Order
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.rules.events.arrival import (
    EVENT_COMES_WITHIN,
    LOOK_BACK,
    MissingEventLimits,
    lost_event_limits,
    missing_event_limits,
)
from channels_amazon.rules.events.order_change import ORDER_CHANGE

# The account's last messages: other types are among them, and what is in quarantine.
_LAST = 20
_TAKEN_IN = frozenset({Notification.State.APPLIED, Notification.State.STALE})


def orders_without_event(account: AmazonAccount, now: datetime) -> OrderQuerySet:
    """Return the orders that should have had an event, none of which came since.

    Any such order means that Amazon sends the account's events no more. With the
    caller's these are two queries, each by an index, however old the account is.
    """
    orders: OrderQuerySet = Order.objects.filter(account=account)
    if account.subscribed_at is None:
        return orders.none()
    return orders.without_event(
        missing_event_limits(
            now,
            authorized_at=account.authorized_at,
            subscribed_at=account.subscribed_at,
            last_event_at=last_event_at(account),
        )
    )


def orders_to_have_event(account: Any, now: Any) -> OrderQuerySet:
    """Return every order of the last day of which an event should have come by now.

    Those of the functions here are among them. Account and time may be expressions
    that stand for one.
    """
    orders: OrderQuerySet = Order.objects.filter(
        account=account, account__subscribed_at__isnull=False
    )
    return orders.without_event(
        MissingEventLimits(
            # Whenever it changed: when the account was authorised is not looked at.
            changed_from=datetime(1970, 1, 2, tzinfo=UTC),
            changed_until=now - EVENT_COMES_WITHIN,
            stored_after=now - LOOK_BACK,
        )
    )


def orders_with_lost_event(account: AmazonAccount, now: datetime) -> OrderQuerySet:
    """Return the orders whose event somebody else seems to have taken from the queue.

    The sweep brought them, and events of later changes came.
    """
    orders: OrderQuerySet = Order.objects.filter(account=account)
    if account.subscribed_at is None:
        return orders.none()
    row = Installation.objects.first()
    starts: list[datetime | None] = [account.subscribed_at, account.authorized_at]
    if row is not None:
        starts += [row.decided_at, row.restored_at]
    changed = _last_events(account).values_list("event_at", flat=True)
    limits = lost_event_limits(
        now,
        working_since=max(time for time in starts if time is not None),
        last_event_at=max((time for time in changed[:_LAST] if time), default=None),
    )
    return orders.none() if limits is None else orders.without_event(limits)


def _last_events(account: AmazonAccount) -> QuerySet[Notification]:
    rows: QuerySet[Notification] = Notification.objects.filter(
        account=account, notification_type=ORDER_CHANGE, state__in=_TAKEN_IN
    )
    return rows.order_by("-pk")


def last_event_at(account: AmazonAccount) -> datetime | None:
    """Return when an event of the account's orders was taken in, None for not of late.

    One that says nothing new counts too: Amazon sent it.
    """
    rows = Notification.objects.filter(account=account).order_by("-pk")
    for kind, state, received_at in rows.values_list(
        "notification_type", "state", "received_at"
    )[:_LAST]:
        if kind == ORDER_CHANGE and state in _TAKEN_IN:
            at: datetime = received_at
            return at
    return None
