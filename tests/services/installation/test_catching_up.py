"""A restored or long-stopped installation reads first, and raises nothing before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Installation,
    Listing,
    OrderReport,
    PushState,
    QuotaBucket,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.installation import catching_up
from channels_amazon.spapi import operations
from channels_amazon.sync.orders import stand_in, sweep
from channels_amazon.sync.orders.sweep_cursor import read_cursor
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy, edited
from tests.health.faults import codes, report_of
from tests.services.installation.unread import (
    begin_behind,
    lack_orders,
    make_read,
    read_to,
    shown,
)
from tests.sync.running import run_through
from tests.sync.shipping.scene import make_shipper, place, run, ship
from tests.sync.stock.scene import (
    count,
    merchant_listings,
    patched,
    theirs,
)

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that was read up to an hour before the work began."""
    return make_read(emulator)


@pytest.mark.parametrize("is_known", [True, False])
def test_no_quantity_is_raised_and_a_lower_one_goes(
    emulator: Emulator, account: AmazonAccount, is_known: bool
) -> None:
    up, down = merchant_listings(account, 2)
    for listing in (up, down):
        theirs(emulator, listing).quantity = 10
        if is_known:
            Listing.objects.filter(pk=listing.pk).update(acknowledged_quantity=10)
    begin_behind()
    count(up, 70)
    count(down, 3)

    run_through(account, Kind.STOCK_PUSH)

    assert theirs(emulator, up).quantity == 10
    assert theirs(emulator, down).quantity == 3
    assert shown(up).push_state == PushState.HELD
    assert "all orders that were not read" in up.push_error
    assert patched(emulator) == [down.seller_sku]


def test_quantity_that_was_accepted_before_is_not_put_back_up(
    emulator: Emulator, account: AmazonAccount
) -> None:
    """The copy knows of 10; meanwhile Amazon sold 6 of them."""
    (listing,) = merchant_listings(account, 1)
    theirs(emulator, listing).quantity = 4
    begin_behind()
    count(listing, 10)
    Listing.objects.filter(pk=listing.pk).update(
        acknowledged_quantity=10, push_due=True
    )

    run_through(account, Kind.STOCK_PUSH)

    assert theirs(emulator, listing).quantity == 4
    assert shown(listing).push_state == PushState.HELD


def test_sweep_that_passes_the_start_lets_quantities_rise(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    theirs(emulator, listing).quantity = 10
    begin_behind(ago=stand_in.NEWEST_SHOWN + timedelta(seconds=5))
    count(listing, 70)
    run_through(account, Kind.STOCK_PUSH)
    assert shown(listing).push_state == PushState.HELD
    assert catching_up.is_behind(account)

    run_through(account, Kind.ORDER_SWEEP)

    assert not catching_up.is_behind(account)
    run_through(account, Kind.STOCK_PUSH)
    assert theirs(emulator, listing).quantity == 70
    assert catching_up.end_where_read()
    assert Installation.objects.get().behind_at is None


def test_sweep_comes_again_as_soon_as_it_can_answer_up_to_the_start(
    account: AmazonAccount,
) -> None:
    at = begin_behind()
    run = run_through(account, Kind.ORDER_SWEEP)
    assert run.state == SyncRun.State.DONE
    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    # The account's slot of a sweep without events may come sooner.
    assert at < job.due_at <= at + stand_in.NEWEST_SHOWN * 1.1
    assert catching_up.is_behind(account)


def test_search_that_lags_is_not_asked_again_at_once(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    at = begin_behind(timedelta(minutes=5))
    read_to(account, at - timedelta(minutes=1))

    def lag(answer: Any) -> Any:
        until = at - timedelta(seconds=30)
        return answer | {"lastUpdatedBefore": f"{until:%Y-%m-%dT%H:%M:%SZ}"}

    amazon_proxy.spoil("searchOrders", edited(lag))
    run_through(account, Kind.ORDER_SWEEP)

    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    assert job.due_at > timezone.now() + sweep.LAGS_AGAIN_AFTER / 2
    assert catching_up.is_behind(account)


def test_behind_takes_the_tokens_in_reserve(account: AmazonAccount) -> None:
    QuotaBucket.objects.filter(operation=operations.SEARCH_ORDERS.name).delete()
    make_bucket(account, tokens=1.5)
    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    read_to(account, timezone.now() - timedelta(minutes=20))
    kept = runner.run_kind(account, Kind.ORDER_SWEEP)
    assert kept is not None
    assert kept.state == SyncRun.State.WAITING

    begin_behind()
    run = runner.run_kind(account, Kind.ORDER_SWEEP)

    assert run is not None
    assert (run.state, run.calls) == (SyncRun.State.DONE, 1)
    job.refresh_from_db()


def make_bucket(account: AmazonAccount, tokens: float) -> None:
    QuotaBucket.objects.create(
        subject=account.quota_subject,
        operation=operations.SEARCH_ORDERS.name,
        rate=operations.SEARCH_ORDERS.rate,
        burst=operations.SEARCH_ORDERS.burst,
        tokens=tokens,
        stamp=timezone.now().timestamp(),
    )


def make_report(account: AmazonAccount, start: datetime, end: datetime) -> None:
    OrderReport.objects.create(
        account=account,
        purpose=OrderReport.Purpose.OUTAGE,
        state=OrderReport.State.READ,
        starts_at=start,
        ends_at=end,
    )


def test_report_beyond_the_pages_ends_it_and_the_sweep_goes_on_there(
    account: AmazonAccount,
) -> None:
    at = begin_behind()
    low = timezone.now() - timedelta(hours=1)
    make_report(account, low - timedelta(minutes=1), at - timedelta(minutes=9))
    assert catching_up.is_behind(account)
    make_report(account, low - timedelta(minutes=1), at + timedelta(seconds=1))
    assert not catching_up.is_behind(account)


def test_pages_of_what_a_report_brought_are_not_read(
    emulator: Emulator, account: AmazonAccount
) -> None:
    at = begin_behind()
    reported = at - timedelta(minutes=5)
    make_report(account, at - timedelta(hours=2), reported)

    run_through(account, Kind.ORDER_SWEEP)

    (call,) = [
        one for one in emulator.state.requests if one.operation == "searchOrders"
    ]
    asked = datetime.fromisoformat(parse_qs(call.query)["lastUpdatedAfter"][0])
    assert abs(asked - (reported - sweep.OVERLAP)) < timedelta(seconds=2)
    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    reached = read_cursor(job.cursor).low_water
    assert reached is not None
    assert reached > reported


def let_all_be_read(account: AmazonAccount) -> None:
    """Let the work begin behind by a restore, and the account be read since."""
    at = begin_behind(timedelta(hours=2))
    read_to(account, at)
    assert catching_up.end_where_read()


def restored_and_stopped(account: AmazonAccount) -> None:
    """Let a restored account keep its mark alone, since its sweep is stopped."""
    begin_behind()
    lack_orders(account)
    assert catching_up.end_where_read()


@pytest.mark.parametrize(
    ("begin", "looks"),
    [
        (lambda account: begin_behind(), True),
        (lambda account: restored_and_stopped(account), True),
        (lambda account: begin_behind(cause="stopped"), False),
        (lambda account: lack_orders(account), False),
        (let_all_be_read, False),
        (lambda account: None, False),
    ],
)
def test_first_confirmation_looks_first_where_a_restore_is_unread(
    emulator: Emulator, begin: Callable[[AmazonAccount], object], looks: bool
) -> None:
    account = make_shipper(emulator)
    order = place(emulator, account)
    shipment = ship(order)
    read_to(account, timezone.now() - timedelta(hours=1))
    begin(account)
    emulator.state.requests.clear()

    run(account)

    shipment.refresh_from_db()
    assert shipment.attempts == 1
    called = [one.operation for one in emulator.state.requests]
    assert called[: called.index("confirmShipment")].count("getOrder") == looks


def test_health_check_says_how_far_it_is(account: AmazonAccount) -> None:
    begin_behind()
    found = {one["code"]: one for one in report_of(account)["findings"]}
    assert found["installation.behind"]["level"] == "warning"
    assert {"read_up_to", "until", "reason"} <= set(
        found["installation.behind"]["evidence"]
    )
    assert "orders.gap" not in codes(report_of(account))


def test_account_in_its_first_pull_pushes(
    emulator: Emulator, account: AmazonAccount
) -> None:
    SyncJob.objects.filter(kind=Kind.ORDER_SWEEP).update(cursor={})
    (listing,) = merchant_listings(account, 1)
    begin_behind()
    count(listing, 70)
    run_through(account, Kind.STOCK_PUSH)
    assert theirs(emulator, listing).quantity == 70
