"""What each way a run can end means for its job; sync layer.

Three classes of error: the job goes on by itself, it needs the merchant, or (items
alone) it was quarantined by the reconciler. Whatever else is raised is a fault of ours:
logged with its traceback, told to people, and tried again with backoff.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.db import transaction

from channels_amazon.errors import NeedsMerchant, Recoverable, ShoplinkError
from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.accounts import connection
from channels_amazon.services.accounts.permissions import PERMISSION_FIX, missing_code
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    entry_for,
    record_once,
)
from channels_amazon.services.jobs import lifecycle, registry
from channels_amazon.services.jobs.backoff import job_backoff
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
    Throttled,
)
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.wording import sentence

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
    `interval` at the latest.
    """
    slot = next_slot(ctx.job.kind, ctx.account.pk, interval, ctx.now())
    due_at = min(result.next_due or slot, slot)
    return RunResult(
        state=State.DONE,
        finish=Finish(due_at=due_at, is_complete=result.is_complete),
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
        wait = Finish(due_at=error.retry_at, waiting_until=error.retry_at)
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
        connection.mark_needs_authorization(ctx.account, code=error.code)
        result = _blocked(ctx, error)
        lifecycle.block_all(ctx.account, error.code, error.message)
    return result


def _access_denied(ctx: RunContext, error: AccessDenied) -> RunResult:
    permission = registry.get(ctx.job.kind).permission
    code = missing_code(permission) if permission else error.code
    if ctx.job.kind != Kind.PERMISSIONS:
        lifecycle.wake(ctx.account.pk, Kind.PERMISSIONS)
    result = _blocked(ctx, error, code=code)
    if result.entry is None:
        return result
    fix = error.fix or PERMISSION_FIX
    return replace(result, entry=replace(result.entry, code=code, fix=fix))


def _blocked(
    ctx: RunContext,
    error: ShoplinkError,
    *,
    code: str = "",
    retry: timedelta = lifecycle.BLOCKED_RETRY,
) -> RunResult:
    code = code or error.code
    is_new = lifecycle.block(ctx.job, code, error.message, retry=retry)
    return RunResult(
        State.BLOCKED,
        Finish(due_at=ctx.job.due_at, is_failed=True),
        code,
        error.message,
        entry=_entry(ctx, error) if is_new else None,
    )


def _failed(ctx: RunContext, error: ShoplinkError) -> RunResult:
    retry_at = getattr(error, "retry_at", None)
    due_at = retry_at or ctx.now() + job_backoff(ctx.job.attempts)
    entry: Entry | None = None
    if isinstance(error, SecretUnreadable):
        # All jobs of all accounts fail by it at once: it is said once an account.
        record_once(_entry(ctx, error), SAID_AGAIN_AFTER)
    elif ctx.job.attempts == 1:
        entry = _entry(ctx, error)
    elif ctx.job.attempts == FAILING_AFTER:
        entry = replace(
            _entry(ctx, error),
            code="job.failing",
            level=Level.ERROR,
            message=sentence(
                "The job “%(job)s” failed %(times)s times in a row, last with "
                "%(code)s: %(reason)s",
                job=registry.label_of(ctx.job.kind),
                times=FAILING_AFTER,
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
