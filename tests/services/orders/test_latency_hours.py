"""How fast new orders came, hour by hour: stored sums, then the newest orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_amazon.models import AmazonAccount, LatencyHour, Order
from channels_amazon.rules.orders import latency as bins
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.orders import latency_hours, latency_rollup
from channels_amazon.services.orders.latency_hours import HOURS, hourly_latency
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account without orders."""
    return make_account()


def order(
    account: AmazonAccount, hours_ago: float, seconds: float, **over: Any
) -> Order:
    """Make an order that an event brought, complete so long after its change."""
    completed = NOW - timedelta(hours=hours_ago)
    times: dict[str, Any] = {
        "changed_at": completed - timedelta(seconds=seconds),
        "event_seen_at": completed - timedelta(seconds=seconds / 2),
        "completed_at": completed,
    }
    return make_order(account, **times | over)


def roll_up(now: datetime = NOW) -> None:
    """Run a whole pass of the roll-up as if it were `now`."""
    maintenance.run_pass(latency_rollup.PASS, clock=lambda: now)


def figures(*accounts: AmazonAccount) -> dict[int, tuple[int, float, float]]:
    """Return number, median and p99 of each measured hour, by how long ago it began."""
    found = hourly_latency([one.pk for one in accounts], NOW)
    assert len(found) == HOURS
    return {
        HOURS - 1 - place: (one.orders, one.median or 0, one.p99 or 0)
        for place, one in enumerate(found)
        if one.median is not None
    }


def close(seconds: float) -> Any:
    """Return what a figure from bins is, as near as these are."""
    return pytest.approx(seconds, rel=bins.ERROR + 0.001)


@pytest.mark.parametrize("is_rolled_up", [False, True])
def test_each_hour_has_its_own_figures(
    account: AmazonAccount, is_rolled_up: bool
) -> None:
    for seconds in (2, 2, 2, 60):
        order(account, 1.1, seconds)
    order(account, 0.1, 8)
    if is_rolled_up:
        order(account, 20, 4)
        roll_up()

    found = figures(account)

    assert found[1] == (4, close(2), close(60))
    assert found[0] == (1, close(8), close(8))
    assert set(found) == ({0, 1, 20} if is_rolled_up else {0, 1})


def test_hour_without_an_order_by_event_is_a_gap(account: AmazonAccount) -> None:
    order(account, 2.1, 3)
    # One that a sweep brought, and an old one that changed: neither says how fast.
    order(account, 0.1, 3, first_source="sweep")
    order(account, 0.1, 3, event_seen_at=NOW)
    roll_up()

    hours = hourly_latency([account.pk], NOW)

    assert [one.hour.hour for one in hours if one.orders] == [10]
    gaps = [one for one in hours if not one.orders]
    assert {(one.median, one.p99) for one in gaps} == {(None, None)}


def test_accounts_are_summed_and_others_left_out(account: AmazonAccount) -> None:
    second, other = make_account(), make_account()
    for one in (account, second, other):
        order(one, 3.1, 5)
        order(one, 0.1, 5)
    roll_up()

    assert [number for number, *_ in figures(account, second).values()] == [2, 2]
    assert figures() == {}


def test_what_is_older_than_a_day_is_not_read(account: AmazonAccount) -> None:
    order(account, 23.9, 5)
    roll_up()
    kept = LatencyHour.objects.get(step="arrived")
    assert kept.hour == NOW.replace(minute=0) - timedelta(hours=HOURS)
    assert sum(one.orders for one in hourly_latency([account.pk], NOW)) == 0


def test_storm_is_read_up_to_a_limit(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency_hours, "MOST_LIVE", 3)
    for _ in range(5):
        order(account, 0.1, 2)

    assert figures(account)[0][0] == 3


def test_two_statements_whatever_there_is(account: AmazonAccount) -> None:
    for hours in range(HOURS):
        order(account, hours + 0.1, 2)
    roll_up()

    with CaptureQueriesContext(connection) as captured:
        figures(account)

    assert len(captured) == 2


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_orders_are_read_by_their_index(account: AmazonAccount) -> None:
    order(account, 0.1, 2)
    with CaptureQueriesContext(connection) as captured:
        figures(account)
    statement = captured[-1]["sql"]

    with connection.cursor() as cursor:
        # Of a table with next to nothing in it every other way costs the same.
        for name in ("seqscan", "sort", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{name} = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "order_completed" in plan
