"""The sweep skips nothing, outages are proven, and a lie of both comes to light."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Heartbeat,
    Order,
    OrderReport,
    QuotaBucket,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.sync.orders import intake, pages, stand_in
from channels_amazon.sync.runtime import runner
from tests.builders import make_account
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

SWEEP, REPORTS = SyncJob.Kind.ORDER_SWEEP, SyncJob.Kind.ORDER_REPORTS
FETCH = SyncJob.Kind.ORDER_FETCH
Purpose = OrderReport.Purpose
US = "ATVPDKIKX0DER"


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account of which Amazon tells no events, and that has no orders yet."""
    emulator.state.orders.clear()
    return make_account(emulator=emulator)


def sell(emulator: Emulator, count: int, ago: timedelta) -> list[str]:
    """Place orders that changed last so long ago, a millisecond apart."""
    sku = next(
        listing.sku
        for listing in emulator.state.listings.values()
        if US in listing.offers and listing.quantity is not None
    )
    ids = emulator.place_orders(
        count, marketplace_id=US, fulfilled_by="MERCHANT", sku=sku, quantity=1
    )
    at = timezone.now() - ago
    for place, order_id in enumerate(ids):
        order = emulator.state.orders[order_id]
        order.created_at = order.updated_at = at + timedelta(milliseconds=place)
    return ids


def mark(**over: object) -> None:
    """Change what the sweep's cursor says."""
    job = SyncJob.objects.get(kind=SWEEP)
    job.cursor |= over
    job.save()


def stop(ago: timedelta) -> datetime:
    """Let the sweep have done nothing for so long; return up to when it had read."""
    at = timezone.now() - ago
    mark(low_water=at.isoformat(), active_until=at.isoformat())
    return at


def report_through(emulator: Emulator, account: AmazonAccount) -> OrderReport:
    """Run the job of reports until the newest one is through."""
    for _ in range(20):
        runner.run_kind(account, REPORTS)
        report: OrderReport = OrderReport.objects.latest("pk")
        if report.state not in OrderReport.OPEN:
            return report
        emulator.advance(40)
        OrderReport.objects.update(next_poll_at=None)
    raise AssertionError(report.state)


class Killed(BaseException):
    """Stands for a process that ends without a chance to tidy up."""


@pytest.mark.parametrize("dies_at", [99, 105])
def test_pass_killed_anywhere_neither_loses_nor_skips(
    emulator: Emulator,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    dies_at: int,
) -> None:
    run_through(account, SWEEP)
    before = str(SyncJob.objects.get(kind=SWEEP).cursor["low_water"])
    ids = sell(emulator, 110, timedelta(minutes=4))
    stored = intake.store_order
    count = 0

    def die_at(*args: Any, **kwargs: Any) -> object:
        nonlocal count
        count += 1
        if count == dies_at + 1:
            raise Killed
        return stored(*args, **kwargs)

    monkeypatch.setattr(pages, "store_order", die_at)
    with pytest.raises(Killed):
        run_through(account, SWEEP)
    assert SyncJob.objects.get(kind=SWEEP).cursor["low_water"] == before
    # Meanwhile the world goes on: what is sold now belongs to this pass or the next.
    more = sell(emulator, 1, timedelta(minutes=3))
    SyncJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    run_through(account, SWEEP)
    run_through(account, SWEEP)

    done = Order.objects.filter(completed_at__isnull=False)
    assert set(done.values_list("amazon_order_id", flat=True)) == {*ids, *more}
    assert str(SyncJob.objects.get(kind=SWEEP).cursor["low_water"]) > before


def test_first_pull_of_many_orders_is_ended_by_a_report(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.control(
        "limits", operation="searchOrders", rate=0.005, burst=4, region="na"
    )
    QuotaBucket.objects.update_or_create(
        subject=account.quota_subject,
        operation="searchOrders",
        defaults={
            "tokens": 4,
            "burst": 4,
            "rate": 0.005,
            "stamp": timezone.now().timestamp(),
        },
    )
    sell(emulator, 130, timedelta(minutes=10))

    swept = run_through(account, SWEEP)

    report = OrderReport.objects.get()
    assert (swept.state, report.purpose) == (SyncRun.State.DONE, Purpose.FIRST_PULL)
    assert ApiCall.objects.filter(operation="searchOrders").count() <= 2
    assert SyncJob.objects.get(kind=SWEEP).cursor["low_water"]
    report = report_through(emulator, account)
    assert (report.state, report.gap_order_ids) == ("read", [])
    assert Order.objects.count() == report.orders_seen == 130
    # The whole of the pull is held at once, and complete as getOrder's quota allows.
    assert not Order.objects.filter(completed_at=None, stale_since=None).exists()


def test_first_pull_goes_back_to_pages_without_a_report(
    emulator: Emulator, account: AmazonAccount
) -> None:
    ids = sell(emulator, 3, timedelta(minutes=10))
    report = OrderReport.objects.create(
        account=account,
        purpose=Purpose.FIRST_PULL,
        state=OrderReport.State.FAILED,
        starts_at=timezone.now() - timedelta(days=30),
        ends_at=timezone.now(),
    )
    SyncJob.objects.create(
        account=account,
        kind=SWEEP,
        due_at=timezone.now(),
        cursor={"low_water": timezone.now().isoformat(), "report": report.pk},
    )

    run_through(account, SWEEP)

    assert Order.objects.filter(amazon_order_id__in=ids).count() == 3


def test_outage_is_proven_over_exactly_its_interval(
    emulator: Emulator, account: AmazonAccount
) -> None:
    run_through(account, SWEEP)
    low_water = stop(timedelta(hours=5))

    run_through(account, SWEEP)

    report = OrderReport.objects.get()
    newest = timezone.now() - stand_in.NEWEST_SHOWN
    assert (report.purpose, report.starts_at) == (Purpose.OUTAGE, low_water)
    assert timedelta(0) <= newest - report.ends_at < timedelta(minutes=1)
    run_through(account, SWEEP)
    assert OrderReport.objects.count() == 1


def test_usual_pause_is_no_outage(emulator: Emulator, account: AmazonAccount) -> None:
    run_through(account, SWEEP)
    stop(timedelta(minutes=20))

    run_through(account, SWEEP)

    assert not OrderReport.objects.exists()


def test_time_without_a_reader_of_events_is_proven_when_it_is_back(
    emulator: Emulator, account: AmazonAccount
) -> None:
    AmazonAccount.objects.update(subscription_id="subscription")
    now = timezone.now()
    last = now - timedelta(minutes=20)
    Heartbeat.objects.create(
        kind=Process.CONSUMER,
        host="h",
        pid=1,
        started_at=last,
        beat_at=last,
        detail={"state": ConsumerState.LISTENING},
    )
    run_through(account, SWEEP)
    run_through(account, SWEEP)
    assert not OrderReport.objects.exists()

    Heartbeat.objects.update(beat_at=timezone.now())
    run_through(account, SWEEP)

    report = OrderReport.objects.get()
    assert (report.purpose, report.starts_at) == (Purpose.OUTAGE, last)
    assert report.ends_at > last
    assert datetime.now(report.ends_at.tzinfo) > report.ends_at


def test_missed_interval_is_kept_until_a_report_takes_it(
    emulator: Emulator, account: AmazonAccount
) -> None:
    run_through(account, SWEEP)
    now = timezone.now()
    asked = OrderReport.objects.create(
        account=account,
        purpose=Purpose.OUTAGE,
        state=OrderReport.State.REQUESTED,
        starts_at=now - timedelta(days=2),
        ends_at=now - timedelta(days=1),
        next_poll_at=now + timedelta(hours=1),
    )
    low_water = stop(timedelta(hours=5))

    run_through(account, SWEEP)
    assert SyncJob.objects.get(kind=SWEEP).cursor["missed_from"]
    OrderReport.objects.filter(pk=asked.pk).update(state=OrderReport.State.READ)
    run_through(account, SWEEP)

    report = OrderReport.objects.latest("pk")
    assert (report.starts_at, report.state) == (low_water, "wanted")
    assert SyncJob.objects.get(kind=SWEEP).cursor["missed_from"] == ""


def test_daily_reconciliation_finds_what_event_and_sweep_kept_silent_about(
    emulator: Emulator, account: AmazonAccount
) -> None:
    seen = sell(emulator, 2, timedelta(minutes=30))
    run_through(account, SWEEP)
    # Amazon's search and its events lied: these were there all the time.
    lost = sell(emulator, 2, timedelta(hours=26))
    run_through(account, SWEEP)
    assert set(Order.objects.values_list("amazon_order_id", flat=True)) == set(seen)
    long_ago = timezone.now() - timedelta(days=2)
    SyncJob.objects.filter(kind=SWEEP).update(first_done_at=long_ago)

    report = report_through(emulator, account)
    run_through(account, FETCH)

    assert report.purpose == Purpose.DAILY
    assert (report.orders_known, report.orders_missing) == (2, 2)
    assert set(report.gap_order_ids) == set(lost)
    found = Order.objects.filter(amazon_order_id__in=lost, first_source="report")
    assert found.filter(completed_at__isnull=False, stale_since=None).count() == 2
    assert DiagnosticEntry.objects.filter(code="orders.gap").count() == 1
