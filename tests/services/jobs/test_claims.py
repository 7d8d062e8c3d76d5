"""Due jobs are taken by their rank, several at once, each by one process."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.jobs import claims, leases, lifecycle
from channels_amazon.services.jobs.leases import Finish
from tests.builders import make_account, make_job, make_store
from tests.processes import Processes
from tests.services.jobs.scene import (
    LEASE,
    SECOND,
    claim,
    claimed,
    fresh,
)

pytestmark = pytest.mark.django_db


def test_claim_due_takes_the_longest_due_first() -> None:
    now = timezone.now()
    make_job(due_at=now - 1 * SECOND)
    older = make_job(due_at=now - 9 * SECOND)
    assert claimed().pk == older.pk


def test_claim_due_leaves_jobs_of_the_future() -> None:
    make_job(due_at=timezone.now() + 60 * SECOND)
    assert claim() is None


@pytest.mark.parametrize(
    "state",
    [AmazonAccount.State.NEEDS_AUTHORIZATION, AmazonAccount.State.DISCONNECTED],
)
def test_claim_due_leaves_accounts_that_are_not_connected(state: str) -> None:
    make_job(make_account(state=state))
    assert claim() is None


def test_claim_due_takes_a_job_once() -> None:
    make_job()
    first = claimed("one")
    assert claim("two") is None
    assert fresh(first).attempts == 1


def test_claim_due_serves_another_account_after_a_run() -> None:
    busy, waiting = make_job(), make_job()
    first = claimed("one")
    leases.finish(first, "one", Finish(due_at=timezone.now(), is_complete=False))
    assert {first.pk, claimed("two").pk} == {busy.pk, waiting.pk}


def test_is_work_due_sees_due_jobs_and_dead_leases() -> None:
    assert not claims.is_work_due()
    make_job()
    assert claims.is_work_due()
    claimed("dead")
    assert not claims.is_work_due()
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    assert claims.is_work_due()


def test_claim_prefers_what_a_buyer_waits_for() -> None:
    account = make_account()
    now = timezone.now()
    make_job(account, kind=SyncJob.Kind.LISTINGS, due_at=now - timedelta(seconds=30))
    make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=now - timedelta(seconds=1))
    (first,) = claims.claim_due("one", LEASE)
    assert first.kind == SyncJob.Kind.ORDER_FETCH


def test_claim_lets_nothing_starve() -> None:
    account = make_account()
    now = timezone.now()
    make_job(account, kind=SyncJob.Kind.LISTINGS, due_at=now - timedelta(minutes=2))
    make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=now - timedelta(seconds=1))
    (first,) = claims.claim_due("one", LEASE)
    assert first.kind == SyncJob.Kind.LISTINGS


def test_push_is_taken_before_a_fetch_that_was_due_a_little_longer() -> None:
    now = timezone.now()
    account = make_account()
    for kind, seconds in ((SyncJob.Kind.ORDER_FETCH, 20), (SyncJob.Kind.STOCK_PUSH, 1)):
        make_job(account, kind=kind, due_at=now - timedelta(seconds=seconds))

    (taken,) = claims.claim_due(claims.new_holder(), LEASE)

    assert taken.kind == SyncJob.Kind.STOCK_PUSH


def test_claim_takes_several_by_their_rank() -> None:
    now = timezone.now()
    made = [make_job(due_at=now - seconds * SECOND) for seconds in range(5, 0, -1)]
    taken = claims.claim_due("me", LEASE, limit=3)
    assert [job.pk for job in taken] == [job.pk for job in made[:3]]
    assert {fresh(job).lease_holder for job in taken} == {"me"}


def test_what_was_not_begun_is_given_back_as_it_was() -> None:
    for _ in range(3):
        make_job()
    first, *rest = claims.claim_due("me", LEASE, limit=3)
    assert claims.give_back_unstarted("me", [job.pk for job in rest]) == 2
    left = fresh(rest[0])
    assert (left.attempts, left.lease_holder, left.lease_until) == (0, "", None)
    assert fresh(first).lease_holder == "me"
    assert len(claims.claim_due("another", LEASE, limit=3)) == 2


def test_what_was_unblocked_before_it_began_is_given_back_too() -> None:
    account = make_account()
    for kind in ("permissions", "listings"):
        make_job(account, kind=kind)
    _begun, waiting = claims.claim_due("me", LEASE, limit=2)
    lifecycle.unblock(account, [waiting.kind])
    assert claims.give_back_unstarted("me", [waiting.pk]) == 1
    assert (fresh(waiting).attempts, fresh(waiting).lease_until) == (0, None)


def test_blocked_job_is_not_due_before_its_retry() -> None:
    job = make_job()
    lifecycle.block(job, "permission.orders_missing", "The role is missing.")
    assert not claims.is_work_due()
    assert claim() is None


def test_job_that_somebody_waits_for_is_claimed_alone() -> None:
    now = timezone.now()
    account = make_account()
    for kind, seconds in (("listings", 99), ("order_fetch", 9), ("parcels", 3)):
        make_job(account, kind=kind, due_at=now - seconds * SECOND)
    taken = [[job.kind for job in claims.claim_due("me", LEASE, limit=3)]]
    taken += [[job.kind for job in claims.claim_due(name, LEASE, 3)] for name in "ab"]
    assert sorted(map(sorted, taken)) == [["listings"], ["order_fetch"], ["parcels"]]


def test_job_that_failed_before_is_claimed_alone() -> None:
    now = timezone.now()
    for seconds, attempts in ((99, 0), (98, 0), (9, 2), (3, 0)):
        make_job(due_at=now - seconds * SECOND, attempts=attempts)
    taken = [
        [job.attempts for job in claims.claim_due(name, LEASE, limit=3)]
        for name in "abc"
    ]
    # What waits has no attempt, so that whoever finds it knows that it did not run.
    assert taken == [[1, 0], [3], [1]]


def test_claim_of_one_takes_and_reads(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_job()
    with django_assert_num_queries(2):
        claims.claim_due("me", LEASE)


def test_claim_of_several_looks_at_the_line_takes_reads_and_begins_the_first(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(4):
        make_job()
    with django_assert_num_queries(4):
        claims.claim_due("me", LEASE, limit=4)


def claim_all(times: int, limit: int, number: int) -> list[int]:
    """Claim up to `times` times in this process and return the jobs' keys."""
    taken = []
    for turn in range(times):
        jobs = claims.claim_due(f"{number}:{os.getpid()}:{turn}", LEASE, limit=limit)
        taken += [job.pk for job in jobs]
    return taken


@pytest.mark.twoprocess
@pytest.mark.parametrize("limit", [1, 4])
def test_claims_of_several_processes_never_meet(
    processes: Processes, limit: int
) -> None:
    store = make_store()
    made = {make_job(make_account(store)).pk for _ in range(30)}
    results: list[Any] = processes.together(
        "tests.services.jobs.test_claims:claim_all", 30, limit, count=3
    )
    taken = [pk for result in results for pk in result]
    assert len(taken) == len(set(taken))
    assert set(taken) == made


def claim_and_give_back(times: int, number: int) -> list[int]:
    """Claim jobs and give all but the first back, again and again."""
    kept = []
    for turn in range(times):
        holder = f"{number}:{os.getpid()}:{turn}"
        first, *rest = [job.pk for job in claims.claim_due(holder, LEASE, 4)] or [0]
        claims.give_back_unstarted(holder, rest)
        kept.append(first)
    return [pk for pk in kept if pk]


@pytest.mark.twoprocess
def test_what_is_given_back_is_taken_by_one_process_alone(processes: Processes) -> None:
    store = make_store()
    made = {make_job(make_account(store)).pk for _ in range(20)}
    results: list[Any] = processes.together(
        "tests.services.jobs.test_claims:claim_and_give_back", 40, count=2
    )
    kept = [pk for result in results for pk in result]
    assert len(kept) == len(set(kept))
    assert set(kept) == made
