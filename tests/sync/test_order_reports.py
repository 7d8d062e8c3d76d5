"""Reports are asked for once, read in slices, and prove what is missing."""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.emulator import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Order,
    OrderReport,
    SyncJob,
    SyncRun,
)
from channels_amazon.services import order_reports, report_comparison
from channels_amazon.services.stock import set_on_hand
from channels_amazon.sync import order_reports as order_reports_job
from channels_amazon.sync import report_reading, runner, storing
from channels_amazon.sync.context import RunContext
from channels_amazon.sync.report_asking import LIST_AFTER
from tests.builders import make_account, make_job, make_variant, make_warehouse
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

REPORTS, FETCH = SyncJob.Kind.ORDER_REPORTS, SyncJob.Kind.ORDER_FETCH
SWEEP = SyncJob.Kind.ORDER_SWEEP
State, Purpose = OrderReport.State, OrderReport.Purpose
US = "ATVPDKIKX0DER"
MOST_QUERIES_AN_ORDER = 30


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that can call the emulator, and has no orders there."""
    emulator.state.orders.clear()
    return make_account(emulator=emulator)


def sell(emulator: Emulator, count: int = 1, who: str = "AMAZON") -> list[str]:
    """Place orders at Amazon of which nothing tells us."""
    sku = next(
        listing.sku
        for listing in emulator.state.listings.values()
        if US in listing.offers
        and (listing.is_fba if who == "AMAZON" else listing.quantity is not None)
    )
    ids = emulator.place_orders(
        count, marketplace_id=US, fulfilled_by=who, sku=sku, quantity=1
    )
    for order_id in ids:
        age(emulator, order_id, 60)
    return ids


def age(emulator: Emulator, order_id: str, seconds: float) -> None:
    """Let the order's last change at Amazon be that long ago."""
    order = emulator.state.orders[order_id]
    order.updated_at = timezone.now() - timedelta(seconds=seconds)
    order.created_at = min(order.created_at, order.updated_at)


def want(
    account: AmazonAccount, purpose: str = Purpose.DAILY, days: float = 3
) -> OrderReport:
    """Want a report of the last days."""
    now = timezone.now()
    report = order_reports.want_report(
        account, purpose=purpose, starts_at=now - timedelta(days=days), ends_at=now
    )
    assert report is not None
    return report


def run(account: AmazonAccount) -> SyncRun:
    """Run the job once."""
    made = runner.run_kind(account, REPORTS)
    assert made is not None
    return made


def hurry(**columns: object) -> None:
    """Have every report looked at by the next run."""
    OrderReport.objects.update(look_after=None, **columns)


def bring(emulator: Emulator, account: AmazonAccount, report: OrderReport) -> None:
    """Run the job, and let Amazon's time pass, until the report is through."""
    for _ in range(30):
        run(account)
        report.refresh_from_db()
        if report.state in OrderReport.DONE:
            return
        emulator.advance(30)
        hurry()
    raise AssertionError(report.state)


def calls(operation: str) -> int:
    """Return how often the operation was called."""
    return ApiCall.objects.filter(operation=operation).count()


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
    assert "1 orders" in told.message


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
    assert (made.state, report.state) == (SyncRun.State.BLOCKED, State.FAILED)
    assert made.code == "permission.orders_missing"
    assert sweep.due_at <= timezone.now()


def slices_of(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let the time of a run be up after so many orders, once it reads a report."""
    read = report_reading.read

    def read_slice(ctx: RunContext, report: OrderReport) -> None:
        ctx.deadline = timezone.now()
        read(ctx, report)

    monkeypatch.setattr(report_reading, "LEAST_STORED", count)
    monkeypatch.setattr(order_reports_job, "read", read_slice)


def test_document_whose_address_ran_out_is_asked_for_again(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices_of(monkeypatch, 7)
    sell(emulator, 40)
    report = want(account)
    for _ in range(20):
        run(account)
        report.refresh_from_db()
        if report.cursor:
            break
        emulator.advance(30)
        hurry()
    assert 0 < report.cursor < 40
    emulator.advance(600)

    bring(emulator, account, report)

    assert (report.state, report.orders_seen) == (State.READ, 40)
    assert calls("getReportDocument") == 2


def test_address_is_a_secret_everywhere(
    emulator: Emulator,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sell(emulator)

    bring(emulator, account, want(account))

    (signature,) = emulator.state.downloads
    kept = str(SyncJob.objects.get(kind=REPORTS).cursor)
    assert signature not in kept + caplog.text
    assert signature not in str(list(ApiCall.objects.values()))


@pytest.mark.parametrize("least", [1, 7, 100])
def test_slices_store_and_count_every_order_once(
    emulator: Emulator,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    least: int,
) -> None:
    slices_of(monkeypatch, least)
    monkeypatch.setattr(report_comparison, "BATCH", 10)
    ids = sell(emulator, 25)
    report = want(account)

    bring(emulator, account, report)

    assert (report.orders_seen, report.orders_missing) == (25, 25)
    assert report.gap_order_ids == ids or set(report.gap_order_ids) == set(ids)
    assert Order.objects.filter(completed_at__isnull=False).count() == 25


class Killed(BaseException):
    """Stands for a process that ends without a chance to tidy up."""


@pytest.mark.parametrize("place", [0, 3, 9, 10, 24])
def test_killed_worker_loses_and_doubles_nothing(
    emulator: Emulator,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    place: int,
) -> None:
    monkeypatch.setattr(report_comparison, "BATCH", 10)
    sell(emulator, 25)
    report = want(account)
    stored = storing.store_reported
    count = 0

    def die_at(*args: object, **kwargs: object) -> object:
        nonlocal count
        count += 1
        if count == place + 1:
            raise Killed
        return stored(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(report_reading, "store_reported", die_at)
    with pytest.raises(Killed):
        bring(emulator, account, report)
    SyncJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    bring(emulator, account, report)

    assert (report.orders_seen, report.orders_missing) == (25, 25)
    assert len(set(report.gap_order_ids)) == 25
    assert Order.objects.count() == 25


@pytest.mark.parametrize(
    "oddity",
    [
        {"encoding": "cp1252", "gzip": False},
        {"encoding": "utf-8-sig", "shuffle": True, "extra_column": True},
        {"sparse": True, "charset": False},
    ],
)
def test_odd_files_are_read(
    emulator: Emulator, account: AmazonAccount, oddity: dict[str, object]
) -> None:
    sell(emulator, 3)
    emulator.control("reports", **oddity)
    report = want(account)

    bring(emulator, account, report)

    assert (report.state, report.orders_seen) == (State.READ, 3)
    assert report.encoding


def test_row_that_cannot_be_read_is_counted_and_its_order_fetched(
    emulator: Emulator, account: AmazonAccount
) -> None:
    bad, good = sell(emulator, 2)
    report = want(account)
    make(emulator, account)
    (document,) = emulator.state.report_documents.values()
    rows = [
        row.replace(b"\t", b"\t\t", 1) if row.startswith(bad.encode()) else row
        for row in gzip.decompress(document.content).split(b"\r\n")
    ]
    change(emulator, b"\r\n".join(rows))

    bring(emulator, account, report)

    assert (report.state, report.rows_aside, report.orders_seen) == ("read", 1, 1)
    assert Order.objects.get(amazon_order_id=good).completed_at is not None
    aside = Order.objects.get(amazon_order_id=bad)
    assert (aside.aside_code, aside.stale_since is None) == ("orders.unreadable", False)
    assert DiagnosticEntry.objects.filter(code="reports.rows_aside").exists()


def make(emulator: Emulator, account: AmazonAccount) -> None:
    """Have the report made at Amazon, and leave it to the next run to see that."""
    run(account)
    emulator.advance(60)
    emulator.advance(60)
    hurry()


def change(emulator: Emulator, content: bytes) -> None:
    """Put other content into every report's document."""
    for key, document in emulator.state.report_documents.items():
        changed = replace(document, content=content, is_gzip=False)
        emulator.state.report_documents[key] = changed


def test_file_that_is_no_report_is_given_up(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator)
    report = want(account)
    for _ in range(3):
        make(emulator, account)
        change(emulator, b"nothing\there\r\n1\t2\r\n")
        run(account)
        hurry()

    report.refresh_from_db()
    assert (report.state, report.error_code) == ("failed", "reports.columns_missing")


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
