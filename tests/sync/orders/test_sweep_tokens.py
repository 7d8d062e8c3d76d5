"""An outage costs few of the tokens that take minutes to grow, and stays an outage."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    QuotaBucket,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.order_reports.requests import Purpose, want_report
from channels_amazon.spapi.operations import SEARCH_ORDERS
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import (
    AmazonProxy,
    Spoiler,
    answers,
    drip,
    html,
    refusal,
    reset,
)
from tests.builders import make_account
from tests.sync.orders.scene import sell
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = SyncRun.State
DOWN = refusal(503, "ServiceUnavailable", "Service is unavailable.")
# Seconds in which searchOrders grows a token.
RESTORES_IN = 1 / SEARCH_ORDERS.rate


@pytest.fixture
def account(amazon_proxy: AmazonProxy, emulator: Emulator) -> AmazonAccount:
    """Give an account all of whose calls pass the proxy, its first pull done."""
    row = make_account(emulator=emulator)
    run_through(row, Kind.ORDER_SWEEP)
    amazon_proxy.forget()
    return row


def run(account: AmazonAccount, kind: str) -> tuple[SyncJob, SyncRun]:
    """Run the job; return both rows."""
    made = runner.run_kind(account, kind)
    assert made is not None
    return SyncJob.objects.get(account=account, kind=kind), made


def tokens(operation: str) -> float:
    """Return the tokens that are left, as last written."""
    found: float = QuotaBucket.objects.get(operation=operation).tokens
    return found


@pytest.mark.parametrize("spoiler", [DOWN, html(503), reset(), drip(0.5)])
def test_failing_search_costs_one_token_a_run_and_waits_for_the_next(
    account: AmazonAccount,
    amazon_proxy: AmazonProxy,
    monkeypatch: pytest.MonkeyPatch,
    spoiler: Spoiler,
) -> None:
    monkeypatch.setattr(
        "channels_amazon.services.amazon_client.factory.CALL_SECONDS", 1
    )
    amazon_proxy.spoil(SEARCH_ORDERS, spoiler)
    pauses = []

    for number in range(1, 6):
        job, made = run(account, Kind.ORDER_SWEEP)
        assert made.state == State.FAILED
        assert amazon_proxy.count(SEARCH_ORDERS) == number
        assert job.attempts == number
        pauses.append((job.due_at - timezone.now()).total_seconds())

    assert pauses[0] >= RESTORES_IN / 5
    assert RESTORES_IN - 10 <= max(pauses) <= RESTORES_IN
    assert DiagnosticEntry.objects.filter(code="job.failing").count() == 1

    amazon_proxy.mend()
    job, made = run(account, Kind.ORDER_SWEEP)
    assert (made.state, job.attempts) == (State.DONE, 0)


def test_outage_with_an_empty_bucket_stays_an_outage(
    account: AmazonAccount, amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    sell(emulator, account, 3)
    amazon_proxy.spoil("getOrder", DOWN)
    QuotaBucket.objects.create(
        subject=account.quota_subject,
        operation="getOrder",
        tokens=1.5,
        stamp=timezone.now().timestamp(),
        # A cheap one, so that the client repeats; the next token comes in nine seconds.
        rate=0.11,
        burst=30.0,
    )

    job, made = run(account, Kind.ORDER_FETCH)

    assert (made.state, made.code) == (State.FAILED, "amazon.outage")
    assert amazon_proxy.count("getOrder") == 1
    # Then the next token is there.
    assert 3 < (job.due_at - timezone.now()).total_seconds() < 10
    assert (job.attempts, job.waiting_until) == (1, None)
    assert DiagnosticEntry.objects.filter(code="amazon.outage").count() == 1


def test_wait_for_quota_between_two_failures_does_not_end_the_streak(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    amazon_proxy.spoil(SEARCH_ORDERS, DOWN)
    run(account, Kind.ORDER_SWEEP)
    QuotaBucket.objects.filter(operation=SEARCH_ORDERS.name).update(
        tokens=0.0, stamp=timezone.now().timestamp()
    )

    job, made = run(account, Kind.ORDER_SWEEP)

    assert (made.state, job.attempts) == (State.WAITING, 1)
    assert amazon_proxy.count(SEARCH_ORDERS) == 1


@pytest.mark.parametrize(
    "spoiler", [answers(302, location="http://login.example/"), html(511)]
)
def test_call_that_amazon_never_got_costs_no_token(
    account: AmazonAccount, amazon_proxy: AmazonProxy, spoiler: Spoiler
) -> None:
    before = tokens(SEARCH_ORDERS.name)
    amazon_proxy.spoil(SEARCH_ORDERS, spoiler)

    for _ in range(3):
        run(account, Kind.ORDER_SWEEP)

    assert amazon_proxy.count(SEARCH_ORDERS) == 3
    assert tokens(SEARCH_ORDERS.name) >= before


def test_lone_order_that_amazon_cannot_give_is_an_outage_that_is_told(
    account: AmazonAccount, amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    (order,) = sell(emulator, account, 1)
    amazon_proxy.spoil("getOrder", reset())

    job, made = run(account, Kind.ORDER_FETCH)

    assert (made.state, made.code) == (State.FAILED, "network.read")
    order.refresh_from_db()
    assert (order.fetch_after, order.fetch_attempts) == (None, 0)
    amazon_proxy.mend()
    run(account, Kind.ORDER_FETCH)
    order.refresh_from_db()
    assert order.stale_since is None


def test_one_order_among_many_rests_and_the_others_come(
    account: AmazonAccount, amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    bad, *others = sell(emulator, account, 4)
    amazon_proxy.spoil(
        "getOrder", DOWN, where=lambda asked: bad.amazon_order_id in asked.path
    )

    assert run_through(account, Kind.ORDER_FETCH).state == State.DONE

    for order in (bad, *others):
        order.refresh_from_db()
    assert [order.stale_since for order in others] == [None] * 3
    assert bad.fetch_after is not None
    assert bad.fetch_after <= timezone.now() + timedelta(minutes=5)


def test_refused_search_spends_one_token_and_no_new_access_token(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    amazon_proxy.spoil(SEARCH_ORDERS, refusal(403, "Unauthorized"))

    run(account, Kind.ORDER_SWEEP)

    assert amazon_proxy.count(SEARCH_ORDERS) == 1
    assert not amazon_proxy.count("lwa.token")


def test_outage_of_reports_spares_their_tokens(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    now: datetime = timezone.now()
    want_report(
        account, purpose=Purpose.DAILY, starts_at=now - timedelta(days=1), ends_at=now
    )
    amazon_proxy.spoil("createReport", DOWN)

    job, made = run(account, Kind.ORDER_REPORTS)

    assert made.state == State.FAILED
    assert amazon_proxy.count("createReport") == 1
    assert 10 <= (job.due_at - timezone.now()).total_seconds() <= 60
