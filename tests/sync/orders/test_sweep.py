"""The first pull and the sweep: every page once, and none of the quota wasted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    Order,
    OrderReport,
    QuotaBucket,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.jobs.cadence import longest_gap
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.services.order_reports.requests import Purpose, want_report
from channels_amazon.sync.orders import stand_in, sweep
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy, edited
from tests.builders import make_account, make_job, make_order
from tests.messages import message, order_change
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

SWEEP = SyncJob.Kind.ORDER_SWEEP
State = SyncRun.State
US = "ATVPDKIKX0DER"


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account of which Amazon tells no events."""
    return make_account(emulator=emulator)


def comes_soon() -> bool:
    """Tell whether the one sweep comes as it does where no events are read."""
    due_at: datetime = SyncJob.objects.get(kind=SWEEP).due_at
    return due_at - timezone.now() <= longest_gap(sweep.WITHOUT_EVENTS)


def sell(emulator: Emulator, count: int = 1) -> list[str]:
    """Place orders that are old enough for a search to show them."""
    ids = emulator.place_orders(count, marketplace_id=US, fulfilled_by="MERCHANT")
    emulator.advance(180)
    return ids


def cursor() -> dict[str, object]:
    """Return where the one sweep stands."""
    position: dict[str, object] = SyncJob.objects.get(kind=SWEEP).cursor
    return position


def searches() -> int:
    """Return how often searchOrders was called."""
    return ApiCall.objects.filter(operation="searchOrders").count()


def test_first_pull_goes_on_at_its_page(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SLICE", timedelta(0))
    ids = sell(emulator, 130)

    runner.run_kind(account, SWEEP)
    assert cursor()["token"]
    assert Order.objects.count() == 100
    run_through(account, SWEEP)

    assert Order.objects.filter(amazon_order_id__in=ids).count() == 130
    assert (searches(), cursor()["token"]) == (2, "")


def test_page_that_ran_out_begins_the_pass_anew(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator, 2)
    run_through(account, SWEEP)
    Order.objects.all().delete()
    now = timezone.now()
    SyncJob.objects.update(
        cursor={
            "after": (now - timedelta(days=30)).isoformat(),
            "upper_bound": now.isoformat(),
            "token": "void",
            "token_at": now.isoformat(),
        }
    )

    assert run_through(account, SWEEP).state == State.DONE

    assert Order.objects.filter(status="unshipped").count() == 2
    assert cursor()["low_water"]


def test_sweep_finds_a_change_and_moves_its_mark(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (order_id,) = sell(emulator)
    run_through(account, SWEEP)
    before = cursor()["low_water"]
    emulator.control("cancel", order_id=order_id, kind="merchant")
    emulator.advance(180)

    made = run_through(account, SWEEP)

    order = Order.objects.get(amazon_order_id=order_id)
    assert (order.status, made.calls) == ("cancelled", 1)
    assert str(cursor()["low_water"]) > str(before)


def test_sweep_leaves_tokens_for_urgent_orders(
    emulator: Emulator, account: AmazonAccount
) -> None:
    run_through(account, SWEEP)
    QuotaBucket.objects.filter(operation="searchOrders").update(
        tokens=sweep.RESERVED_TOKENS + 0.5
    )

    made = runner.run_kind(account, SWEEP)

    assert made is not None
    assert (made.state, made.calls) == (State.WAITING, 0)
    job = SyncJob.objects.get(kind=SWEEP)
    assert job.waiting_until is not None
    assert job.waiting_until - timezone.now() < timedelta(seconds=179)


def test_late_sweep_takes_the_spared_tokens_too(
    emulator: Emulator, account: AmazonAccount
) -> None:
    run_through(account, SWEEP)
    job = SyncJob.objects.get(kind=SWEEP)
    late = timezone.now() - 2 * sweep.WITHOUT_EVENTS - sweep.OVERDUE_AFTER
    job.cursor["low_water"] = late.isoformat()
    job.save()
    QuotaBucket.objects.filter(operation="searchOrders").update(tokens=1.5)

    made = runner.run_kind(account, SWEEP)

    assert made is not None
    assert (made.state, made.calls) == (State.DONE, 1)


def test_unreadable_order_is_quarantined_and_the_page_goes_on(
    emulator: Emulator, account: AmazonAccount
) -> None:
    bad, good = sell(emulator, 2)
    emulator.state.orders[bad].items[0].order_item_id = ""

    made = run_through(account, SWEEP)

    assert (made.state, made.rows_quarantined) == (State.DONE, 1)
    quarantined = Order.objects.get(amazon_order_id=bad)
    assert quarantined.quarantine_code == "orders.unreadable"
    assert Order.objects.get(amazon_order_id=good).completed_at is not None


def test_sweep_wakes_the_fetch_for_quiet_pending_orders(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = make_order(account, status=Order.Status.PENDING)
    long_ago = timezone.now() - timedelta(hours=1)
    Order.objects.filter(pk=order.pk).update(updated_at=long_ago)
    fetch = make_job(
        account,
        kind=SyncJob.Kind.ORDER_FETCH,
        due_at=timezone.now() + timedelta(hours=1),
    )

    run_through(account, SWEEP)

    order.refresh_from_db()
    fetch.refresh_from_db()
    assert order.stale_since is not None
    assert fetch.due_at <= timezone.now()


def test_sweep_comes_back_soon_for_a_missed_interval_without_its_report(
    emulator: Emulator,
) -> None:
    account = make_account(emulator=emulator, subscription_id="subscription")
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.LISTENING)
    run_through(account, SWEEP)
    now = timezone.now()
    hours = timedelta(hours=1)
    # A report of an earlier outage is still being made: there is only one at a time.
    assert want_report(
        account,
        purpose=Purpose.OUTAGE,
        starts_at=now - 9 * hours,
        ends_at=now - 8 * hours,
    )
    OrderReport.objects.update(state=OrderReport.State.REQUESTED, attempts=1)
    at = (now - 3 * hours).isoformat()
    SyncJob.objects.update(cursor=cursor() | {"low_water": at, "active_until": at})

    run_through(account, SWEEP)

    job = SyncJob.objects.get(kind=SWEEP)
    assert job.cursor["missed_from"] == at
    assert comes_soon()

    OrderReport.objects.update(state=OrderReport.State.READ)
    run_through(account, SWEEP)

    job.refresh_from_db()
    assert not job.cursor["missed_from"]
    assert OrderReport.objects.filter(state=OrderReport.State.WANTED).count() == 1
    assert not comes_soon()


@pytest.fixture
def subscribed(emulator: Emulator) -> AmazonAccount:
    """Give an account that was subscribed two hours ago, and whose events are read."""
    then = timezone.now() - timedelta(hours=2)
    row = make_account(
        emulator=emulator,
        subscription_id="subscription",
        subscribed_at=then,
        authorized_at=then,
    )
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.LISTENING)
    for order in emulator.state.orders.values():
        order.updated_at = min(order.updated_at, then)
    return row


def test_first_pull_expects_no_events(subscribed: AmazonAccount) -> None:
    run_through(subscribed, SWEEP)

    assert Order.objects.exists()
    assert not comes_soon()


def test_sweep_comes_soon_until_an_event_arrives(
    emulator: Emulator, subscribed: AmazonAccount
) -> None:
    run_through(subscribed, SWEEP)
    (order_id,) = sell(emulator)
    changed_at = timezone.now() - timedelta(minutes=30)
    emulator.state.orders[order_id].updated_at = changed_at
    SyncJob.objects.update(
        cursor=cursor() | {"low_water": changed_at.isoformat()},
    )

    run_through(subscribed, SWEEP)
    assert Order.objects.filter(amazon_order_id=order_id).exists()
    assert comes_soon()
    run_through(subscribed, SWEEP)
    assert comes_soon()

    # The event was late, and says nothing that the sweep had not found.
    event = order_change(order_id=order_id, seller_id=subscribed.seller_id)
    assert [one.state for one in accept([message(event)])] == ["stale"]
    run_through(subscribed, SWEEP)
    assert not comes_soon()


@pytest.mark.parametrize("minutes", [5, 20])
def test_low_water_that_does_not_move_is_no_success_for_long(
    amazon_proxy: AmazonProxy, account: AmazonAccount, minutes: int
) -> None:
    """Amazon says again and again that its search answers no further than before."""
    run_through(account, SWEEP)
    job = SyncJob.objects.get(kind=SWEEP)
    low_water = timezone.now() - stand_in.NEWEST_SHOWN - timedelta(minutes=minutes)
    job.cursor["low_water"] = low_water.isoformat()
    job.save()
    stated = (low_water - timedelta(minutes=1)).isoformat()
    amazon_proxy.spoil(
        "searchOrders", edited(lambda page: page | {"lastUpdatedBefore": stated})
    )

    made = run_through(account, SWEEP)

    is_long = timedelta(minutes=minutes) > sweep.STANDS_STILL_AFTER
    expected = (State.FAILED, "sync.no_progress") if is_long else (State.DONE, "")
    assert (made.state, made.code) == expected
    # It never moves back because Amazon says so.
    assert cursor()["low_water"] == low_water.isoformat()


def test_clock_set_back_takes_the_low_water_back(account: AmazonAccount) -> None:
    run_through(account, SWEEP)
    job = SyncJob.objects.get(kind=SWEEP)
    ahead = timezone.now() + timedelta(minutes=10)
    job.cursor["low_water"] = ahead.isoformat()
    job.save()

    assert run_through(account, SWEEP).state == State.DONE

    assert str(cursor()["low_water"]) < timezone.now().isoformat()
