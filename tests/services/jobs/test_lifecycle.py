"""Jobs are created, woken, blocked and stopped, and keep their rank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.accounts.connection import (
    disconnect_account,
    mark_needs_authorization,
)
from channels_amazon.services.jobs import claims, leases, lifecycle, registry
from channels_amazon.services.jobs.leases import Finish
from tests.builders import make_account, make_job
from tests.services.jobs.scene import (
    SECOND,
    claim,
    claimed,
    fresh,
    wrong_ranks,
)

pytestmark = pytest.mark.django_db


def test_ensure_jobs_creates_every_kind_once() -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    lifecycle.ensure_jobs(account)
    assert set(account.jobs.values_list("kind", flat=True)) == set(registry.kinds())


def test_wake_keeps_the_place_of_a_due_job() -> None:
    earlier = timezone.now() - timedelta(seconds=30)
    job = make_job(due_at=earlier)
    lifecycle.wake(job.account_id, job.kind)
    assert fresh(job).due_at == earlier


def test_wake_leaves_a_job_that_waits_for_quota() -> None:
    make_job()
    job = claimed()
    until = timezone.now() + 60 * SECOND
    leases.finish(job, "me", Finish(due_at=until, waiting_until=until))
    lifecycle.wake(job.account_id)
    assert fresh(job).due_at == until


def test_wake_leaves_a_job_that_backs_off_for_a_moment() -> None:
    make_job()
    job = claimed()
    until = timezone.now() + 60 * SECOND
    leases.finish(job, "me", Finish(due_at=until, is_failed=True))
    lifecycle.wake(job.account_id)
    due_at = fresh(job).due_at
    assert timezone.now() < due_at < until
    # However often it is woken: the first one counts.
    lifecycle.wake(job.account_id)
    assert fresh(job).due_at == due_at


def test_wake_wakes_the_named_kinds_only() -> None:
    account = make_account()
    later = timezone.now() + 60 * SECOND
    push = make_job(account, kind=SyncJob.Kind.STOCK_PUSH, due_at=later)
    fetch = make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=later)
    lifecycle.wake(account.pk, SyncJob.Kind.ORDER_FETCH)
    assert fresh(push).due_at == later
    assert fresh(fetch).due_at < later


def test_block_tries_again_within_the_hour() -> None:
    job = make_job()
    assert lifecycle.block(job, "permission.orders_missing", "The role is missing.")
    assert not lifecycle.block(job, "permission.orders_missing", "The role is missing.")
    assert fresh(job).due_at <= timezone.now() + lifecycle.BLOCKED_RETRY


def test_block_by_a_holder_that_lost_the_job_changes_nothing() -> None:
    make_job()
    lost = claimed("dead")
    SyncJob.objects.update(lease_until=timezone.now() - SECOND)
    held = claimed("alive")
    assert held.pk == lost.pk
    before = SyncJob.objects.values().get()

    lifecycle.block(lost, "permission.orders_missing", "The role is missing.")

    assert SyncJob.objects.values().get() == before


def test_unblock_makes_the_job_due() -> None:
    job = make_job(blocked_code="token.revoked", attempts=4)
    lifecycle.unblock(job.account)
    row = fresh(job)
    assert (row.blocked_code, row.attempts) == ("", 0)
    assert row.due_at <= timezone.now()


@pytest.mark.parametrize(
    "change",
    [
        lambda account: lifecycle.wake(account.pk),
        lifecycle.unblock,
        lambda account: lifecycle.block_all(account, "token.revoked", "Revoked."),
        lambda account: lifecycle.stop(account, "account.disconnected", "Gone."),
    ],
    ids=["wake", "unblock", "block_all", "stop"],
)
def test_jobs_are_locked_in_one_order_before_any_is_changed(
    change: Callable[[AmazonAccount], None],
) -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    of_account = 'UPDATE "channels_amazon_amazonaccount"'
    with CaptureQueriesContext(connection) as captured:
        change(account)
    said = [one["sql"] for one in captured if "syncjob" in one["sql"]]
    # The account comes before its jobs, wherever both are changed.
    first = next(sql for sql in said if not sql.startswith(of_account))
    lock = " FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    # Its first column is the key.
    assert first.startswith('SELECT "channels_amazon_syncjob"."id"')
    assert first.endswith("ORDER BY 1 ASC" + lock)


def test_rank_follows_every_change_of_a_job() -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    assert wrong_ranks() == []
    SyncJob.objects.update(due_at=timezone.now() + timedelta(hours=1))
    for job in SyncJob.objects.all():
        lifecycle.block(job, "permission.orders_missing", "The role is missing.")
    assert wrong_ranks() == []
    lifecycle.unblock(account, ["listings", "stock_push"])
    assert wrong_ranks() == []
    leases.finish(claimed(), "me", Finish(due_at=timezone.now() + timedelta(hours=9)))
    lifecycle.wake(account.pk)
    assert wrong_ranks() == []


def test_rank_of_a_job_that_is_worked_on_follows_its_wake_up() -> None:
    job = make_job(kind="stock_push")
    held = claimed()
    lifecycle.wake(job.account_id, job.kind)
    assert wrong_ranks() == []
    leases.finish(held, "me", Finish(due_at=timezone.now() + timedelta(hours=9)))
    assert wrong_ranks() == []
    assert claim() is not None


def test_account_that_is_disconnected_has_no_rank_until_it_is_connected() -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    held = claimed()
    disconnect_account(account, actor="owner")
    assert wrong_ranks() == []
    leases.finish(held, "me", Finish(due_at=timezone.now()))
    lifecycle.unblock(account)
    lifecycle.wake(account.pk)
    assert wrong_ranks() == []
    assert not claims.is_work_due()
    account.state = AmazonAccount.State.CONNECTED
    account.save()
    lifecycle.unblock(account)
    assert wrong_ranks() == []
    assert claims.is_work_due()


def test_account_that_lost_its_authorisation_keeps_no_job_in_the_line() -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    held = claimed()
    mark_needs_authorization(account, code="token.revoked")
    lifecycle.block_all(account, "token.revoked", "Revoked.")
    # Another worker's run may still end well: its token lives for an hour.
    leases.finish(held, "me", Finish(due_at=timezone.now(), is_complete=True))
    assert wrong_ranks() == []
    assert not claims.is_work_due()


def test_block_that_comes_too_late_leaves_a_connected_account_in_the_line() -> None:
    job = make_job()
    lifecycle.block_all(job.account, "token.revoked", "Revoked.")
    assert wrong_ranks() == []


def test_job_made_due_without_its_rank_is_refused() -> None:
    job = make_job(due_at=timezone.now() + timedelta(hours=1))
    with pytest.raises(IntegrityError):
        SyncJob.objects.filter(pk=job.pk).update(due_at=timezone.now())


def test_wake_brings_a_failing_job_forward_for_what_is_new() -> None:
    now = timezone.now()
    failing = make_job(attempts=5, due_at=now + timedelta(minutes=3))
    soon = make_job(attempts=5, due_at=now + timedelta(seconds=5))
    waiting = make_job(attempts=5, waiting_until=now + timedelta(minutes=3))
    before = {job.pk: job.due_at for job in (soon, waiting)}
    for job in (failing, soon, waiting):
        lifecycle.wake(job.account_id, job.kind)
    for job in (failing, soon, waiting):
        job.refresh_from_db()

    rest = failing.due_at - now
    assert timedelta(0) < rest <= lifecycle.WAKE_REST + timedelta(seconds=5)
    assert failing.rank is not None
    assert failing.rank <= failing.due_at
    # One that comes sooner, and one that waits for quota, keep their time.
    assert {job.pk: job.due_at for job in (soon, waiting)} == before
