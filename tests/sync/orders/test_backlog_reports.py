"""A backlog of orders that we need not ship is brought by a report."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, ApiCall, Order, OrderReport, SyncJob
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose, State
from channels_amazon.sync.runtime import runner
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


def want(account: AmazonAccount, starts_at: datetime, ends_at: datetime) -> OrderReport:
    """Want a part of the backlog."""
    report = requests.want_report(
        account, purpose=Purpose.BACKLOG, starts_at=starts_at, ends_at=ends_at
    )
    assert report is not None
    return report


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
        if OrderReport.objects.exclude(state__in=OrderReport.OPEN).exists():
            break
        emulator.advance(60)
        OrderReport.objects.update(next_poll_at=None)

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


def test_next_part_of_a_growing_backlog_is_asked_for_before_the_last_is_there(
    account: AmazonAccount,
) -> None:
    now = timezone.now()
    first = want(account, now - timedelta(minutes=5), now)
    OrderReport.objects.filter(pk=first.pk).update(
        state=State.REQUESTED, requested_at=now, report_id="r1", attempts=1
    )

    second = want(account, now, now + timedelta(seconds=20))
    wider = want(account, now, now + timedelta(seconds=40))
    covered = want(account, now - timedelta(minutes=4), now)

    assert second.pk == wider.pk != first.pk
    assert covered.pk == first.pk
    seen = OrderReport.objects.get(pk=second.pk)
    assert (seen.state, seen.ends_at) == (State.WANTED, now + timedelta(seconds=40))


def test_part_that_failed_is_wished_for_anew_beside_the_next(
    account: AmazonAccount,
) -> None:
    now = timezone.now()
    first = want(account, now - timedelta(minutes=5), now)
    OrderReport.objects.filter(pk=first.pk).update(
        state=State.REQUESTED, requested_at=now, report_id="r1", attempts=1
    )
    first.refresh_from_db()
    second = want(account, now, now + timedelta(seconds=20))

    failure = requests.Failure("reports.failed", "Amazon could not.")
    requests.note_failed(first, failure, is_final=False)

    wishes = OrderReport.objects.filter(state=State.WANTED).order_by("pk")
    assert [row.pk for row in wishes] == [first.pk, second.pk]


def test_part_that_cannot_be_wished_for_now_is_waited_for(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("limits", operation="getOrder", rate=0.01, burst=30, region="na")
    sell(emulator, account, 120)
    now = timezone.now()
    other = want(account, now - timedelta(days=2), now - timedelta(days=1))
    OrderReport.objects.filter(pk=other.pk).update(requested_at=now)

    # The first runs make the calls that there are tokens for.
    for _ in range(9):
        runner.run_kind(account, FETCH)
        due_at = SyncJob.objects.get(kind=FETCH).due_at
        if due_at > timezone.now():
            break

    assert due_at > timezone.now()
    assert OrderReport.objects.count() == 1


def test_planner_knows_every_part_that_is_under_way(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("limits", operation="getOrder", rate=0.01, burst=30, region="na")
    sell(emulator, account, 120)
    runner.run_kind(account, FETCH)
    runner.run_kind(account, REPORTS)
    now = timezone.now()
    minute = timedelta(minutes=1)
    Order.objects.update(last_event_at=now - 2 * minute)
    OrderReport.objects.update(
        starts_at=now - 3 * minute, ends_at=now - minute, requested_at=now - minute / 3
    )
    known = set(Order.objects.values_list("pk", flat=True))
    sell(emulator, account, 60)
    Order.objects.exclude(pk__in=known).update(last_event_at=now - minute / 2)

    runner.run_kind(account, FETCH)
    runner.run_kind(account, REPORTS)

    parts = list(OrderReport.objects.order_by("pk"))
    assert [part.state for part in parts] == [State.REQUESTED] * 2
    assert parts[1].starts_at > parts[0].ends_at
