"""Finished hours are rolled up once and for all, and the page adds them up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_amazon.models import AmazonAccount, LatencyHour, Order, StoreEndpoint
from channels_amazon.rules.orders import latency as bins
from channels_amazon.rules.orders.latency_steps import LatencyStep
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.orders import latency, latency_rollup
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)


def roll_up(now: datetime) -> None:
    """Run a whole pass of the roll-up as if it were `now`."""
    maintenance.run_pass(latency_rollup.PASS, clock=lambda: now)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account whose store wants to be told since long."""
    account = make_account()
    StoreEndpoint.objects.create(store=account.store, url="https://store.example/")
    StoreEndpoint.objects.update(created_at=NOW - timedelta(days=40))
    return account


def order(account: AmazonAccount, ago: timedelta, **over: Any) -> Order:
    """Make an order whose event came so long ago: a step a second, told after ten."""
    seen = NOW - ago
    times: dict[str, Any] = {
        "changed_at": seen - timedelta(seconds=1),
        "event_seen_at": seen,
        "reserved_at": seen + timedelta(milliseconds=20),
        "completed_at": seen + timedelta(seconds=2),
        "webhook_sent_at": seen + timedelta(seconds=12),
    }
    return make_order(account, **times | over)


def rows() -> set[tuple[datetime, str, int]]:
    """Return hour, step and number of each row."""
    return {
        (row.hour, row.step, sum(row.bins.values()))
        for row in LatencyHour.objects.all()
    }


def test_finished_hours_are_rolled_up(account: AmazonAccount) -> None:
    for minutes in (25, 30, 90, 5):
        order(account, timedelta(minutes=minutes))

    roll_up(NOW)

    eleven, ten = NOW.replace(hour=11, minute=0), NOW.replace(hour=10, minute=0)
    assert rows() == {(eleven, step.value, 2) for step in LatencyStep} | {
        (ten, step.value, 1) for step in LatencyStep
    }


def test_second_roll_up_writes_nothing(account: AmazonAccount) -> None:
    order(account, timedelta(minutes=90))
    roll_up(NOW)
    before = rows()

    with CaptureQueriesContext(connection) as queries:
        roll_up(NOW)
    assert not any(query["sql"].startswith("INSERT") for query in queries)
    assert rows() == before


def test_order_told_later_is_in_its_hour_after_all(account: AmazonAccount) -> None:
    late = order(account, timedelta(minutes=90), webhook_sent_at=None)
    roll_up(NOW)
    assert not LatencyHour.objects.filter(step="told").exists()

    Order.objects.filter(pk=late.pk).update(webhook_sent_at=NOW)
    roll_up(NOW + timedelta(hours=1))

    told = LatencyHour.objects.get(step="told")
    found = bins.percentile(bins.merge(bins.empty(), [told.bins]), 0.5)
    assert found == pytest.approx(90 * 60, rel=0.1)


def test_first_roll_up_takes_the_month_that_is_there(account: AmazonAccount) -> None:
    order(account, timedelta(days=20))
    order(account, timedelta(days=40))

    roll_up(NOW)

    assert LatencyHour.objects.filter(step="whole").count() == 1


def test_old_hours_are_deleted(account: AmazonAccount) -> None:
    LatencyHour.objects.create(
        account=account, hour=NOW - timedelta(days=33), step="whole", bins={"0": 1}
    )

    roll_up(NOW)

    assert LatencyHour.objects.count() == 0


def test_history_does_not_grow_the_cost(
    account: AmazonAccount, django_assert_max_num_queries: Any
) -> None:
    for day in range(20):
        order(account, timedelta(days=day, minutes=30))
    roll_up(NOW)

    with django_assert_max_num_queries(18):
        roll_up(NOW)
    with django_assert_max_num_queries(12):
        latency.distributions(account, NOW)


def test_distributions_add_finished_hours_and_the_present_one(
    account: AmazonAccount,
) -> None:
    for ago in (timedelta(minutes=5), timedelta(hours=3), timedelta(days=9)):
        order(account, ago)
    roll_up(NOW)

    found = latency.distributions(account, NOW)

    counts = [bins.count(part[LatencyStep.WHOLE]) for part in (found.hour, found.day)]
    assert counts == [1, 2]
    assert bins.count(found.month[LatencyStep.WHOLE]) == 3
    assert bins.percentile(found.month[LatencyStep.WHOLE], 0.5) == pytest.approx(
        13, rel=0.1
    )
    assert bins.percentile(found.month[LatencyStep.EVENT], 0.5) == pytest.approx(
        1, rel=0.1
    )


def test_distributions_are_whole_without_any_roll_up(account: AmazonAccount) -> None:
    for hours in (1, 5, 20):
        order(account, timedelta(hours=hours, minutes=1))

    found = latency.distributions(account, NOW)

    assert bins.count(found.day[LatencyStep.COMPLETE]) == 3


@pytest.mark.parametrize(
    "over",
    [
        # The sweep brought it, and its event is that of a later change.
        {"completed_at": NOW - timedelta(days=1)},
        {"event_seen_at": None},
        # A sweep brought it within the second of its event.
        {"first_source": "sweep"},
    ],
)
def test_order_that_came_without_an_event_is_not_measured(
    account: AmazonAccount, over: dict[str, Any]
) -> None:
    order(account, timedelta(minutes=90), **over)

    roll_up(NOW)

    assert rows() == set()


def test_order_from_before_the_address_was_set_is_not_told_late(
    account: AmazonAccount,
) -> None:
    StoreEndpoint.objects.update(created_at=NOW)
    order(account, timedelta(minutes=90), webhook_sent_at=NOW)

    roll_up(NOW)

    assert {step for _hour, step, _number in rows()} == set(LatencyStep) - {
        LatencyStep.WEBHOOK_SENT
    }


def test_orders_of_another_account_are_not_counted(account: AmazonAccount) -> None:
    order(make_account(), timedelta(minutes=5))

    found = latency.distributions(account, NOW)

    assert bins.count(found.month[LatencyStep.WHOLE]) == 0
