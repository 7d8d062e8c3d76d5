"""The fetch's pages, a shortcut: where they go round, single calls bring the orders."""

from __future__ import annotations

from datetime import datetime, timedelta
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
from channels_amazon.sync.orders.fetch_state import SEARCH_PAUSE, FetchCursor
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.page_trail import MOST_RESTARTS
from tests.amazon_proxy import AmazonProxy, Spoiler, going_round, refusal
from tests.builders import make_account
from tests.sync.orders.scene import sell

pytestmark = pytest.mark.django_db

FETCH = SyncJob.Kind.ORDER_FETCH


@pytest.fixture
def account(emulator: Emulator, amazon_proxy: AmazonProxy) -> AmazonAccount:
    """Give an account with so many stale orders that pages are worth their token."""
    made: AmazonAccount = make_account(emulator=emulator)
    at = timezone.now() - timedelta(minutes=3)
    rows = sell(emulator, made, 420)
    Order.objects.filter(pk__in=[row.pk for row in rows]).update(last_event_at=at)
    for row in rows:
        emulator.state.orders[row.amazon_order_id].updated_at = at
    return made


def cursor() -> FetchCursor:
    """Return what the fetch's cursor keeps."""
    return FetchCursor.read(SyncJob.objects.get(kind=FETCH).cursor)


def gave(operation: str) -> int:
    """Return how often the operation was answered well."""
    return ApiCall.objects.filter(operation=operation, status=200).count()


def let_search_again() -> None:
    """Let the pause after a refused search pass."""
    long_ago = timezone.now() - SEARCH_PAUSE
    for job in SyncJob.objects.filter(kind=FETCH):
        found = FetchCursor.read(job.cursor)
        job.cursor = FetchCursor(long_ago, None, found.refusals).stored()
        job.save()


@pytest.mark.parametrize(
    "spoiler",
    [
        going_round(repeat("again")),
        going_round(cycle(["A", "B"])),
        going_round(f"token {number}" for number in count()),
    ],
    ids=["the same token", "a ring", "the same rows"],
)
def test_pages_that_go_round_leave_the_orders_to_single_calls(
    amazon_proxy: AmazonProxy, account: AmazonAccount, spoiler: Spoiler
) -> None:
    amazon_proxy.spoil("searchOrders", spoiler)

    runner.run_kind(account, FETCH)

    assert gave("searchOrders") <= 4
    runner.run_kind(account, FETCH)
    runner.run_kind(account, FETCH)
    assert gave("searchOrders") <= 4
    assert gave("getOrder") >= 1
    issue = ReadingIssue.objects.get()
    assert (issue.kind, issue.cause) == (FETCH, "no_progress")
    again_at = cursor().search_again_at
    assert again_at is not None
    assert again_at == issue.retry_at
    assert DiagnosticEntry.objects.get().code == "sync.no_progress"

    amazon_proxy.mend()
    let_search_again()
    runner.run_kind(account, FETCH)

    assert gave("searchOrders") > 2
    assert not ReadingIssue.objects.exists()


def test_token_that_is_refused_again_and_again_is_told(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    refuse = refusal(400, "InvalidInput")
    amazon_proxy.spoil("searchOrders", going_round(repeat("t")), where=is_first)
    amazon_proxy.spoil("searchOrders", refuse)

    for number in range(1, MOST_RESTARTS + 1):
        make_stale()
        runner.run_kind(account, FETCH)
        assert cursor().refusals == number
        assert not ReadingIssue.objects.exists()
        let_search_again()
    make_stale()
    runner.run_kind(account, FETCH)

    assert ReadingIssue.objects.get().kind == FETCH


def test_search_that_shows_none_of_its_orders_is_not_repeated_at_once(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    """Tokens of searchOrders are dear, and the same search brings the same pages."""
    amazon_proxy.spoil(
        "searchOrders", going_round(f"t {n}" for n in count(1)), where=is_first
    )
    amazon_proxy.spoil("searchOrders", none_of_ours())

    runner.run_kind(account, FETCH)

    assert gave("searchOrders") <= 5
    assert cursor().search_refused_at is not None
