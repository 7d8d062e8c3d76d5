"""Documents are read in slices, whatever they look like and whoever dies."""

from __future__ import annotations

import gzip
import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Order,
    OrderReport,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.order_reports import comparison, fields
from channels_amazon.spapi.order_report import ReportOrder
from channels_amazon.sync.order_reports import reading
from channels_amazon.sync.order_reports import reconciler as order_reports
from channels_amazon.sync.orders import intake
from channels_amazon.sync.runtime.context import RunContext
from tests.builders import make_account
from tests.sync.order_reports.scene import (
    REPORTS,
    State,
    bring,
    calls,
    change,
    hurry,
    make,
    run,
    sell,
    want,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that can call the emulator, and has no orders there."""
    emulator.state.orders.clear()
    return make_account(emulator=emulator)


def slices_of(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let the time of a run be up after so many orders, once it reads a report."""
    read = reading.read

    def read_slice(ctx: RunContext, report: OrderReport) -> None:
        ctx.deadline = timezone.now()
        read(ctx, report)

    monkeypatch.setattr(reading, "LEAST_STORED", count)
    monkeypatch.setattr(order_reports, "read", read_slice)


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

    (signature,) = emulator.state.signed_urls
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
    monkeypatch.setattr(comparison, "BATCH", 10)
    ids = sell(emulator, 25)
    report = want(account)

    bring(emulator, account, report)

    assert (report.orders_seen, report.orders_missing) == (25, 25)
    assert report.gap_order_ids == ids or set(report.gap_order_ids) == set(ids)
    assert Order.objects.filter(completed_at__isnull=False).count() == 25


class Killed(BaseException):
    """Stands for a process that ends without a chance to tidy up."""


@pytest.mark.parametrize("place", [0, 3, 4, 9])
@pytest.mark.parametrize("is_stored", [False, True])
def test_killed_worker_loses_and_doubles_nothing(
    emulator: Emulator,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    place: int,
    *,
    is_stored: bool,
) -> None:
    monkeypatch.setattr(comparison, "BATCH", 10)
    monkeypatch.setattr(reading, "ORDERS_A_TRANSACTION", 3)
    sell(emulator, 25)
    report = want(account)
    store = intake.store_reported
    count = 0

    def die_at(*args: object) -> int:
        nonlocal count
        count += 1
        if count == place + 1:
            if is_stored:
                store(*args)  # type: ignore[arg-type]
            raise Killed
        return store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "store_reported", die_at)
    with pytest.raises(Killed):
        bring(emulator, account, report)
    SyncJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    bring(emulator, account, report)

    assert (report.orders_seen, report.orders_missing) == (25, 25)
    assert len(set(report.gap_order_ids)) == 25
    assert Order.objects.count() == 25


def test_order_that_cannot_be_stored_leaves_the_others_stored(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sell(emulator, 7)
    write = fields.write_report

    def fail_for_one(order: Order, data: ReportOrder) -> None:
        if data.order_id == ids[3]:
            raise OverflowError
        write(order, data)

    monkeypatch.setattr(fields, "write_report", fail_for_one)
    report = want(account)

    bring(emulator, account, report)

    assert (report.state, report.orders_missing) == (State.READ, 7)
    assert Order.objects.filter(completed_at__isnull=False).count() == 6
    quarantined = Order.objects.get(amazon_order_id=ids[3])
    assert (quarantined.quarantine_code, quarantined.reported_at) == (
        "orders.import_failed",
        None,
    )
    assert quarantined.stale_since is not None
    last = SyncRun.objects.filter(job__kind=REPORTS).latest("pk")
    assert (last.rows_seen, last.rows_quarantined) == (7, 1)


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

    assert (report.state, report.rows_quarantined, report.orders_seen) == ("read", 1, 1)
    assert Order.objects.get(amazon_order_id=good).completed_at is not None
    quarantined = Order.objects.get(amazon_order_id=bad)
    assert (quarantined.quarantine_code, quarantined.stale_since is None) == (
        "orders.unreadable",
        False,
    )
    assert DiagnosticEntry.objects.filter(code="reports.rows_aside").exists()


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
