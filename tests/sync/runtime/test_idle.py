"""A job with nothing to do costs a few statements and leaves no run behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.errors import Recoverable
from channels_amazon.models import AmazonAccount, ApiCall, StoreEndpoint, SyncJob
from channels_amazon.rules.order_reports.requesting import next_daily_slot
from channels_amazon.services.jobs import claims, leases
from channels_amazon.spapi.errors import Evidence, Throttled
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from tests.builders import make_account, make_job
from tests.sync.runtime.scene import Play

pytestmark = pytest.mark.django_db

EVENT_DRIVEN = [
    "order_fetch",
    "stock_push",
    "parcels",
    "shipments",
    "store_tell",
    "fba_orders",
    "order_reports",
]


def account_in_daily_use() -> AmazonAccount:
    """Make an account whose first pull is over and whose store listens."""
    account = make_account()
    now = timezone.now()
    StoreEndpoint.objects.create(
        store=account.store, url="https://store.example/hook", secret="s" * 40
    )
    make_job(
        account,
        kind="order_sweep",
        due_at=now + timedelta(minutes=9),
        first_done_at=now,
        cursor={"low_water": now.isoformat()},
    )
    return account


def make_call(ctx: RunContext) -> Result:
    """Record a call to Amazon under the run."""
    assert not ctx.has_run
    ApiCall.objects.create(
        account=ctx.account, run=ctx.run, started_at=ctx.now(), operation="getOrder"
    )
    return Result()


def out_of_quota(ctx: RunContext) -> Result:
    """Find Amazon's quota used up."""
    until = ctx.now() + timedelta(minutes=2)
    raise Throttled("Used up.", Evidence("getOrder"), retry_at=until)


def fail(ctx: RunContext) -> Result:
    """Fail in a way that passes."""
    raise Recoverable("test.broken", "It broke.")


@pytest.mark.parametrize("kind", EVENT_DRIVEN)
def test_run_without_work_takes_four_statements_one_of_them_a_write(kind: str) -> None:
    job = make_job(account_in_daily_use(), kind=kind)
    (held,) = claims.claim_due("me", 15.0)
    with CaptureQueriesContext(connection) as captured:
        runner.run_claimed(held, "me")
    statements = [query["sql"] for query in captured]
    writes = [sql for sql in statements if not sql.startswith("SELECT")]
    # The push asks for feeds under way too, and for what one of them carries.
    most = 6 if kind == SyncJob.Kind.STOCK_PUSH else 4
    assert len(statements) <= most, statements
    assert len(writes) == 1, writes
    job.refresh_from_db()
    assert job.runs.count() == 0


@pytest.mark.parametrize("kind", EVENT_DRIVEN)
def test_run_without_work_comes_again_hours_later_and_is_counted(kind: str) -> None:
    job = make_job(account_in_daily_use(), kind=kind)
    soonest = timezone.now() + timedelta(hours=1)
    slot = next_daily_slot(job.account_id, timezone.now())
    assert runner.drain() == 1
    job.refresh_from_db()
    assert job.idle_runs == 1
    assert job.last_ok_at is not None
    if kind == "order_reports":
        # The day's proof is asked for in its slot, which may be any moment.
        assert min(soonest, slot) <= job.due_at <= slot
    else:
        assert job.due_at > soonest


@pytest.mark.parametrize(
    "result",
    [{"message": "All is well."}, {"is_complete": False}],
)
def test_run_with_something_to_say_is_written(play: Play, result: Any) -> None:
    play(lambda ctx: Result(**result))
    job = make_job()
    runner.drain(budget=0.01)
    job.refresh_from_db()
    assert job.runs.exists()
    assert job.idle_runs == 0


def test_run_with_rows_is_written_once_at_its_end(play: Play) -> None:
    def reconcile(ctx: RunContext) -> Result:
        ctx.progress(rows=3, changed=1)
        return Result()

    play(reconcile)
    job = make_job()
    with CaptureQueriesContext(connection) as captured:
        runner.run_kind(job.account, job.kind)
    runs = [query["sql"] for query in captured if "syncrun" in query["sql"]]
    assert len(runs) == 1
    run = job.runs.get()
    assert (run.state, run.rows_seen, run.rows_changed) == ("done", 3, 1)


def test_run_that_waits_for_quota_is_written(play: Play) -> None:
    play(out_of_quota)
    job = make_job()
    runner.run_kind(job.account, job.kind)
    assert job.runs.get().state == "waiting"


def test_success_after_a_wait_for_quota_is_the_last_run(play: Play) -> None:
    job = make_job()
    play(out_of_quota)
    runner.run_kind(job.account, job.kind)
    play(lambda ctx: Result())
    for _ in range(3):
        runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert list(job.runs.values_list("state", flat=True)) == ["done", "waiting"]
    assert job.idle_runs == 2


@pytest.mark.parametrize("state", ["done", "waiting", "failed"])
def test_idle_runs_are_counted_since_the_last_run(play: Play, state: str) -> None:
    job = make_job(idle_runs=7)
    ways = {"done": make_call, "waiting": out_of_quota, "failed": fail}
    play(ways[state])
    runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert (job.runs.get().state, job.idle_runs) == (state, 0)


def test_idle_runs_are_counted_since_a_process_died() -> None:
    job = make_job(idle_runs=7)
    claims.claim_due("dead", 15.0)
    SyncJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    leases.give_back_expired()
    job.refresh_from_db()
    assert (job.runs.get().state, job.idle_runs) == ("abandoned", 0)


def test_call_finds_the_run_it_was_made_in(play: Play) -> None:
    play(make_call)
    job = make_job()
    runner.run_kind(job.account, job.kind)
    call = ApiCall.objects.get()
    assert call.run == job.runs.get()


def test_process_that_dies_before_it_said_anything_is_told_of() -> None:
    job = make_job()
    claims.claim_due("dead", 15.0)
    SyncJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    leases.give_back_expired()
    run = job.runs.get()
    assert (run.state, run.code) == ("abandoned", "queue.worker_stuck")


def test_quick_jobs_are_claimed_several_at_once(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow this machine is just now.
    monkeypatch.setattr(runner, "QUICK_SECONDS", 60.0)
    monkeypatch.setattr(runner, "WAIT_SECONDS", 60.0)
    play(lambda ctx: Result())
    for _ in range(40):
        make_job()
    with CaptureQueriesContext(connection) as captured:
        assert runner.drain(budget=60) == 40
    taken = [query for query in captured if "RETURNING" in query["sql"]]
    assert len(taken) < 15


def test_success_after_a_failure_is_the_last_run(play: Play) -> None:
    job = make_job(attempts=1)
    play(lambda ctx: Result())
    run = runner.run_kind(job.account, job.kind)
    assert run is not None
    assert job.runs.get().pk == run.pk
