"""A sweep that waits for quota is no outage; one that cannot work is, once it works."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count, repeat

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    OrderReport,
    QuotaBucket,
    ReadingIssue,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.rules.order_reports.requesting import OUTAGE_AFTER
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.jobs.backoff import LONGEST_OF_JOB
from channels_amazon.services.jobs.cadence import longest_gap
from channels_amazon.sync.orders import stand_in, sweep
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy
from tests.builders import make_account
from tests.going_round import going_round
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

SWEEP = SyncJob.Kind.ORDER_SWEEP
State = SyncRun.State
US = "ATVPDKIKX0DER"
MINUTE = timedelta(minutes=1)
HOURS = timedelta(hours=1)
# A slot is a quarter of the interval away at least.
SHORTEST_GAP = sweep.INTERVAL / 4
# `after` stays: a page's token is good for the same query alone.
TIMES = ("low_water", "active_until", "upper_bound", "token_at")


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account without orders whose events are read and first pull is done."""
    emulator.state.orders.clear()
    row = make_account(emulator=emulator, subscription_id="subscription")
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.LISTENING)
    run_through(row, SWEEP)
    return row


def let_pass(time: timedelta) -> None:
    """Let that time pass for the sweep: what its cursor says gets so much older."""
    job = SyncJob.objects.get(kind=SWEEP)
    for name in TIMES:
        if text := job.cursor[name]:
            job.cursor[name] = (datetime.fromisoformat(text) - time).isoformat()
    job.save()


def leave(tokens: float) -> None:
    """Let that many tokens of searchOrders be left, as a backlog does."""
    QuotaBucket.objects.filter(operation="searchOrders").update(
        tokens=tokens, stamp=timezone.now().timestamp()
    )


def run_once(account: AmazonAccount) -> str:
    """Run the sweep once; return how the run ended."""
    made = runner.run_kind(account, SWEEP)
    assert made is not None
    return made.state


def sweep_beside_backlog(account: AmazonAccount, tokens: float) -> timedelta:
    """Run a pass that never finds more tokens than these; return how long it waited."""
    waited = timedelta(0)
    for _ in range(60):
        leave(tokens)
        state = run_once(account)
        job = SyncJob.objects.get(kind=SWEEP)
        if state == State.WAITING:
            wait = job.due_at - timezone.now()
            let_pass(wait)
            waited += wait
        elif not job.progress["open"]:
            assert state == State.DONE
            return waited
    raise AssertionError("The pass did not end.")


def stood_at() -> datetime:
    """Return up to when everything was read."""
    return datetime.fromisoformat(SyncJob.objects.get(kind=SWEEP).cursor["low_water"])


def is_proven_from(low_water: datetime) -> bool:
    """Tell whether one report is wanted, of the time from then until now."""
    report = OrderReport.objects.get()
    newest = timezone.now() - stand_in.NEWEST_SHOWN
    assert report.purpose == OrderReport.Purpose.OUTAGE
    assert timedelta(0) <= newest - report.ends_at < MINUTE
    return report.starts_at == low_water


@pytest.mark.parametrize(
    ("tokens", "orders", "gap"),
    [
        (3.0, 0, SHORTEST_GAP),
        (1.2, 0, SHORTEST_GAP),
        (1.2, 0, longest_gap(sweep.INTERVAL)),
        (1.2, 130, SHORTEST_GAP),
    ],
)
def test_pass_that_a_backlog_puts_off_is_no_outage(
    emulator: Emulator,
    account: AmazonAccount,
    tokens: float,
    orders: int,
    gap: timedelta,
) -> None:
    if orders:
        emulator.place_orders(orders, marketplace_id=US, fulfilled_by="MERCHANT")
        emulator.advance(180)
    let_pass(gap)
    waited = [sweep_beside_backlog(account, tokens)]
    # The next passes begin as late as they may, and wait again.
    for _ in range(2):
        let_pass(longest_gap(sweep.INTERVAL) + LONGEST_OF_JOB)
        waited.append(sweep_beside_backlog(account, tokens))

    assert max(waited) > 10 * MINUTE or gap == longest_gap(sweep.INTERVAL)
    assert not OrderReport.objects.exists()


def test_run_may_start_late_and_fail_before_it_counts_as_an_outage() -> None:
    assert longest_gap(sweep.INTERVAL) + LONGEST_OF_JOB < OUTAGE_AFTER


@pytest.mark.parametrize("waits", [False, True], ids=["between passes", "in a pass"])
def test_sweep_that_nobody_ran_for_two_hours_is_an_outage(
    account: AmazonAccount, *, waits: bool
) -> None:
    if waits:
        leave(0)
        assert run_once(account) == State.WAITING
    let_pass(2 * HOURS)
    low_water = stood_at()
    leave(20)

    run_through(account, SWEEP)

    assert is_proven_from(low_water)
    run_through(account, SWEEP)
    assert OrderReport.objects.count() == 1


def test_outage_is_noted_before_the_quota_lets_the_sweep_read(
    account: AmazonAccount,
) -> None:
    let_pass(2 * HOURS)
    low_water = stood_at()
    leave(0)

    assert run_once(account) == State.WAITING

    assert is_proven_from(low_water)


def test_outage_of_amazon_is_proven_once_it_is_over(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("faults", match="searchOrders", kind="not_json")
    let_pass(50 * MINUTE)
    low_water = stood_at() - 50 * MINUTE
    assert run_once(account) == State.FAILED
    let_pass(50 * MINUTE)
    assert run_once(account) == State.FAILED
    assert not OrderReport.objects.exists()

    emulator.control("faults", clear=True)
    run_through(account, SWEEP)

    assert is_proven_from(low_water)


def test_report_stands_in_for_a_sweep_whose_pages_go_round(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    """Each begins where the one before it was read to: none is asked for twice."""
    amazon_proxy.spoil("searchOrders", going_round(repeat("again")))
    low_water = SyncJob.objects.get(kind=SWEEP).cursor["low_water"]

    assert run_once(account) == State.FAILED
    ReadingIssue.objects.update(retry_at=timezone.now())
    assert run_once(account) == State.FAILED
    report = OrderReport.objects.get()
    assert report.purpose == OrderReport.Purpose.SWEEP
    assert report.starts_at <= datetime.fromisoformat(low_water)

    OrderReport.objects.update(state=OrderReport.State.READ)
    ReadingIssue.objects.update(retry_at=timezone.now())
    assert run_once(account) == State.FAILED
    stored = SyncJob.objects.get(kind=SWEEP).cursor["low_water"]
    assert datetime.fromisoformat(stored) == report.ends_at
    second = OrderReport.objects.exclude(pk=report.pk).get()
    assert second.starts_at == report.ends_at - sweep.OVERLAP


def test_reports_follow_each_other_while_the_pages_rest(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    """The rest pays for the pages of a try, which takes longer than orders may wait."""
    ring = (f"token {number}" for number in count())
    amazon_proxy.spoil("searchOrders", going_round(ring, is_empty=True))
    assert run_once(account) == State.FAILED
    rest = ReadingIssue.objects.get().retry_at - timezone.now()
    assert rest > LONGEST_OF_JOB
    amazon_proxy.forget()

    for number in range(1, 3):
        job = SyncJob.objects.get(kind=SWEEP)
        assert job.due_at <= timezone.now() + LONGEST_OF_JOB
        assert OrderReport.objects.count() == number
        OrderReport.objects.update(state=OrderReport.State.READ)
        assert run_once(account) == State.FAILED

    assert not amazon_proxy.count("searchOrders")


def test_first_pull_whose_pages_go_round_is_brought_by_a_report(
    emulator: Emulator, amazon_proxy: AmazonProxy
) -> None:
    account = make_account(emulator=emulator)
    amazon_proxy.spoil("searchOrders", going_round(repeat("again")))

    assert run_once(account) == State.FAILED

    report = OrderReport.objects.get()
    assert report.purpose == OrderReport.Purpose.FIRST_PULL
    assert report.ends_at - report.starts_at > sweep.FIRST_PULL - 10 * MINUTE
    # Not done: the sweep must read what came after.
    assert SyncJob.objects.get(kind=SWEEP).first_done_at is None
