"""Plays reports through: places orders, wants reports, and brings them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    OrderReport,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.order_reports import requests
from channels_amazon.sync.runtime import runner

REPORTS, FETCH = SyncJob.Kind.ORDER_REPORTS, SyncJob.Kind.ORDER_FETCH
SWEEP = SyncJob.Kind.ORDER_SWEEP
State, Purpose = OrderReport.State, OrderReport.Purpose
US = "ATVPDKIKX0DER"
MOST_QUERIES_AN_ORDER = 3


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
    account: AmazonAccount,
    purpose: OrderReport.Purpose = Purpose.DAILY,
    days: float = 3,
) -> OrderReport:
    """Want a report of the last days."""
    now = timezone.now()
    report = requests.want_report(
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
    OrderReport.objects.update(next_poll_at=None, **columns)


def bring(emulator: Emulator, account: AmazonAccount, report: OrderReport) -> None:
    """Run the job, and let Amazon's time pass, until the report is through."""
    for _ in range(30):
        run(account)
        report.refresh_from_db()
        if report.state not in OrderReport.OPEN:
            return
        emulator.advance(30)
        hurry()
    raise AssertionError(report.state)


def calls(operation: str) -> int:
    """Return how often the operation was called."""
    return ApiCall.objects.filter(operation=operation).count()


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
