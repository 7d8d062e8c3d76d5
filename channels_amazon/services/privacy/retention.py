"""Deletes log rows that are older than they are useful; services layer.

A pass goes over one log after the other, each from its oldest row on by the index of
its time, and leaves it where the rows are young enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from axes.models import AccessFailureLog, AccessLog
from django.conf import settings
from django.db.models import Model, Q, QuerySet

from channels_amazon.models import (
    ApiCall,
    AuditEntry,
    DiagnosticEntry,
    HealthReport,
    MaintenanceTask,
    Notification,
    SyncRun,
)
from channels_amazon.rules.privacy.retention import (
    AUDIT_CODES,
    AUDIT_KEPT,
    AUDIT_PREFIX,
    RETENTION_INTERVAL,
)
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import Write

# Small, so that no delete holds SQLite's only write lock for long.
ROWS_A_BATCH = 500


@dataclass(frozen=True, slots=True)
class Log:
    """Rows that go by their age: their model, and the column of their time.

    It is indexed where there are many rows.
    `stays` says at a moment which of the old rows are kept for longer all the same.
    """

    model: type[Model]
    clock: str
    stays: Callable[[datetime], Q] = lambda now: Q(pk__in=())


class RetentionCursor(TypedDict):
    """Where a pass goes on: in this log, after the row of this time and key.

    `log` is the model's name; `after_at` is UTC as ISO text, "" before the first row.
    """

    log: str
    after_at: str
    after_pk: int


def _is_audit(now: datetime) -> Q:
    found = Q(code__in=AUDIT_CODES) | Q(code__startswith=AUDIT_PREFIX)
    return found & Q(at__gte=now - AUDIT_KEPT)


def _was_lately(now: datetime) -> Q:
    return Q(at__gte=now - AUDIT_KEPT)


def _signed_in_lately(now: datetime) -> Q:
    return Q(attempt_time__gte=now - AUDIT_KEPT)


# Calls and entries before the runs that they point to: a delete has to unlink those
# that are left.
LOGS: tuple[Log, ...] = (
    Log(ApiCall, "started_at"),
    Log(DiagnosticEntry, "at", _is_audit),
    Log(HealthReport, "created_at"),
    Log(Notification, "received_at"),
    Log(SyncRun, "finished_at"),
    Log(AuditEntry, "at", _was_lately),
    Log(AccessFailureLog, "attempt_time", _signed_in_lately),
    Log(AccessLog, "attempt_time", _signed_in_lately),
)


def _begin(now: datetime, last_started_at: datetime | None) -> RetentionCursor:
    return _start_of(LOGS[0])


def _plan(cursor: RetentionCursor, now: datetime) -> Write[RetentionCursor]:
    place = _place(cursor)
    log = LOGS[place]
    page = _old_rows(log, cursor, now)
    pks = [pk for pk, _at in page]

    def write() -> RetentionCursor | None:
        # The base manager: that of the audit log itself deletes nothing.
        rows = log.model._base_manager.filter(pk__in=pks)
        rows.exclude(log.stays(now)).delete()
        if len(page) == ROWS_A_BATCH:
            pk, at = page[-1]
            return {"log": cursor["log"], "after_at": at.isoformat(), "after_pk": pk}
        following = LOGS[place + 1 :]
        return _start_of(following[0]) if following else None

    return write


PASS = maintenance.Pass(
    name=MaintenanceTask.Name.RETENTION,
    interval=RETENTION_INTERVAL,
    begin=_begin,
    plan=_plan,
)


def _start_of(log: Log) -> RetentionCursor:
    return {"log": log.model.__name__, "after_at": "", "after_pk": 0}


def _place(cursor: RetentionCursor) -> int:
    """Return the place of the cursor's log; the first for one of an older version."""
    names = [log.model.__name__ for log in LOGS]
    return names.index(cursor["log"]) if cursor["log"] in names else 0


def _old_rows(
    log: Log, cursor: RetentionCursor, now: datetime
) -> list[tuple[int, datetime]]:
    """Return key and time of the next rows past LOG_RETENTION_DAYS, oldest first."""
    before = now - timedelta(days=settings.LOG_RETENTION_DAYS)
    rows: QuerySet[Model] = log.model._default_manager.filter(
        **{f"{log.clock}__lt": before}
    )
    if cursor["after_at"]:
        at = datetime.fromisoformat(cursor["after_at"])
        # Many rows may be of one moment; the first condition is what the index sees.
        same_moment = Q(**{log.clock: at, "pk__gt": cursor["after_pk"]})
        rows = rows.filter(**{f"{log.clock}__gte": at}).filter(
            Q(**{f"{log.clock}__gt": at}) | same_moment
        )
    return list(
        rows.order_by(log.clock, "pk").values_list("pk", log.clock)[:ROWS_A_BATCH]
    )
