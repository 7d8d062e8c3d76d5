"""A backlog of orders that we need not ship is brought by a report."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator import Emulator
from channels_amazon.models import AmazonAccount, ApiCall, Order, OrderReport, SyncJob
from channels_amazon.sync import runner
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

FETCH, REPORTS = SyncJob.Kind.ORDER_FETCH, SyncJob.Kind.ORDER_REPORTS
US = "ATVPDKIKX0DER"


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that can call the emulator, and has no orders there."""
    emulator.state.orders.clear()
    return make_account(emulator=emulator)


def sell(emulator: Emulator, account: AmazonAccount, count: int) -> None:
    """Place FBA orders of which an event told us."""
    sku = next(
        listing.sku
        for listing in emulator.state.listings.values()
        if US in listing.offers and listing.is_fba
    )
    ids = emulator.place_orders(
        count, marketplace_id=US, fulfilled_by="AMAZON", sku=sku, quantity=1
    )
    now = timezone.now()
    for place, order_id in enumerate(ids):
        at = now - timedelta(seconds=20, milliseconds=place)
        emulator.state.orders[order_id].updated_at = at
        make_order(
            account,
            lines=(),
            amazon_order_id=order_id,
            fulfilled_by=Order.FulfilledBy.AMAZON,
            completed_at=None,
            last_updated_at=None,
            last_event_at=at,
            stale_since=now,
        )


def complete() -> int:
    """Return how many orders are complete and no longer stale."""
    done = Order.objects.filter(completed_at__isnull=False, stale_since=None)
    return int(done.count())


def test_backlog_beyond_calls_is_brought_by_a_report(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("limits", operation="getOrder", rate=0.01, burst=30, region="na")
    sell(emulator, account, 120)

    for _ in range(10):
        for kind in (FETCH, REPORTS):
            runner.run_kind(account, kind)
        if OrderReport.objects.filter(state__in=OrderReport.DONE).exists():
            break
        emulator.advance(60)
        OrderReport.objects.update(look_after=None)

    report = OrderReport.objects.get()
    assert (report.purpose, report.state) == ("backlog", "read")
    assert complete() == 120
    assert ApiCall.objects.filter(operation="createReport").count() == 1
    assert ApiCall.objects.filter(operation="getOrder").count() <= 30
    assert report.gap_order_ids == []


def test_small_backlog_asks_for_no_report(
    emulator: Emulator, account: AmazonAccount
) -> None:
    sell(emulator, account, 10)

    runner.run_kind(account, FETCH)

    assert complete() == 10
    assert not OrderReport.objects.exists()
