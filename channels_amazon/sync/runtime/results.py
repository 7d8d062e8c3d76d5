"""What each way a run can end means for its job; sync layer.

Three classes of error: the job goes on by itself, it needs the merchant, or (items
alone) it was quarantined by the reconciler. What Amazon refuses needs the merchant only
where a probe found the permission missing. Whatever else is raised is a fault of ours:
logged with its traceback, told to people, and tried again with backoff.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db import transaction

from channels_amazon.errors import NeedsMerchant, Recoverable, ShoplinkError
from channels_amazon.models import AmazonAccount, Permission, SyncJob, SyncRun, label
from channels_amazon.services.accounts import access_denial, connection
from channels_amazon.services.accounts.permissions import (
    PERMISSION_FIX,
    missing_code,
)
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    entry_for,
    record_once,
)
from channels_amazon.services.health.reports import request_automatic
from channels_amazon.services.jobs import lifecycle, registry
from channels_amazon.services.jobs.backoff import job_backoff, outage_backoff
from channels_amazon.services.jobs.cadence import next_slot
from channels_amazon.services.jobs.key_holders import (
    SecretUnreadable,
    secret_unreadable,
)
from channels_amazon.services.jobs.leases import Finish
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.spapi.errors import (
    AccessDenied,
    AuthorizationLost,
    ClientSecretInvalid,
    ServiceUnavailable,
    Throttled,
)
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.wording import counted, sentence

logger = logging.getLogger(__name__)

State = SyncRun.State
Kind = SyncJob.Kind

# A secret is mended in the settings, where nothing tells the jobs.
SECRET_RETRY = timedelta(minutes=5)
SAID_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class RunResult:
    """What to write in the run's row, the job's row and, perhaps, the log."""

    state: SyncRun.State
    finish: Finish
    code: str = ""
    message: str = ""
    detail: str = ""
    entry: Entry | None = None


def run_result(ctx: RunContext, result: Result, interval: timedelta) -> RunResult:
    """Return the result of a run that raised nothing.

    The job comes again when the reconciler said, at its account's next slot of
    `interval` at the latest. A job that was blocked, and that Amazon serves again,
    frees the others which the same had blocked. One that had nothing to ask does not
    know whether it would be served: it stays blocked, and comes again as such.
    """
    ctx.count_calls()
    code = ctx.job.blocked_code
    if code and ctx.counts.calls:
        lifecycle.unblock_from(ctx.account, [code], but=ctx.job.kind)
        # The permission itself is proven by its probe alone.
        lifecycle.wake(ctx.account.pk, Kind.PERMISSIONS)
    slot = next_slot(ctx.job.kind, ctx.account.pk, interval, ctx.now())
    due_at = min(result.next_due or slot, slot)
    is_unproven = bool(code) and not (ctx.counts.calls or ctx.counts.rows_seen)
    if is_unproven:
        due_at = min(due_at, ctx.now() + lifecycle.BLOCKED_RETRY)
    return RunResult(
        state=State.DONE,
        finish=Finish(
            due_at=due_at,
            is_complete=result.is_complete,
            keeps_trouble=is_unproven,
        ),
        message=result.message,
    )


def run_result_of_error(ctx: RunContext, error: Exception) -> RunResult:
    """Return the result of a run that raised `error`; blocks the job if it must.

    Raises LeaseLost where the whole account would be stopped by a run whose job was
    taken from it.
    """
    if isinstance(error, InvalidToken):
        # Whatever it was to read: the host's keys failed, not the item.
        error = secret_unreadable(sentence("Something stored cannot be decrypted."))
    if isinstance(error, Throttled):
        wait = Finish(
            due_at=error.retry_at,
            waiting_until=error.retry_at,
            # Who was not served at all does not know whether it would be.
            keeps_trouble=not ctx.counts.rows_seen,
        )
        return RunResult(State.WAITING, wait, error.code, error.message)
    if isinstance(error, AuthorizationLost):
        return _authorization_lost(ctx, error)
    if isinstance(error, AccessDenied):
        return _access_denied(ctx, error)
    if isinstance(error, ClientSecretInvalid):
        return _blocked(ctx, error, retry=SECRET_RETRY)
    if isinstance(error, NeedsMerchant):
        return _blocked(ctx, error)
    if isinstance(error, ShoplinkError):
        return _failed(ctx, error)
    return run_result_of_fault(ctx, error)


def _authorization_lost(ctx: RunContext, error: AuthorizationLost) -> RunResult:
    with transaction.atomic():
        # Whoever connects or disconnects the account locks it first: what this run was
        # refused says nothing of the authorisation that came since. Not for a key:
        # another run of the account may hold its job, which we are about to block, and
        # its row, which refers to the account, must still be committed.
        same = AmazonAccount.objects.filter(pk=ctx.account.pk)
        same.select_for_update(no_key=True).first()
        ctx.keep_lease()
        result = _blocked(ctx, error)
        connection.lose_authorization(
            ctx.account, code=error.code, message=error.message
        )
    # Its own job runs no more than the others.
    request_automatic(ctx.account)
    return result


def _access_denied(ctx: RunContext, error: AccessDenied) -> RunResult:
    """Block the job where a probe finds its permission missing; else it backs off."""
    permission = registry.get(ctx.job.kind).permission
    state: str = Permission.State.UNKNOWN
    if permission:
        try:
            state = access_denial.look_into(ctx.account, ctx.client, permission)
        except (AuthorizationLost, ClientSecretInvalid) as lost:
            return run_result_of_error(ctx, lost)
        except ShoplinkError as failed:
            logger.info("no probe account=%s code=%s", ctx.account.pk, failed.code)
    if state == Permission.State.MISSING:
        return _permission_missing(ctx, error, permission)
    if state == Permission.State.GRANTED:
        error.message = sentence(
            "%(reason)s The permission “%(name)s” is there, by its probe: the job goes "
            "on by itself.",
            reason=error.message,
            name=label(Permission.Name(permission).label),
        )
    return _failed(ctx, error)


def _permission_missing(
    ctx: RunContext, error: AccessDenied, permission: str
) -> RunResult:
    code = missing_code(permission)
    # The job of the permissions probes on, and frees this one once the role is there.
    lifecycle.wake(ctx.account.pk, Kind.PERMISSIONS)
    result = _blocked(ctx, error, code=code)
    if result.entry is None:
        return result
    entry = replace(
        result.entry, code=code, level=Level.ERROR, fix=error.fix or PERMISSION_FIX
    )
    return replace(result, entry=entry)


def _blocked(
    ctx: RunContext,
    error: ShoplinkError,
    *,
    code: str = "",
    retry: timedelta = lifecycle.BLOCKED_RETRY,
) -> RunResult:
    code = code or error.code
    is_new = lifecycle.block(ctx.job, code, error.message, retry=retry)
    if is_new:
        # Why, and what follows from it, is looked for at once.
        lifecycle.wake(ctx.account.pk, Kind.HEALTH)
    return RunResult(
        State.BLOCKED,
        Finish(due_at=ctx.job.due_at, is_failed=True),
        code,
        error.message,
        entry=_entry(ctx, error) if is_new else None,
    )


def _failed(ctx: RunContext, error: ShoplinkError) -> RunResult:
    due_at = _due_after(ctx, error)
    entry: Entry | None = None
    if isinstance(error, SecretUnreadable):
        # All jobs of all accounts fail by it at once: it is said once an account.
        record_once(_entry(ctx, error), SAID_AGAIN_AFTER)
    elif isinstance(error, Recoverable) and error.is_recorded:
        pass
    elif ctx.job.attempts == 1:
        entry = _entry(ctx, error)
    elif ctx.job.attempts == FAILING_AFTER:
        entry = replace(
            _entry(ctx, error),
            code="job.failing",
            level=Level.ERROR,
            message=counted(
                "The job “%(job)s” failed %(count)s time, with %(code)s: %(reason)s",
                "The job “%(job)s” failed %(count)s times in a row, last "
                "with %(code)s: %(reason)s",
                FAILING_AFTER,
                job=registry.label_of(ctx.job.kind),
                code=error.code,
                reason=error.message,
            ),
        )
    return RunResult(
        State.FAILED,
        Finish(due_at=due_at, is_failed=True),
        error.code,
        error.message,
        entry=entry,
    )


def _due_after(ctx: RunContext, error: ShoplinkError) -> datetime:
    """Return when a job that failed runs again."""
    retry_at: datetime | None = getattr(error, "retry_at", None)
    if retry_at is not None:
        return retry_at
    if not isinstance(error, ServiceUnavailable | AccessDenied):
        return ctx.now() + job_backoff(ctx.job.attempts)
    rested = ctx.now() + outage_backoff(ctx.job.attempts, error.restores_in)
    return max(rested, error.quota_at or rested)


def run_result_of_fault(ctx: RunContext, error: Exception) -> RunResult:
    """Return the result of a run that ended by an error nobody foresaw.

    It writes nothing, so it is there too where that error is the database's.
    """
    logger.error(
        "run failed job=%s kind=%s account=%s",
        ctx.job.pk,
        ctx.job.kind,
        ctx.account.pk,
        exc_info=error,
    )
    name = type(error).__name__
    known = Recoverable(
        "unknown",
        sentence(
            "An error that Shoplink does not know ended the job “%(job)s”: %(error)s.",
            job=registry.label_of(ctx.job.kind),
            error=name,
        ),
        fix=sentence("Read the traceback of the run, and report it with the log."),
    )
    detail = "".join(traceback.format_exception(error))
    result = _failed(ctx, known)
    if result.entry is None:
        return replace(result, detail=detail)
    return replace(
        result, detail=detail, entry=replace(result.entry, level=Level.ERROR)
    )


def _entry(ctx: RunContext, error: ShoplinkError) -> Entry:
    # Its run is written when the job is given back.
    return entry_for(error, account=ctx.account)
