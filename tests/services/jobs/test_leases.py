"""A lease ends with its run, or by itself when the process died."""

from __future__ import annotations

import os

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, DiagnosticEntry, SyncJob, SyncRun
from channels_amazon.services.jobs import claims, leases, lifecycle
from channels_amazon.services.jobs.backoff import job_backoff
from channels_amazon.services.jobs.leases import Finish
from channels_amazon.services.jobs.status import FAILING_AFTER
from tests.builders import make_account, make_job
from tests.services.jobs.scene import (
    LEASE,
    SECOND,
    claim,
    claimed,
    fresh,
)

pytestmark = pytest.mark.django_db


def test_finish_sets_the_next_time_and_clears_the_block() -> None:
    make_job(blocked_code="permission.orders_missing")
    job = claimed()
    due = timezone.now() + 60 * SECOND
    assert leases.finish(job, "me", Finish(due_at=due, is_complete=True))
    row = fresh(job)
    assert (row.due_at, row.attempts, row.blocked_code) == (due, 0, "")
    assert row.first_done_at is not None


def test_finish_keeps_a_wake_up_that_came_meanwhile() -> None:
    make_job()
    job = claimed()
    lifecycle.wake(job.account_id, job.kind)
    leases.finish(job, "me", Finish(due_at=timezone.now() + 60 * SECOND))
    assert fresh(job).due_at <= timezone.now()


def test_finish_refuses_a_holder_that_lost_its_lease() -> None:
    make_job()
    job = claimed("dead")
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    again = claimed("alive")
    assert not leases.finish(job, "dead", Finish(due_at=timezone.now()))
    assert not leases.renew("dead", LEASE)
    assert fresh(again).lease_holder == "alive"


def test_finish_of_a_slice_does_not_count_as_done() -> None:
    make_job()
    job = claimed()
    leases.finish(job, "me", Finish(due_at=timezone.now(), is_complete=False))
    assert fresh(job).first_done_at is None


@pytest.mark.parametrize(
    ("kind", "attempts", "is_marked"),
    [
        (SyncJob.Kind.ORDER_SWEEP, FAILING_AFTER - 1, False),
        (SyncJob.Kind.ORDER_SWEEP, FAILING_AFTER, True),
        (SyncJob.Kind.LISTINGS, FAILING_AFTER, False),
    ],
)
def test_sweep_that_fails_again_and_again_marks_its_account_behind(
    kind: str, attempts: int, is_marked: bool
) -> None:
    # The claim counts the attempt that fails here.
    make_job(kind=kind, attempts=attempts - 1)
    other = make_account()
    job = claimed()
    failed = Finish(due_at=timezone.now() + 60 * SECOND, is_failed=True)

    assert leases.finish(job, "me", failed)

    row = fresh(job)
    assert (row.attempts, row.lease_holder) == (attempts, "")
    assert (row.account.behind_at is not None) == is_marked
    assert AmazonAccount.objects.get(pk=other.pk).behind_at is None


def test_sweep_that_failed_under_another_holder_marks_nothing() -> None:
    make_job(kind=SyncJob.Kind.ORDER_SWEEP, attempts=FAILING_AFTER)
    job = claimed("dead")
    failed = Finish(due_at=timezone.now(), is_failed=True)

    assert not leases.finish(job, "another", failed)

    assert fresh(job).account.behind_at is None


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


def test_death_is_put_on_the_job_that_ran_and_on_no_other_of_its_claim() -> None:
    now = timezone.now()
    for seconds in (3, 2, 1):
        make_job(due_at=now - seconds * SECOND)
    ran, *waited = claims.claim_due("dead", LEASE, limit=3)
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)

    assert leases.give_back_expired() == 3

    assert SyncRun.objects.get().job == ran
    assert fresh(ran).attempts == 1
    for job in waited:
        row = fresh(job)
        assert (row.due_at, row.rank) == (job.due_at, job.rank)
        assert (row.attempts, row.last_started_at, row.lease_until) == (0, None, None)


def test_run_of_a_job_that_was_unblocked_under_it_is_marked_when_it_dies() -> None:
    make_job()
    job = claimed("dead")
    run = SyncRun.objects.create(
        job=job, account=job.account, kind=job.kind, started_at=timezone.now()
    )
    lifecycle.unblock(job.account)
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    assert leases.give_back_expired() == 1
    run.refresh_from_db()
    assert run.state == SyncRun.State.ABANDONED


def test_waiting_job_begins_when_its_turn_comes_unless_it_was_taken() -> None:
    for _ in range(2):
        make_job()
    first, second = claims.claim_due("me", LEASE, limit=2)
    assert (first.attempts, second.attempts) == (1, 0)

    assert leases.begin(second, "me", LEASE)
    row = fresh(second)
    assert (second.attempts, row.attempts) == (1, 1)
    assert second.last_started_at == row.last_started_at is not None

    assert not leases.begin(second, "another", LEASE)
    assert (second.attempts, fresh(second).attempts) == (1, 1)


def test_job_that_kills_its_worker_backs_off_and_says_so() -> None:
    make_job()
    for death in range(2):
        past = timezone.now() - SECOND
        SyncJob.objects.update(due_at=past, rank=past)
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
    assert job_backoff(attempts) == seconds * SECOND


def test_leases_of_dead_processes_run_out_at_once() -> None:
    for _ in range(2):
        make_job()
    mine, other = claimed(claims.new_holder()), claimed("another-host:1:abc")
    leases.expire_leases_of([os.getpid()])
    assert claimed("heir").pk == mine.pk
    assert fresh(other).lease_holder == "another-host:1:abc"
