"""Runs due jobs one after another and settles how each ended; sync layer."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.diagnostics.entries import clean, record
from channels_amazon.services.jobs import lifecycle, registry
from channels_amazon.services.jobs.lifecycle import Finish
from channels_amazon.sync.runtime.context import (
    LEASE_SECONDS,
    LeaseLost,
    Result,
    RunContext,
)
from channels_amazon.sync.runtime.keep_alive import repeating
from channels_amazon.sync.runtime.results import (
    RunResult,
    run_result,
    run_result_of_error,
)

logger = logging.getLogger(__name__)

# How long a drain takes new jobs, and how long one run may go on before it hands over.
DRAIN_SECONDS = 8.0
SLICE = timedelta(seconds=2)
RENEW_SECONDS = 4.0
# How often a drain looks for jobs whose process died.
EXPIRY_SECONDS = 1.0
# Longer than the queue lets any task run: past it a run is stuck, not slow.
LONGEST_RUN_SECONDS = 75.0


def drain(budget: float = DRAIN_SECONDS) -> int:
    """Run due jobs, the longest due first, for `budget` seconds; return how many."""
    ends = time.monotonic() + budget
    runs = 0
    looked_at = 0.0
    while time.monotonic() < ends:
        if time.monotonic() - looked_at >= EXPIRY_SECONDS:
            looked_at = time.monotonic()
            lifecycle.give_back_expired()
        holder = lifecycle.new_holder()
        job = lifecycle.claim_due(holder, LEASE_SECONDS)
        if job is None:
            break
        run_claimed(job, holder)
        runs += 1
    return runs


def run_kind(account: AmazonAccount, kind: str) -> SyncRun | None:
    """Run the account's job of `kind` here and now, due or not.

    Returns its run, None when another process is working on the job.
    """
    job, _created = SyncJob.objects.get_or_create(
        account=account, kind=kind, defaults={"due_at": timezone.now()}
    )
    holder = lifecycle.new_holder()
    claimed = lifecycle.claim(job.pk, holder, LEASE_SECONDS)
    return None if claimed is None else run_claimed(claimed, holder)


def run_claimed(job: SyncJob, holder: str) -> SyncRun:
    """Run a claimed job's reconciler and settle job and run by how it ended."""
    started = timezone.now()
    run = SyncRun.objects.create(
        job=job, account=job.account, kind=job.kind, started_at=started
    )
    ctx = RunContext(
        account=job.account,
        job=job,
        run=run,
        holder=holder,
        deadline=started + SLICE,
    )
    prolong = partial(lifecycle.renew, job.pk, holder, LEASE_SECONDS)
    with repeating(prolong, seconds=RENEW_SECONDS, limit=LONGEST_RUN_SECONDS):
        result = _reconcile(ctx)
    _settle(ctx, result)
    return run


def _reconcile(ctx: RunContext) -> RunResult | None:
    """Return how the reconciler ended, None when the job was taken from it."""
    try:
        entry = registry.get(ctx.job.kind)
        outcome: Result = entry.run(ctx)
    except LeaseLost:
        logger.warning("lease lost job=%s kind=%s", ctx.job.pk, ctx.job.kind)
        return None
    except Exception as error:  # noqa: BLE001 - the edge where every run ends
        return run_result_of_error(ctx, error)
    return run_result(outcome, ctx.now(), entry.interval)


def _settle(ctx: RunContext, result: RunResult | None) -> None:
    if result is None:
        _close(ctx, RunResult(SyncRun.State.ABANDONED, Finish(due_at=ctx.job.due_at)))
        return
    ctx.count_calls()
    ctx.job.progress["open"] = not result.finish.is_complete
    if not lifecycle.finish(ctx.job, ctx.holder, result.finish):
        result = replace(result, state=SyncRun.State.ABANDONED, entry=None)
    _close(ctx, result)
    if result.entry is not None:
        record(result.entry)


def _close(ctx: RunContext, result: RunResult) -> None:
    run = ctx.run
    run.state = result.state
    run.code = clean(result.code, 60)
    run.message = clean(result.message, 500)
    run.detail = clean(result.detail, 20_000)
    run.finished_at = timezone.now()
    run.next_due_at = result.finish.due_at
    columns = (
        *("state", "code", "message", "detail", "finished_at", "next_due_at"),
        *("rows_seen", "rows_changed", "rows_quarantined", "calls"),
    )
    # Not save(): a row that was deleted meanwhile must not come back.
    SyncRun.objects.filter(pk=run.pk).update(
        **{name: getattr(run, name) for name in columns}
    )
    logger.info(
        "run ended job=%s kind=%s account=%s state=%s code=%s rows=%s calls=%s",
        run.job_id,
        run.kind,
        run.account_id,
        run.state,
        run.code,
        run.rows_seen,
        run.calls,
    )
