"""What becomes of the jobs of one claim while another one of them runs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import Error, InterfaceError, OperationalError
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.accounts.connection import disconnect_account
from channels_amazon.services.jobs import claims, leases, lifecycle, registry
from channels_amazon.spapi.errors import AuthorizationLost, Evidence
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from tests.builders import make_account, make_job
from tests.processes import ChildFailed, Processes
from tests.sync.runtime.scene import Play

HERE = "tests.sync.runtime.test_batch"
KINDS = ("listings", "participations", "permissions")


def claim_three() -> tuple[AmazonAccount, list[SyncJob]]:
    """Return an account and its three jobs, claimed at once."""
    account = make_account()
    for kind in KINDS:
        make_job(account, kind=kind)
    taken = claims.claim_due("me", 15.0, limit=3)
    assert len(taken) == 3
    return account, taken


FREE = SyncJob.objects.filter(lease_until=None, attempts=0)


def until_two_are_free(_ctx: RunContext) -> Result:
    """Run until two jobs were given back."""
    until = time.monotonic() + 15
    while FREE.count() < 2 and time.monotonic() < until:
        time.sleep(0.05)
    return Result()


@pytest.mark.django_db(transaction=True)
def test_job_does_not_wait_behind_a_slow_one_of_its_claim(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "WAIT_SECONDS", 0.1)
    play(until_two_are_free)
    _account, taken = claim_three()
    assert runner.run_batch(taken, "me") == 1
    assert set(FREE.filter(idle_runs=0)) == set(taken[1:])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_job_is_given_back_though_the_database_was_away_at_first(
    play: Play, monkeypatch: pytest.MonkeyPatch, error: type[Error]
) -> None:
    tried: list[bool] = []
    give_back = claims.give_back_unstarted

    def away_at_first(holder: str, pks: Collection[int]) -> int:
        tried.append(True)
        if len(tried) == 1:
            raise error("connection already closed")
        return give_back(holder, pks)

    monkeypatch.setattr(runner, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(claims, "give_back_unstarted", away_at_first)
    play(until_two_are_free)
    _account, taken = claim_three()
    assert runner.run_batch(taken, "me") == 1
    assert set(FREE.filter(idle_runs=0)) == set(taken[1:])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("limit", "threads"), [(1, 1), (3, 2)])
def test_thread_that_gives_back_is_started_where_others_wait(
    play: Play, limit: int, threads: int
) -> None:
    counted: list[int] = []
    before = threading.active_count()

    def count(_ctx: RunContext) -> Result:
        # One prolongs the lease of each run.
        counted.append(threading.active_count() - before)
        return Result()

    play(count)
    for kind in KINDS:
        make_job(kind=kind)
    runner.run_batch(claims.claim_due("me", 15.0, limit=limit), "me")
    assert counted[0] == threads


@pytest.mark.django_db
def test_job_whose_account_is_disconnected_while_it_waits_does_not_run(
    play: Play,
) -> None:
    def disconnect(ctx: RunContext) -> Result:
        disconnect_account(ctx.account, actor="owner")
        return Result()

    play(disconnect)
    account, taken = claim_three()
    assert runner.run_batch(taken, "me") == 1
    assert sorted(account.jobs.values_list("attempts", flat=True)) == [0, 0, 1]


@pytest.mark.django_db
def test_error_gives_back_what_was_not_begun(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> bool:
        raise OperationalError("database is locked")

    play(lambda ctx: Result())
    _account, taken = claim_three()
    monkeypatch.setattr(leases, "finish", fail)
    with pytest.raises(OperationalError):
        runner.run_batch(taken, "me")
    assert SyncJob.objects.get(lease_until__isnull=False) == taken[0]


@pytest.mark.django_db
def test_run_that_lost_its_job_does_not_stop_the_account(play: Play) -> None:
    def lose(ctx: RunContext) -> Result:
        disconnect_account(ctx.account, actor="owner")
        raise AuthorizationLost("Revoked.", Evidence("lwa.token", 400))

    play(lose)
    account, taken = claim_three()
    runner.run_batch(taken, "me")
    account.refresh_from_db()
    assert account.state == AmazonAccount.State.DISCONNECTED
    codes = set(account.jobs.values_list("blocked_code", flat=True))
    assert codes == {"account.disconnected"}


@pytest.mark.django_db
def test_database_that_refuses_what_an_error_calls_for_fails_that_run_alone(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OperationalError("deadlock detected")

    def lose_one(ctx: RunContext) -> Result:
        if ctx.job.kind == KINDS[0]:
            raise AuthorizationLost("Revoked.", Evidence("lwa.token", 400))
        return Result()

    monkeypatch.setattr(lifecycle, "block_all", refuse)
    # Nothing is given back meanwhile, however busy the machine is.
    monkeypatch.setattr(runner, "WAIT_SECONDS", 60.0)
    play(lose_one)
    account, taken = claim_three()
    assert runner.run_batch(taken, "me") == 3

    run = SyncRun.objects.get()
    assert (run.kind, run.state, run.code) == (KINDS[0], "failed", "unknown")
    assert "deadlock detected" in run.detail
    assert not account.jobs.exclude(lease_until=None).exists()
    # The account was not changed by half: the next run finds it as this one did.
    account.refresh_from_db()
    assert account.is_connected
    failed = account.jobs.get(kind=KINDS[0])
    assert (failed.attempts, failed.blocked_code) == (1, "")
    assert failed.due_at > timezone.now()


def die_in_the_third(number: int) -> None:
    """Run the jobs of one claim in a process that is killed in the third of them."""
    begun: list[int] = []

    def reconcile(ctx: RunContext) -> Result:
        begun.append(ctx.job.pk)
        if len(begun) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return Result()

    for kind, declared in registry.REGISTERED.items():
        registry.REGISTERED[kind] = replace(declared, run=reconcile)
    runner.run_batch(claims.claim_due("dying", 15.0, limit=16), "dying")


@pytest.mark.twoprocess
def test_kill_in_a_batch_is_told_of_the_job_that_ran_alone(
    processes: Processes,
) -> None:
    for _ in range(16):
        make_job()
    with pytest.raises(ChildFailed, match="exit -9"):
        processes.together(f"{HERE}:die_in_the_third", count=1)
    assert SyncJob.objects.filter(lease_holder="dying").count() == 14

    SyncJob.objects.filter(lease_holder="dying").update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert leases.give_back_expired() == 14
    run = SyncRun.objects.get()
    assert run.state == SyncRun.State.ABANDONED
    assert SyncJob.objects.get(attempts=1) == run.job
    assert SyncJob.objects.filter(attempts=0, lease_until=None).count() == 15
