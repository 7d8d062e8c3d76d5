"""Reports are asked for once, read in slices, and prove what is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    OrderReport,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.stock.ledger import set_on_hand
from channels_amazon.sync.order_reports.requesting import LIST_AFTER
from tests.builders import make_account, make_job, make_variant, make_warehouse
from tests.sync.order_reports.scene import (
    FETCH,
    MOST_QUERIES_AN_ORDER,
    REPORTS,
    SWEEP,
    Purpose,
    State,
    age,
    bring,
    calls,
    hurry,
    run,
    sell,
    want,
)
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that can call the emulator, and has no orders there."""
    emulator.state.orders.clear()
    return make_account(emulator=emulator)


def test_report_brings_what_nothing_told_of(
    emulator: Emulator, account: AmazonAccount
) -> None:
    ours, theirs = sell(emulator, who="MERCHANT"), sell(emulator, 2)
    report = want(account)

    bring(emulator, account, report)

    assert report.state == State.READ
    assert (report.orders_seen, report.orders_missing) == (3, 3)
    stale = Order.objects.filter(stale_since__isnull=False)
    assert [order.amazon_order_id for order in stale] == ours
    complete = Order.objects.filter(completed_at__isnull=False)
    assert {order.amazon_order_id for order in complete} == set(theirs)
    run_through(account, FETCH)
    assert Order.objects.filter(completed_at__isnull=False).count() == 3


def test_gap_is_counted_and_told(emulator: Emulator, account: AmazonAccount) -> None:
    sell(emulator, 2)
    first = want(account)
    bring(emulator, account, first)
    (lost,) = sell(emulator, who="MERCHANT")
    second = want(account)

    bring(emulator, account, second)

    assert (second.orders_known, second.orders_missing) == (2, 1)
    assert second.gap_order_ids == [lost]
    assert sum(second.gap_hours.values()) == 1
    told = DiagnosticEntry.objects.filter(code="orders.gap").first()
    assert told is not None
    assert "1 order that was missing" in told.message


def test_first_pull_is_no_gap(emulator: Emulator, account: AmazonAccount) -> None:
    sell(emulator, 2)
    report = want(account, Purpose.FIRST_PULL, days=30)

    bring(emulator, account, report)

    assert (report.orders_missing, report.gap_order_ids) == (2, [])
    assert not DiagnosticEntry.objects.filter(code="orders.gap").exists()


def test_change_nobody_told_of_is_taken_over(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (order_id,) = sell(emulator)
    bring(emulator, account, want(account))
    emulator.control("cancel", order_id=order_id, kind="buyer")
    age(emulator, order_id, 2)
    second = want(account)

    bring(emulator, account, second)

    assert Order.objects.get().status == "cancelled"
    assert (second.orders_changed, second.orders_missing) == (1, 0)


def test_report_without_orders_is_a_proof_too(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.state.orders.clear()
    report = want(account, days=0.01)

    bring(emulator, account, report)

    assert (report.state, report.orders_seen) == (State.EMPTY, 0)
    assert report.read_at is not None


def test_failed_report_is_asked_for_anew_then_given_up(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator)
    emulator.control("reports", fail_next=2)
    report = want(account)

    bring(emulator, account, report)
    assert (report.state, report.attempts) == (State.READ, 3)

    emulator.control("reports", fail_next=3)
    other = want(account)
    bring(emulator, account, other)

    assert (other.state, other.error_code) == (State.FAILED, "reports.failed")
    assert DiagnosticEntry.objects.filter(code="reports.failed").count() == 1
    assert calls("createReport") == 6


def test_lost_answer_makes_no_second_report(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator)
    emulator.control("faults", match="createReport", kind="lost_answer", count=1)
    report = want(account)

    assert run(account).state == SyncRun.State.FAILED
    assert len(emulator.state.reports) == 1
    hurry(requested_at=timezone.now() - LIST_AFTER)
    bring(emulator, account, report)

    assert report.state == State.READ
    assert (len(emulator.state.reports), calls("getReports")) == (1, 1)


def test_request_that_never_arrived_is_made_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator)
    emulator.control("faults", match="createReport", kind="html_503", count=1)
    report = want(account)
    run(account)
    hurry(requested_at=timezone.now() - LIST_AFTER)

    bring(emulator, account, report)

    assert (report.state, len(emulator.state.reports)) == (State.READ, 1)


def test_throttled_request_waits_and_hinders_no_other(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator)
    outage = want(account, Purpose.OUTAGE, days=1)
    run(account)
    emulator.control("limits", operation="createReport", rate=0.01, burst=1)
    emulator.control("faults", match="createReport", kind="throttle", count=9)
    daily = want(account)

    bring(emulator, account, outage)

    daily.refresh_from_db()
    assert outage.state == State.READ
    assert (daily.state, daily.requested_at, daily.attempts) == ("wanted", None, 0)


def test_refused_first_pull_leaves_it_to_the_sweep(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sweep = make_job(account, kind=SWEEP, due_at=timezone.now() + timedelta(hours=1))
    emulator.control("faults", match="createReport", kind="forbidden", count=9)
    report = want(account, Purpose.FIRST_PULL, days=30)

    made = run(account)

    report.refresh_from_db()
    sweep.refresh_from_db()
    assert (made.state, report.state) == (SyncRun.State.FAILED, State.FAILED)
    # The permission is there, by its probe: what was refused is the report alone.
    assert made.code == "amazon.access_denied"
    assert sweep.due_at <= timezone.now()


def test_daily_report_is_wanted_once_in_its_slot(
    emulator: Emulator, account: AmazonAccount
) -> None:
    now = timezone.now()
    low_water = now - timedelta(minutes=2)
    make_job(
        account,
        kind=SWEEP,
        cursor={"low_water": low_water.isoformat()},
        first_done_at=now - timedelta(days=2),
    )

    run(account)
    run(account)

    daily = OrderReport.objects.get(purpose=Purpose.DAILY)
    assert (daily.starts_at, daily.ends_at) == (
        low_water - timedelta(days=3),
        low_water,
    )


@pytest.mark.parametrize("done", [None, timedelta(0)])
def test_daily_report_waits_for_the_first_pull(
    emulator: Emulator, account: AmazonAccount, done: timedelta | None
) -> None:
    now = timezone.now()
    mark = now.isoformat() if done is not None else ""
    make_job(
        account,
        kind=SWEEP,
        cursor={"low_water": mark},
        first_done_at=now if done is not None else None,
    )

    run(account)

    assert not OrderReport.objects.exists()


def test_daily_report_comes_soon_after_a_sweep_that_begins_anew(
    emulator: Emulator, account: AmazonAccount
) -> None:
    now = timezone.now()
    first_done_at = now - timedelta(days=2)
    make_job(account, kind=SWEEP, cursor={}, first_done_at=first_done_at)

    run(account)

    job = SyncJob.objects.get(kind=REPORTS)
    assert job.due_at <= timezone.now() + timedelta(minutes=5)


def test_proof_waits_for_the_report_of_the_first_pull(
    emulator: Emulator, account: AmazonAccount
) -> None:
    pull = want(account, Purpose.FIRST_PULL, days=30)
    daily = want(account)

    made = run(account)

    pull.refresh_from_db()
    daily.refresh_from_db()
    assert (pull.state, daily.state) == (State.REQUESTED, State.WANTED)
    assert made.next_due_at is not None
    assert SyncJob.objects.get(kind=REPORTS).first_done_at is None


def test_cost_of_a_report(emulator: Emulator, account: AmazonAccount) -> None:
    (one,) = sell(emulator, 1, who="MERCHANT")
    sku = emulator.state.orders[one].items[0].sku
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store, sku=sku)
    set_on_hand(variant, warehouse, 500, actor="", key="count")
    sell(emulator, 100)
    sell(emulator, 99, who="MERCHANT")
    first = want(account, Purpose.BACKLOG)
    with CaptureQueriesContext(connection) as missing:
        bring(emulator, account, first)
    second = want(account, Purpose.OUTAGE)
    with CaptureQueriesContext(connection) as known:
        bring(emulator, account, second)

    assert (first.orders_missing, second.orders_known) == (200, 200)
    # Nothing is asked for each order that is known.
    assert len(known) < 120
    assert (len(missing) - len(known)) / 200 < MOST_QUERIES_AN_ORDER
    assert calls("createReport") == calls("getReportDocument") == 2
    assert calls("getReport") <= 8
