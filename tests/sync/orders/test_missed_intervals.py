"""Whether Amazon's events arrive, as far as the orders show it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Order
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.orders.changes import OrderResult
from channels_amazon.sync.orders.missed_intervals import are_events_read, note_untold
from channels_amazon.sync.orders.sweep_cursor import SweepCursor
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("age", "is_new", "is_untold"),
    [(30, True, True), (5, True, False), (30, False, False)],
)
def test_new_order_without_an_event_is_noted(
    age: int, is_new: bool, is_untold: bool
) -> None:
    now = timezone.now()
    order = make_order(last_updated_at=now - age * MINUTE, event_seen_at=None)
    noted = note_untold(SweepCursor(), [OrderResult(order, is_new)], now)
    assert (noted.untold_since == now) is is_untold


def test_events_count_as_read_again_when_one_comes() -> None:
    account = make_account(subscription_id="subscription")
    heartbeats.beat(Process.CONSUMER, state=heartbeats.LISTENING)
    now = timezone.now()
    order = make_order(account, event_seen_at=now - MINUTE)
    untold = SweepCursor(untold_since=now)
    assert are_events_read(account, SweepCursor())
    assert not are_events_read(account, untold)
    Order.objects.filter(pk=order.pk).update(event_seen_at=now + MINUTE)
    assert are_events_read(account, untold)
