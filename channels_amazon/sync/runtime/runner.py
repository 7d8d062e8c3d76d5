"""Runs due jobs one after another and records how each ended; sync layer."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial

from django.db import Error, transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.diagnostics.entries import clean, record
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import claims, leases, registry
from channels_amazon.services.jobs.leases import Finish
from channels_amazon.services.jobs.queue import TASK_SECONDS
from channels_amazon.services.jobs.ranks import rank_at
from channels_amazon.sync.runtime.context import (
    LEASE_SECONDS,
    LeaseLost,
    Result,
    RunContext,
    RunCounts,
)
from channels_amazon.sync.runtime.keep_alive import repeating
from channels_amazon.sync.runtime.results import (
    RunResult,
    run_result,
    run_result_of_error,
    run_result_of_fault,
)

logger = logging.getLogger(__name__)

# What the end of a run changes of its row.
_CLOSING = (
    *("state", "code", "message", "detail", "finished_at", "next_due_at"),
    *("rows_seen", "rows_changed", "rows_quarantined", "calls"),
)

# How long a drain takes new jobs, and how long one run may go on before it hands over.
DRAIN_SECONDS = 8.0
SLICE = timedelta(seconds=2)
RENEW_SECONDS = 4.0
# How often a drain looks for jobs whose process died.
EXPIRY_SECONDS = 1.0
# Jobs that find nothing to do take a few milliseconds: then a claim takes ever more of
# them, up to so many. One that calls Amazon takes longer, and the next claim takes one:
# what waits in the line is taken by whoever is free.
QUICK_SECONDS = 0.05
MOST_AT_ONCE = 16
# No claimed job waits longer behind the others of its claim than a claim of quick ones
# takes: then it is given back, by a thread, since one of those is slow.
WAIT_SECONDS = MOST_AT_ONCE * QUICK_SECONDS
# A lease longer than the queue lets any task run: past it a run is stuck, not slow, and
# its lease is not prolonged any more.
LONGEST_RUN_SECONDS = TASK_SECONDS + LEASE_SECONDS


def drain(budget: float = DRAIN_SECONDS) -> int:
    """Run due jobs, the smallest rank first, for `budget` seconds; return how many.

    A paused installation runs none.
    """
    ends = time.monotonic() + budget
    runs = 0
    looked_at = 0.0
    batch = 1
    while time.monotonic() < ends and guard.may_work():
        if time.monotonic() - looked_at >= EXPIRY_SECONDS:
            looked_at = time.monotonic()
            leases.give_back_expired()
        began = time.monotonic()
        holder = claims.new_holder()
        jobs = claims.claim_due(holder, LEASE_SECONDS, limit=batch)
        if not jobs:
            break
        done = run_batch(jobs, holder)
        runs += done
        is_quick = (time.monotonic() - began) / done < QUICK_SECONDS
        batch = min(batch * 2, MOST_AT_ONCE) if is_quick else 1
    return runs


def run_batch(jobs: Sequence[SyncJob], holder: str) -> int:
    """Run the claimed jobs one after another; return how many were begun.

    What would have to wait behind a slow one is given back while that one runs, since
    another worker may be free for it. An error gives back what was not begun.
    """
    first, *others = jobs
    # Each is taken out either here, to be run, or by the thread that gives back.
    waiting = deque(others)
    give_back = partial(_give_back, waiting, holder)
    giving_back = (
        repeating(give_back, seconds=WAIT_SECONDS, limit=LONGEST_RUN_SECONDS)
        if waiting
        else nullcontext()
    )
    begun = 1
    try:
        with giving_back:
            run_claimed(first, holder)
            while (job := _next(waiting)) is not None:
                # Its account may have been disconnected while it waited.
                if leases.begin(job, holder, LEASE_SECONDS):
                    begun += 1
                    run_claimed(job, holder)
    finally:
        give_back()
    return begun


def _next(waiting: deque[SyncJob]) -> SyncJob | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _give_back(waiting: deque[SyncJob], holder: str) -> None:
    """Give back the jobs that wait; they wait on when the database is away."""
    taken: list[SyncJob] = []
    while (job := _next(waiting)) is not None:
        taken.append(job)
    if not taken:
        return
    is_done = False
    try:
        claims.give_back_unstarted(holder, [job.pk for job in taken])
        is_done = True
    finally:
        if not is_done:
            waiting.extend(taken)


def run_kind(account: AmazonAccount, kind: str) -> SyncRun | None:
    """Run the account's job of `kind` here and now, due or not.

    Returns its run, None when another process is working on the job. Raises
    InstallationPaused where nothing may be run.
    """
    guard.require_running()
    now = timezone.now()
    rank = rank_at(kind, now) if account.is_connected else None
    job, _created = SyncJob.objects.get_or_create(
        account=account, kind=kind, defaults={"due_at": now, "rank": rank}
    )
    holder = claims.new_holder()
    claimed = claims.claim(job.pk, holder, LEASE_SECONDS)
    return None if claimed is None else run_claimed(claimed, holder)


def run_claimed(job: SyncJob, holder: str) -> SyncRun:
    """Run a claimed job's reconciler and finish job and run by how it ended.

    The run that is returned was not stored where there was nothing to say of it.
    """
    started = timezone.now()
    ctx = RunContext(
        account=job.account,
        job=job,
        holder=holder,
        started_at=started,
        deadline=started + SLICE,
    )
    prolong = partial(leases.renew, holder, LEASE_SECONDS)
    with repeating(prolong, seconds=RENEW_SECONDS, limit=LONGEST_RUN_SECONDS):
        result = _reconcile(ctx)
    ctx.count_calls()
    run = _finish_run(ctx, result)
    # One that had nothing to do is no news: there are many a second.
    logger.log(
        logging.DEBUG if run.pk is None else logging.INFO,
        "run ended job=%s kind=%s account=%s state=%s code=%s rows=%s calls=%s",
        run.job_id,
        run.kind,
        run.account_id,
        run.state,
        run.code,
        run.rows_seen,
        run.calls,
    )
    return run


def _reconcile(ctx: RunContext) -> RunResult:
    """Return how the reconciler ended, ABANDONED when the job was taken from it."""
    try:
        try:
            declared = registry.get(ctx.job.kind)
            result: Result = declared.run(ctx)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - the edge where every run ends
            return _result_of(ctx, error)
    except LeaseLost:
        logger.warning("lease lost job=%s kind=%s", ctx.job.pk, ctx.job.kind)
        return RunResult(SyncRun.State.ABANDONED, Finish(due_at=ctx.job.due_at))
    try:
        return run_result(ctx, result, declared.interval)
    except Error as refusal:
        return run_result_of_fault(ctx, refusal)


def _result_of(ctx: RunContext, error: Exception) -> RunResult:
    """Return the result of a run that raised `error`, also where it cannot be acted on.

    The database may refuse what the error calls for (a deadlock, a lock that does not
    come): the job fails then and comes again, and the jobs after it are run.
    """
    try:
        return run_result_of_error(ctx, error)
    except Error as refusal:
        return run_result_of_fault(ctx, refusal)


def _finish_run(ctx: RunContext, result: RunResult) -> SyncRun:
    """Give the job back and write how its run ended; return the run."""
    if result.state == SyncRun.State.ABANDONED:
        return _abandon(ctx, result)
    ctx.job.progress["open"] = not result.finish.is_complete
    if result.finish.is_complete and ctx.job.first_done_at is None:
        ctx.keep_first_pass()
    if _is_idle(ctx, result):
        end = replace(result.finish, is_idle=True)
        if leases.finish(ctx.job, ctx.holder, end):
            return _ended(ctx, result)
        return _abandon(ctx, result)
    # Together, so that a job which is deleted meanwhile gets no run any more.
    with transaction.atomic():
        if not leases.finish(ctx.job, ctx.holder, result.finish):
            return _abandon(ctx, result)
        run = _ended(ctx, result)
        if ctx.has_run:
            _write(run)
        else:
            run.save(force_insert=True)
        if result.entry is not None:
            record(replace(result.entry, run=run))
    return run


def _is_idle(ctx: RunContext, result: RunResult) -> bool:
    """Tell whether there is nothing to say of the run: no row, call, word or error.

    The success that ends a trouble is news: the failure would stay the last run. So is
    one after a wait for quota, which counts as no attempt and is no longer seen in
    `waiting_until`, but has left the pass open.
    """
    return (
        ctx.job.attempts == 1
        and not ctx.goes_on
        and not ctx.job.blocked_code
        and result.state == SyncRun.State.DONE
        and result.finish.is_complete
        and not result.message
        and not ctx.has_run
        and ctx.counts == RunCounts()
    )


def _abandon(ctx: RunContext, result: RunResult) -> SyncRun:
    """Note on the run, if it has its row, that the job was taken from it."""
    run = _ended(ctx, replace(result, state=SyncRun.State.ABANDONED))
    if ctx.has_run:
        _write(run)
    return run


def _ended(ctx: RunContext, result: RunResult) -> SyncRun:
    """Return the run as it ended; a new one where nothing was said of it before."""
    if ctx.has_run:
        run = ctx.run
    else:
        run = SyncRun(
            job=ctx.job,
            account=ctx.account,
            kind=ctx.job.kind,
            started_at=ctx.started_at,
        )
    run.state = result.state
    run.code = clean(result.code, 60)
    run.message = clean(result.message, 500)
    run.detail = clean(result.detail, 20_000)
    run.finished_at = timezone.now()
    run.next_due_at = result.finish.due_at
    for name, number in asdict(ctx.counts).items():
        setattr(run, name, number)
    return run


def _write(run: SyncRun) -> None:
    # Not save(): a row that was deleted meanwhile must not come back.
    SyncRun.objects.filter(pk=run.pk).update(
        **{name: getattr(run, name) for name in _CLOSING}
    )
