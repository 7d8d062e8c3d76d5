"""How each way a run ends is settled, and who runs next."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.model.roles import AMAZON_FULFILLMENT, PRODUCT_LISTING
from channels_amazon.emulator.server import Emulator
from channels_amazon.errors import NeedsMerchant, Recoverable
from channels_amazon.models import AmazonAccount, DiagnosticEntry, SyncJob, SyncRun
from channels_amazon.services.accounts.connection import disconnect_account
from channels_amazon.services.jobs import claims, lifecycle
from channels_amazon.spapi.errors import (
    AccessDenied,
    AuthorizationLost,
    Evidence,
    Throttled,
)
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import LeaseLost, Result, RunContext
from tests.builders import make_account, make_job
from tests.sync.runtime.scene import Play, Reconcile

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = SyncRun.State
HOUR = timedelta(hours=1)


def raising(error: Exception) -> Reconcile:
    """Return a reconciler that does one row, saves its cursor, and then fails."""

    def reconcile(ctx: RunContext) -> Result:
        ctx.progress(rows=1)
        ctx.save_cursor({"page": 2})
        raise error

    return reconcile


def run_one(kind: str = Kind.LISTINGS) -> tuple[SyncJob, SyncRun]:
    """Run a new account's job of `kind`; return both rows."""
    job = make_job(kind=kind)
    run = runner.run_kind(job.account, kind)
    assert run is not None
    # As stored, but for one that had nothing to say.
    stored = SyncRun.objects.get(pk=run.pk) if run.pk else run
    return SyncJob.objects.get(pk=job.pk), stored


def later() -> datetime:
    """Return a time two minutes from now."""
    return timezone.now() + timedelta(minutes=2)


def test_run_that_is_done_comes_again_after_its_interval(play: Play) -> None:
    play(lambda ctx: Result(message="All is well."))
    job, run = run_one()
    assert (run.state, run.message) == (State.DONE, "All is well.")
    assert HOUR / 5 < job.due_at - timezone.now() <= HOUR * 5 / 4
    assert job.first_done_at is not None


def test_run_of_a_slice_goes_on_at_once_with_its_progress(play: Play) -> None:
    def reconcile(ctx: RunContext) -> Result:
        ctx.progress(rows=3, changed=1, total=9)
        ctx.save_cursor({"page": len(ctx.cursor) + 1})
        return Result(next_due=ctx.now(), is_complete=False)

    play(reconcile)
    job, _run = run_one()
    runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert (job.progress["rows"], job.progress["total"]) == (6, 9)
    assert job.first_done_at is None


def test_run_after_a_whole_pass_counts_anew(play: Play) -> None:
    def reconcile(ctx: RunContext) -> Result:
        ctx.progress(rows=3)
        return Result()

    play(reconcile)
    job, _run = run_one()
    runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert job.progress["rows"] == 3


def test_what_the_first_pass_did_stays_known_after_later_ones(play: Play) -> None:
    found = iter([3, 4, 7, 1])

    def reconcile(ctx: RunContext) -> Result:
        ctx.progress(rows=next(found))
        return Result(next_due=ctx.now(), is_complete=ctx.job.progress["rows"] > 3)

    play(reconcile)
    job, _run = run_one()
    assert "first" not in job.progress
    for rows in (7, 7, 1):
        runner.run_kind(job.account, job.kind)
        job.refresh_from_db()
        assert job.progress["rows"] == rows
        assert job.progress["first"] == {"rows": 7, "calls": 0}


def test_throttled_run_waits_and_keeps_its_cursor(play: Play) -> None:
    until = later()
    play(raising(Throttled("Used up.", Evidence("getOrder"), retry_at=until)))
    job, run = run_one()
    assert run.state == State.WAITING
    assert (job.due_at, job.waiting_until, job.attempts) == (until, until, 0)
    assert job.cursor == {"page": 2}
    assert not DiagnosticEntry.objects.exists()


def test_recoverable_run_backs_off_and_tells_once(play: Play) -> None:
    play(raising(Recoverable("amazon.outage", "Amazon is down.")))
    job, run = run_one()
    runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert (run.state, run.code) == (State.FAILED, "amazon.outage")
    assert job.attempts == 2
    assert job.due_at > timezone.now() + timedelta(seconds=5)
    assert DiagnosticEntry.objects.filter(code="amazon.outage").count() == 1


def test_run_that_fails_again_and_again_is_a_finding(play: Play) -> None:
    play(raising(Recoverable("amazon.outage", "Amazon is down.")))
    job, _run = run_one()
    for _ in range(5):
        runner.run_kind(job.account, job.kind)
    assert DiagnosticEntry.objects.filter(code="job.failing").count() == 1


def test_run_that_needs_the_merchant_blocks_and_is_tried_again(play: Play) -> None:
    play(raising(NeedsMerchant("store.plan", "The plan is too small.", fix="Upgrade.")))
    job, run = run_one()
    runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert (run.state, job.blocked_code) == (State.BLOCKED, "store.plan")
    assert timezone.now() < job.due_at <= timezone.now() + lifecycle.BLOCKED_RETRY
    assert DiagnosticEntry.objects.get().fix == "Upgrade."


def test_run_that_succeeds_lifts_the_block(play: Play) -> None:
    def reconcile(ctx: RunContext) -> Result:
        ctx.progress(rows=1)
        return Result()

    play(reconcile)
    job = make_job(blocked_code="store.plan", blocked_message="The plan.")
    runner.run_kind(job.account, job.kind)
    job.refresh_from_db()
    assert job.blocked_code == ""


def test_run_that_had_nothing_to_ask_keeps_the_block(play: Play) -> None:
    play(lambda ctx: Result())
    job = make_job(blocked_code="token.revoked", blocked_message="Refused.")

    run = runner.run_kind(job.account, job.kind)

    assert run is not None
    assert run.state == State.DONE
    job.refresh_from_db()
    assert (job.blocked_code, job.blocked_message) == ("token.revoked", "Refused.")
    assert job.due_at <= timezone.now() + lifecycle.BLOCKED_RETRY


def test_refused_run_blocks_only_itself_and_wakes_the_probes(
    play: Play, emulator: Emulator
) -> None:
    account = make_account(emulator=emulator)
    emulator.control("roles", remove=[AMAZON_FULFILLMENT, PRODUCT_LISTING])
    probes = make_job(account, kind=Kind.PERMISSIONS, due_at=later())
    push = make_job(account, kind=Kind.STOCK_PUSH)
    make_job(account, kind=Kind.FBA_STOCK)
    play(raising(AccessDenied("Refused.", Evidence("getInventorySummaries", 403))))
    runner.run_kind(account, Kind.FBA_STOCK)
    blocked = account.jobs.exclude(blocked_code="").get()
    probes.refresh_from_db()
    push.refresh_from_db()
    assert blocked.blocked_code == "permission.fulfillment_inventory_missing"
    assert probes.due_at <= timezone.now()
    assert push.blocked_code == ""
    assert set(DiagnosticEntry.objects.values_list("code", flat=True)) == {
        blocked.blocked_code
    }


def test_lost_authorisation_stops_every_job_of_the_account(play: Play) -> None:
    job = make_job()
    make_job(job.account, kind=Kind.STOCK_PUSH)
    play(raising(AuthorizationLost("Revoked.", Evidence("lwa.token", 400))))
    runner.run_kind(job.account, job.kind)
    account = AmazonAccount.objects.get(pk=job.account_id)
    assert account.state == AmazonAccount.State.NEEDS_AUTHORIZATION
    codes = set(account.jobs.values_list("blocked_code", flat=True))
    assert codes == {"token.revoked"}
    assert not claims.claim_due("me", 15)


def test_unknown_error_is_told_with_its_traceback(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    play(raising(ZeroDivisionError("Atzr|canary in the text")))
    _job, run = run_one()
    assert run.code == "unknown"
    assert "ZeroDivisionError" in run.detail
    assert "canary" not in run.detail
    assert "run failed" in caplog.text
    assert DiagnosticEntry.objects.get().level == DiagnosticEntry.Level.ERROR


def test_run_whose_lease_is_lost_leaves_the_job_to_its_new_holder(play: Play) -> None:
    def reconcile(ctx: RunContext) -> Result:
        SyncJob.objects.update(lease_holder="another")
        with pytest.raises(LeaseLost):
            ctx.save_cursor({"page": 9})
        ctx.keep_lease()
        return Result()

    play(reconcile)
    job, run = run_one()
    assert run.state == State.ABANDONED
    assert (job.lease_holder, job.cursor) == ("another", {})


def test_drain_serves_accounts_in_turn(play: Play) -> None:
    served: list[int] = []

    def reconcile(ctx: RunContext) -> Result:
        served.append(ctx.account.pk)
        is_last = served.count(ctx.account.pk) == 3
        return Result(next_due=None if is_last else ctx.now(), is_complete=is_last)

    play(reconcile)
    first, second = make_job(), make_job()
    assert runner.drain() == 6
    assert served == [first.account_id, second.account_id] * 3


def test_drain_ends_when_its_time_is_used(play: Play) -> None:
    play(lambda ctx: Result(next_due=ctx.now(), is_complete=False))
    make_job()
    assert runner.drain(budget=0.05) >= 1
    assert claims.is_work_due()


def test_run_kind_leaves_a_job_that_another_process_holds(play: Play) -> None:
    play(lambda ctx: Result())
    job = make_job()
    assert claims.claim(job.pk, "another", 15) is not None
    assert runner.run_kind(job.account, job.kind) is None


def test_run_of_an_account_that_is_disconnected_stops_and_stays_told(
    play: Play,
) -> None:
    def reconcile(ctx: RunContext) -> Result:
        disconnect_account(ctx.account, actor="owner")
        ctx.progress(rows=1)
        return Result()

    play(reconcile)
    job, run = run_one()
    assert run.state == State.ABANDONED
    assert job.lease_until is None
    assert not claims.claim_due("me", 15)
