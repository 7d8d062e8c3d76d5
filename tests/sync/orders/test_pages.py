"""The fetch's pages, a shortcut: where they go round, single calls bring the orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, cycle, repeat

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Order,
    ReadingIssue,
    SyncJob,
)
from channels_amazon.spapi.apis.orders import OrderSearch
from channels_amazon.sync.orders.fetch_state import FetchCursor
from channels_amazon.sync.orders.pages import OrderPages
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.page_trail import (
    MOST_EMPTY,
    MOST_RESTARTS,
    PageTrail,
    Standstill,
)
from tests.amazon_proxy import AmazonProxy, Spoiler, refused_token
from tests.builders import make_account, make_job
from tests.going_round import going_round
from tests.sync.orders.scene import sell

pytestmark = pytest.mark.django_db

FETCH = SyncJob.Kind.ORDER_FETCH


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no run end its search because this machine is slow."""
    monkeypatch.setattr(runner, "SLICE", timedelta(minutes=1))


@pytest.fixture
def account(emulator: Emulator, amazon_proxy: AmazonProxy) -> AmazonAccount:
    """Give an account with so many stale orders that pages are worth their token."""
    made: AmazonAccount = make_account(emulator=emulator)
    for listing in emulator.state.listings.values():
        if listing.quantity is not None:
            listing.quantity = 10_000
    make_stale(emulator, made, sell(emulator, made, 260))
    return made


def make_stale(
    emulator: Emulator, account: AmazonAccount, rows: Sequence[Order]
) -> None:
    """Have the orders changed three minutes ago, as Amazon and its events tell."""
    at = timezone.now() - timedelta(minutes=3)
    Order.objects.filter(pk__in=[row.pk for row in rows]).update(
        last_event_at=at, stale_since=at, fetch_attempts=0
    )
    for row in rows:
        emulator.state.orders[row.amazon_order_id].updated_at = at


def cursor() -> FetchCursor:
    """Return what the fetch's cursor keeps."""
    return FetchCursor.read(SyncJob.objects.get(kind=FETCH).cursor)


def called(operation: str) -> int:
    """Return how often the operation was called."""
    return ApiCall.objects.filter(operation=operation).count()


def let_search_again() -> None:
    """Let the pause after a refused search pass."""
    found = cursor()
    paused = replace(found, search_refused_at=None, search_again_at=None)
    SyncJob.objects.filter(kind=FETCH).update(cursor=paused.stored())
    ReadingIssue.objects.update(retry_at=timezone.now())


def test_pages_that_go_round_leave_the_orders_to_single_calls(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    amazon_proxy.spoil("searchOrders", going_round(repeat("again")))

    for _ in range(3):
        runner.run_kind(account, FETCH)

    assert called("searchOrders") == 2
    assert called("getOrder") >= 1
    issue = ReadingIssue.objects.get()
    assert (issue.kind, issue.cause) == (FETCH, "no_progress")
    assert cursor().search_again_at == issue.retry_at
    assert DiagnosticEntry.objects.filter(code="sync.no_progress").count() == 1

    amazon_proxy.mend()
    let_search_again()
    make_stale(emulator, account, list(Order.objects.all()))
    runner.run_kind(account, FETCH)

    assert called("searchOrders") > 2
    assert not ReadingIssue.objects.exists()


def test_token_that_is_refused_again_and_again_is_told(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    amazon_proxy.spoil("searchOrders", refused_token())
    rows = list(Order.objects.all())

    for number in range(1, MOST_RESTARTS + 1):
        runner.run_kind(account, FETCH)
        assert cursor().refusals == number
        assert not ReadingIssue.objects.exists()
        let_search_again()
        make_stale(emulator, account, rows)
    runner.run_kind(account, FETCH)

    assert ReadingIssue.objects.get().kind == FETCH
    assert called("searchOrders") == 2 * (MOST_RESTARTS + 1)


def test_search_that_shows_none_of_its_orders_is_not_repeated_at_once(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    """Tokens of searchOrders are dear, and the same search brings the same pages."""
    tokens = (f"token {number}" for number in count())
    amazon_proxy.spoil("searchOrders", going_round(tokens, is_empty=True))

    for _ in range(3):
        runner.run_kind(account, FETCH)

    assert called("searchOrders") <= MOST_EMPTY + 1
    assert cursor().search_refused_at is not None


@pytest.mark.parametrize(
    "spoiler",
    [
        going_round(cycle(["A", "B"])),
        going_round(f"token {number}" for number in count()),
    ],
    ids=["a ring", "the same rows"],
)
def test_search_within_one_run_ends_where_pages_go_round(
    emulator: Emulator, amazon_proxy: AmazonProxy, spoiler: Spoiler
) -> None:
    account = make_account(emulator=emulator)
    make_stale(emulator, account, sell(emulator, account, 3))
    amazon_proxy.spoil("searchOrders", spoiler)
    job = make_job(account, kind=FETCH)
    now = timezone.now()
    ctx = RunContext(account, job, "", started_at=now, deadline=now)
    pages = OrderPages(
        ctx, OrderSearch(last_updated_after=now - timedelta(days=1)), PageTrail()
    )

    def read_all() -> None:
        while pages.has_next:
            pages.take()

    with pytest.raises(Standstill):
        read_all()
    assert 3 <= pages.read <= 4
