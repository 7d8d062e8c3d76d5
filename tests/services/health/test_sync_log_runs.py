"""Which of an account's runs the Last Sync Log tells of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.health.sync_log_runs import (
    OFFERED,
    last_sync,
    recent_runs,
    run_of,
)
from channels_amazon.services.jobs import registry
from tests import builders

pytestmark = pytest.mark.django_db
Kind = SyncJob.Kind
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that never ran."""
    return builders.make_account()


def make_run(
    account: AmazonAccount, kind: str, minutes_ago: float, **over: Any
) -> SyncRun:
    """Make a run of a kind that ended well a second after it began."""
    job = account.jobs.filter(kind=kind).first()
    job = job or builders.make_job(account, kind=kind)
    at = NOW - timedelta(minutes=minutes_ago)
    fields = {"state": "done", "finished_at": at + timedelta(seconds=1)}
    return builders.make_run(
        account, job=job, kind=kind, started_at=at, **fields | over
    )


def test_regular_sync_is_what_reads_again_and_again() -> None:
    assert registry.regular_kinds() == {
        Kind.ORDER_SWEEP,
        Kind.LISTINGS,
        Kind.FBA_STOCK,
    }


def test_order_by_event_is_no_sync(account: AmazonAccount) -> None:
    sweep = make_run(account, Kind.ORDER_SWEEP, 20)
    make_run(account, Kind.LISTINGS, 90)
    for minutes in range(10):
        make_run(account, Kind.ORDER_FETCH, minutes)

    assert last_sync(account) == sweep


@pytest.mark.parametrize("state", ["failed", "blocked", "abandoned"])
def test_what_failed_since_the_sync_comes_first(
    account: AmazonAccount, state: str
) -> None:
    sweep = make_run(account, Kind.ORDER_SWEEP, 20)
    make_run(account, Kind.STOCK_PUSH, 30, state=state)
    assert last_sync(account) == sweep

    failed = make_run(account, Kind.STOCK_PUSH, 10, state=state)
    make_run(account, Kind.ORDER_FETCH, 1)
    assert last_sync(account) == failed

    newer = make_run(account, Kind.ORDER_SWEEP, 5)
    assert last_sync(account) == newer


def test_run_that_began_before_the_sync_may_fail_after_it(
    account: AmazonAccount,
) -> None:
    make_run(account, Kind.ORDER_SWEEP, 20)
    slow = make_run(account, Kind.STOCK_PUSH, 20.5, state="failed", finished_at=NOW)

    assert last_sync(account) == slow


def test_wait_for_quota_is_no_failure(account: AmazonAccount) -> None:
    sweep = make_run(account, Kind.ORDER_SWEEP, 20)
    make_run(account, Kind.STOCK_PUSH, 1, state="waiting")

    assert last_sync(account) == sweep


def test_newest_run_stands_in_where_no_sync_ran_yet(account: AmazonAccount) -> None:
    assert last_sync(account) is None
    make_run(account, Kind.PARTICIPATIONS, 2)
    newest = make_run(account, Kind.PERMISSIONS, 1)

    assert last_sync(account) == newest


def test_other_account_s_failure_is_not_ours(account: AmazonAccount) -> None:
    sweep = make_run(account, Kind.ORDER_SWEEP, 20)
    other = builders.make_account(account.store)
    theirs = make_run(other, Kind.ORDER_SWEEP, 1, state="failed")

    assert last_sync(account) == sweep
    assert run_of(account, theirs.pk) is None
    assert run_of(other, theirs.pk) == theirs
    assert run_of(account, 10**30) is None


def test_each_job_is_among_the_runs_to_choose_from(account: AmazonAccount) -> None:
    for minutes in reversed(range(40)):
        make_run(account, Kind.ORDER_FETCH, minutes)
    oldest = make_run(account, Kind.PARTICIPATIONS, 900)
    for minutes in (100, 130, 160):
        make_run(account, Kind.ORDER_SWEEP, minutes)

    by_job = recent_runs(account).by_job

    assert [runs[0].kind for runs in by_job] == [
        Kind.PARTICIPATIONS,
        Kind.ORDER_SWEEP,
        Kind.ORDER_FETCH,
    ]
    assert by_job[0] == [oldest]
    assert len(by_job[1]) == 3
    ages = [run.started_at for run in by_job[2]]
    assert ages == sorted(ages, reverse=True)
    assert ages[0] == NOW
    assert sum(map(len, by_job)) <= OFFERED


def test_choice_costs_the_same_for_any_number_of_runs(account: AmazonAccount) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            recent_runs(account)
        return len(captured)

    make_run(account, Kind.ORDER_SWEEP, 20)
    few = queries()
    for kind in (Kind.ORDER_FETCH, Kind.LISTINGS, Kind.HEALTH):
        for minutes in range(15):
            make_run(account, kind, minutes)

    assert queries() == few == 3
