"""Whether Amazon's events arrive, as far as the orders show it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Order
from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.rules.order_reports.requesting import is_outage
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.jobs.cadence import longest_gap
from channels_amazon.services.orders.changes import OrderResult
from channels_amazon.sync.orders import sweep
from channels_amazon.sync.orders.missed_intervals import (
    are_events_read,
    note_missed_event,
)
from channels_amazon.sync.orders.sweep_cursor import SweepCursor
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("age", "is_new", "is_missed"),
    [(30, True, True), (5, True, False), (30, False, False)],
)
def test_new_order_without_an_event_is_noted(
    age: int, is_new: bool, is_missed: bool
) -> None:
    now = timezone.now()
    order = make_order(last_updated_at=now - age * MINUTE, event_seen_at=None)
    noted = note_missed_event(SweepCursor(), [OrderResult(order, is_new)], now)
    assert (noted.missed_event_since == now) is is_missed


def test_events_count_as_read_again_when_one_comes() -> None:
    account = make_account(subscription_id="subscription")
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.LISTENING)
    now = timezone.now()
    order = make_order(account, event_seen_at=now - MINUTE)
    misses = SweepCursor(missed_event_since=now)
    assert are_events_read(account, SweepCursor())
    assert not are_events_read(account, misses)
    Order.objects.filter(pk=order.pk).update(event_seen_at=now + MINUTE)
    assert are_events_read(account, misses)


def test_sweep_that_comes_as_late_as_it_may_is_no_outage() -> None:
    now = timezone.now()
    latest = longest_gap(sweep.INTERVAL) + sweep.OVERDUE_AFTER + sweep.NEWEST_SHOWN
    assert not is_outage(now - latest, now)
