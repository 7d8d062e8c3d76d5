"""A buyer's wish to cancel: declined with a name to it, and taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from channels_amazon.models import DiagnosticEntry, Order
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.orders.cancellations import (
    CancellationError,
    decline_cancellation,
    reopen_cancellation,
)
from channels_amazon.services.orders.event_intake import apply_event
from tests.builders import make_account, make_order
from tests.messages import order_change

pytestmark = pytest.mark.django_db


def codes() -> list[str]:
    """Return what was recorded, oldest first."""
    rows = DiagnosticEntry.objects.filter(code__startswith="orders.cancel_")
    return list(rows.order_by("pk").values_list("code", flat=True))


def test_decline_is_recorded_once_and_can_be_taken_back() -> None:
    order = make_order(cancel_requested=True)

    for _ in range(2):
        decline_cancellation(order, actor="ann")
    order.refresh_from_db()
    assert (order.asks_to_cancel, order.cancel_declined_by) == (False, "ann")

    for _ in range(2):
        reopen_cancellation(order, actor="bob")

    order.refresh_from_db()
    assert (order.asks_to_cancel, order.cancel_declined_by) == (True, "")
    assert codes() == ["orders.cancel_declined", "orders.cancel_reopened"]


@pytest.mark.parametrize(
    ("asks", "status"),
    [(False, Order.Status.UNSHIPPED), (True, Order.Status.CANCELLED)],
)
def test_decline_without_a_wish_is_refused(asks: bool, status: str) -> None:
    order = make_order(cancel_requested=asks, status=status)

    with pytest.raises(CancellationError):
        decline_cancellation(order, actor="ann")


def test_event_brings_the_deadline_and_a_later_one_without_it_keeps_it() -> None:
    account = make_account()
    for second, until in enumerate(["2026-12-07T19:42:04Z", None]):
        body = order_change(order_id="903-0000001-0000001", cancel=True, seconds=second)
        summary = body["Payload"]["OrderChangeNotification"]["Summary"]
        summary["CancelNotifyDate"] = until
        apply_event(account, read_order_event(read_envelope(json.dumps(body))))

    order = Order.objects.get()
    assert order.asks_to_cancel
    assert order.cancel_notify_at == datetime(2026, 12, 7, 19, 42, 4, tzinfo=UTC)
