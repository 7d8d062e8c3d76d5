"""Stale orders are fetched, the urgent first; a bad one never stops the rest."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    Order,
    QuotaBucket,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.rules.order_fetch.backlog import SLACK
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.sync.orders import fetch
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_order
from tests.messages import START, order_change
from tests.sync.orders.scene import sell
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

FETCH = SyncJob.Kind.ORDER_FETCH
State = SyncRun.State


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that can call the emulator."""
    return make_account(emulator=emulator)


def change_all(emulator: Emulator, rows: list[Order], at: datetime) -> None:
    """Have the orders changed at one moment, as Amazon and its events tell."""
    Order.objects.filter(pk__in=[row.pk for row in rows]).update(last_event_at=at)
    for row in rows:
        emulator.state.orders[row.amazon_order_id].updated_at = at


def calls(operation: str) -> int:
    """Return how often the operation was called."""
    return ApiCall.objects.filter(operation=operation).count()


def complete() -> set[str]:
    """Return the ids of the orders that are complete and no longer stale."""
    rows = Order.objects.filter(completed_at__isnull=False, stale_since=None)
    return set(rows.values_list("amazon_order_id", flat=True))


def later(at: datetime | None) -> timedelta:
    """Return how far from now a time is."""
    assert at is not None
    return at - timezone.now()


def test_fetch_completes_stale_orders(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = sell(emulator, account, 3)

    made = run_through(account, FETCH)

    assert (made.state, made.rows_seen, calls("getOrder")) == (State.DONE, 3, 3)
    assert complete() == {row.amazon_order_id for row in rows}
    assert all(row.lines.exists() for row in rows)


def test_fetch_takes_the_soonest_ship_by_first_and_waits_for_quota(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("limits", operation="getOrder", rate=0.001, burst=1, region="na")
    rows = sell(emulator, account, 3)
    urgent = rows[2]
    soon = timezone.now() + timedelta(hours=1)
    Order.objects.filter(pk=urgent.pk).update(ship_by=soon)

    made = runner.run_kind(account, FETCH)

    assert made is not None
    assert made.state == State.WAITING
    assert complete() == {urgent.amazon_order_id}
    assert later(SyncJob.objects.get().waiting_until) > timedelta(0)


def test_order_that_amazon_does_not_know_is_set_aside(
    emulator: Emulator, account: AmazonAccount
) -> None:
    gone = make_order(account, amazon_order_id="903-0000009-0000009")
    Order.objects.filter(pk=gone.pk).update(stale_since=timezone.now())
    (good,) = sell(emulator, account, 1)

    made = run_through(account, FETCH)

    gone.refresh_from_db()
    assert (made.state, gone.quarantine_code) == (State.DONE, "orders.not_found")
    assert later(gone.fetch_after) > timedelta(seconds=5)
    assert complete() == {good.amazon_order_id}


def test_unreadable_order_is_set_aside_until_it_can_be_read(
    emulator: Emulator, account: AmazonAccount
) -> None:
    bad, good = sell(emulator, account, 2)
    item = emulator.state.orders[bad.amazon_order_id].items[0]
    right, item.order_item_id = item.order_item_id, ""
    run_through(account, FETCH)
    bad.refresh_from_db()
    assert (bad.quarantine_code, complete()) == (
        "orders.unreadable",
        {good.amazon_order_id},
    )

    item.order_item_id = right
    Order.objects.update(fetch_after=None)
    run_through(account, FETCH)

    bad.refresh_from_db()
    assert (bad.quarantine_code, bad.stale_since) == ("", None)


def test_flash_sale_is_brought_by_a_page(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = sell(emulator, account, 60)
    minutes_ago = timezone.now() - timedelta(minutes=3)
    change_all(emulator, rows, minutes_ago)

    run_through(account, FETCH)

    assert complete() >= {row.amazon_order_id for row in rows}
    assert (calls("searchOrders"), calls("getOrder")) == (1, 0)


def test_order_that_a_page_lacks_is_fetched_alone(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = sell(emulator, account, 60)
    minutes_ago = timezone.now() - timedelta(minutes=3)
    change_all(emulator, rows, minutes_ago)
    lost = emulator.state.orders[rows[7].amazon_order_id]
    lost.updated_at = minutes_ago + timedelta(seconds=30)

    run_through(account, FETCH)

    assert complete() >= {row.amazon_order_id for row in rows}
    assert (calls("searchOrders"), calls("getOrder")) == (1, 1)


def test_search_says_nothing_of_orders_that_changed_just_after_its_window(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = sell(emulator, account, 102)
    minutes_ago = timezone.now() - timedelta(minutes=3)
    at = minutes_ago.replace(microsecond=500_000)
    change_all(emulator, rows[:100], at)
    change_all(emulator, rows[100:], at + timedelta(milliseconds=1))
    for row in rows[100:]:
        emulator.state.orders[row.amazon_order_id].updated_at += SLACK / 2
    QuotaBucket.objects.create(
        subject=f"account:{account.pk}",
        operation="getOrder",
        tokens=-2.0,
        stamp=timezone.now().timestamp(),
        rate=0.25,
        burst=30,
    )

    runner.run_kind(account, FETCH)

    assert len(complete()) == 100
    late = Order.objects.filter(pk__in=[row.pk for row in rows[100:]])
    assert set(late.values_list("fetch_attempts", flat=True)) == {0}


@pytest.mark.parametrize(("sweep_in", "searched"), [(300, 1), (0, 0)])
def test_last_search_is_left_to_the_sweep_unless_another_grows_in_time(
    emulator: Emulator, account: AmazonAccount, sweep_in: int, searched: int
) -> None:
    now = timezone.now()
    change_all(emulator, sell(emulator, account, 140), now - timedelta(minutes=3))
    sweep_at = now + timedelta(seconds=sweep_in)
    SyncJob.objects.create(
        account=account, kind=SyncJob.Kind.ORDER_SWEEP, due_at=sweep_at
    )
    QuotaBucket.objects.create(
        subject=f"account:{account.pk}",
        operation="searchOrders",
        tokens=1.5,
        stamp=now.timestamp(),
        rate=0.0056,
        burst=20,
    )

    runner.run_kind(account, FETCH)

    assert calls("searchOrders") == searched


def test_refused_search_leaves_the_orders_to_single_calls(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("faults", match="searchOrders", kind="throttle")
    rows = sell(emulator, account, 40)
    change_all(emulator, rows, timezone.now() - timedelta(minutes=3))

    runner.run_kind(account, FETCH)

    job = SyncJob.objects.get()
    assert "search_refused_at" in job.cursor
    assert calls("getOrder") >= 1


def test_pending_order_waits_for_its_next_change_when_quota_is_short(
    emulator: Emulator, account: AmazonAccount
) -> None:
    # So many that the bucket stays below its half for all the time this takes.
    rows = sell(emulator, account, 28)
    pending, others = rows[:2], rows[2:]
    Order.objects.filter(pk__in=[row.pk for row in pending]).update(status="pending")

    made = run_through(account, FETCH)

    assert made.state == State.DONE
    assert complete() == {row.amazon_order_id for row in others}
    assert timedelta(0) < later(SyncJob.objects.get().due_at) < timedelta(seconds=61)

    Order.objects.filter(stale_since__isnull=False).update(
        stale_since=timezone.now() - timedelta(seconds=61)
    )
    run_through(account, FETCH)

    assert complete() == {row.amazon_order_id for row in rows}


def test_reading_older_than_the_event_is_repeated_until_it_wins(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (order,) = sell(emulator, account, 1)
    theirs = emulator.state.orders[order.amazon_order_id]
    body = order_change(
        status="Canceled",
        order_id=order.amazon_order_id,
        seconds=(theirs.updated_at - START).total_seconds() + 60,
    )
    apply_event(account, read_order_event(read_envelope(json.dumps(body))))

    run_through(account, FETCH)
    order.refresh_from_db()
    assert (order.status, order.fetch_attempts) == ("cancelled", 1)
    assert order.stale_since is not None

    Order.objects.update(fetch_attempts=fetch.MOST_OLDER_READS, fetch_after=None)
    run_through(account, FETCH)

    order.refresh_from_db()
    assert order.status == "unshipped"
    assert order.stale_since is None


def test_next_run_is_due_when_a_put_off_order_is(
    emulator: Emulator, account: AmazonAccount
) -> None:
    soon = timezone.now() + timedelta(seconds=20)
    make_order(account, stale_since=timezone.now(), fetch_after=soon)

    run_through(account, FETCH)

    assert SyncJob.objects.get().due_at == soon
    assert calls("getOrder") == 0
