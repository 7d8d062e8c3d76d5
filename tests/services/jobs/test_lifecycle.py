"""Jobs are created, woken, claimed, blocked and given back."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, DiagnosticEntry, SyncJob, SyncRun
from channels_amazon.services.jobs import lifecycle, registry
from channels_amazon.services.jobs.lifecycle import Finish
from tests.builders import make_account, make_job, make_store
from tests.processes import Processes

LEASE = 15.0
SECOND = timedelta(seconds=1)


def claim(holder: str = "me") -> SyncJob | None:
    """Give back what ran out and claim the next due job, as a drain does."""
    lifecycle.give_back_expired()
    return lifecycle.claim_due(holder, LEASE)


def claimed(holder: str = "me") -> SyncJob:
    """Claim the next due job, which there must be."""
    job = claim(holder)
    assert job is not None
    return job


def fresh(job: SyncJob) -> SyncJob:
    """Return the job as the database has it now."""
    return SyncJob.objects.get(pk=job.pk)


@pytest.mark.django_db
def test_ensure_jobs_creates_every_kind_once() -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    lifecycle.ensure_jobs(account)
    assert set(account.jobs.values_list("kind", flat=True)) == set(registry.kinds())


@pytest.mark.django_db
def test_claim_due_takes_the_longest_due_first() -> None:
    now = timezone.now()
    make_job(due_at=now - 1 * SECOND)
    older = make_job(due_at=now - 9 * SECOND)
    assert claimed().pk == older.pk


@pytest.mark.django_db
def test_claim_due_leaves_jobs_of_the_future() -> None:
    make_job(due_at=timezone.now() + 60 * SECOND)
    assert claim() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state",
    [AmazonAccount.State.NEEDS_AUTHORIZATION, AmazonAccount.State.DISCONNECTED],
)
def test_claim_due_leaves_accounts_that_are_not_connected(state: str) -> None:
    make_job(make_account(state=state))
    assert claim() is None


@pytest.mark.django_db
def test_wake_keeps_the_place_of_a_due_job() -> None:
    earlier = timezone.now() - timedelta(seconds=30)
    job = make_job(due_at=earlier)
    lifecycle.wake(job.account_id, job.kind)
    assert fresh(job).due_at == earlier


@pytest.mark.django_db
def test_claim_due_takes_a_job_once() -> None:
    make_job()
    first = claimed("one")
    assert claim("two") is None
    assert fresh(first).attempts == 1


@pytest.mark.django_db
def test_claim_due_serves_another_account_after_a_run() -> None:
    busy, waiting = make_job(), make_job()
    first = claimed("one")
    lifecycle.finish(first, "one", Finish(due_at=timezone.now(), is_complete=False))
    assert {first.pk, claimed("two").pk} == {busy.pk, waiting.pk}


@pytest.mark.django_db
def test_finish_sets_the_next_time_and_clears_the_block() -> None:
    make_job(blocked_code="permission.orders_missing")
    job = claimed()
    due = timezone.now() + 60 * SECOND
    assert lifecycle.finish(job, "me", Finish(due_at=due, is_complete=True))
    row = fresh(job)
    assert (row.due_at, row.attempts, row.blocked_code) == (due, 0, "")
    assert row.first_done_at is not None


@pytest.mark.django_db
def test_finish_keeps_a_wake_up_that_came_meanwhile() -> None:
    make_job()
    job = claimed()
    lifecycle.wake(job.account_id, job.kind)
    lifecycle.finish(job, "me", Finish(due_at=timezone.now() + 60 * SECOND))
    assert fresh(job).due_at <= timezone.now()


@pytest.mark.django_db
def test_finish_refuses_a_holder_that_lost_its_lease() -> None:
    make_job()
    job = claimed("dead")
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    again = claimed("alive")
    assert not lifecycle.finish(job, "dead", Finish(due_at=timezone.now()))
    assert not lifecycle.renew(job.pk, "dead", LEASE)
    assert fresh(again).lease_holder == "alive"


@pytest.mark.django_db
def test_finish_of_a_slice_does_not_count_as_done() -> None:
    make_job()
    job = claimed()
    lifecycle.finish(job, "me", Finish(due_at=timezone.now(), is_complete=False))
    assert fresh(job).first_done_at is None


@pytest.mark.django_db
def test_wake_leaves_a_job_that_waits_for_quota() -> None:
    make_job()
    job = claimed()
    until = timezone.now() + 60 * SECOND
    lifecycle.finish(job, "me", Finish(due_at=until, waiting_until=until))
    lifecycle.wake(job.account_id)
    assert fresh(job).due_at == until


@pytest.mark.django_db
def test_wake_leaves_a_job_that_backs_off() -> None:
    make_job()
    job = claimed()
    until = timezone.now() + 60 * SECOND
    lifecycle.finish(job, "me", Finish(due_at=until, is_failed=True))
    lifecycle.wake(job.account_id)
    assert fresh(job).due_at == until


@pytest.mark.django_db
def test_wake_wakes_the_named_kinds_only() -> None:
    account = make_account()
    later = timezone.now() + 60 * SECOND
    push = make_job(account, kind=SyncJob.Kind.STOCK_PUSH, due_at=later)
    fetch = make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=later)
    lifecycle.wake(account.pk, SyncJob.Kind.ORDER_FETCH)
    assert fresh(push).due_at == later
    assert fresh(fetch).due_at < later


@pytest.mark.django_db
def test_block_tries_again_within_the_hour() -> None:
    job = make_job()
    assert lifecycle.block(job, "permission.orders_missing", "The role is missing.")
    assert not lifecycle.block(job, "permission.orders_missing", "The role is missing.")
    assert fresh(job).due_at <= timezone.now() + lifecycle.BLOCKED_RETRY


@pytest.mark.django_db
def test_unblock_makes_the_job_due() -> None:
    job = make_job(blocked_code="token.revoked", attempts=4)
    lifecycle.unblock(job.account)
    row = fresh(job)
    assert (row.blocked_code, row.attempts) == ("", 0)
    assert row.due_at <= timezone.now()


@pytest.mark.django_db
def test_expired_lease_is_taken_over_and_its_run_marked() -> None:
    make_job()
    job = claimed("dead")
    run = SyncRun.objects.create(
        job=job, account=job.account, kind=job.kind, started_at=timezone.now()
    )
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    assert claimed("alive").attempts == 2
    run.refresh_from_db()
    assert run.state == SyncRun.State.ABANDONED


@pytest.mark.django_db
def test_job_that_kills_its_worker_backs_off_and_says_so() -> None:
    make_job()
    for death in range(2):
        SyncJob.objects.update(due_at=timezone.now() - SECOND)
        claimed(f"dead-{death}")
        SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    assert claim("alive") is None
    assert DiagnosticEntry.objects.filter(code="job.failing").exists()


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (4, 40), (9, 900), (500, 900)]
)
def test_backoff_doubles_up_to_a_quarter_of_an_hour(
    attempts: int, seconds: int
) -> None:
    assert lifecycle.backoff(attempts) == seconds * SECOND


@pytest.mark.django_db
def test_is_work_due_sees_due_jobs_and_dead_leases() -> None:
    assert not lifecycle.is_work_due()
    make_job()
    assert lifecycle.is_work_due()
    claimed("dead")
    assert not lifecycle.is_work_due()
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    assert lifecycle.is_work_due()


@pytest.mark.django_db
def test_leases_of_dead_processes_run_out_at_once() -> None:
    for _ in range(2):
        make_job()
    mine, other = claimed(lifecycle.new_holder()), claimed("another-host:1:abc")
    lifecycle.expire_leases_of([os.getpid()])
    assert claimed("heir").pk == mine.pk
    assert fresh(other).lease_holder == "another-host:1:abc"


def claim_all(times: int, number: int) -> list[int]:
    """Claim up to `times` jobs in this process and return their keys."""
    taken = []
    for turn in range(times):
        job = lifecycle.claim_due(f"{number}:{os.getpid()}:{turn}", LEASE)
        if job is not None:
            taken.append(job.pk)
    return taken


@pytest.mark.twoprocess
def test_claims_of_several_processes_never_meet(processes: Processes) -> None:
    store = make_store()
    made = {make_job(make_account(store)).pk for _ in range(30)}
    results: list[Any] = processes.together(
        "tests.services.jobs.test_lifecycle:claim_all", 30, count=3
    )
    taken = [pk for result in results for pk in result]
    assert len(taken) == len(set(taken))
    assert set(taken) == made


@pytest.mark.django_db
def test_claim_prefers_what_a_buyer_waits_for() -> None:
    account = make_account()
    now = timezone.now()
    make_job(account, kind=SyncJob.Kind.LISTINGS, due_at=now - timedelta(seconds=30))
    make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=now - timedelta(seconds=1))
    first = lifecycle.claim_due("one", 15)
    assert first is not None
    assert first.kind == SyncJob.Kind.ORDER_FETCH


@pytest.mark.django_db
def test_claim_lets_nothing_starve() -> None:
    account = make_account()
    now = timezone.now()
    make_job(account, kind=SyncJob.Kind.LISTINGS, due_at=now - timedelta(minutes=2))
    make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=now - timedelta(seconds=1))
    first = lifecycle.claim_due("one", 15)
    assert first is not None
    assert first.kind == SyncJob.Kind.LISTINGS


@pytest.mark.django_db
def test_push_is_taken_before_a_fetch_that_was_due_a_little_longer() -> None:
    now = timezone.now()
    account = make_account()
    for kind, seconds in ((SyncJob.Kind.ORDER_FETCH, 20), (SyncJob.Kind.STOCK_PUSH, 1)):
        make_job(account, kind=kind, due_at=now - timedelta(seconds=seconds))

    taken = lifecycle.claim_due(lifecycle.new_holder(), 15)

    assert taken is not None
    assert taken.kind == SyncJob.Kind.STOCK_PUSH
