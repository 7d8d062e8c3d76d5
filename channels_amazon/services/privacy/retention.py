"""Deletes log rows that are older than they are useful; services layer.

A pass goes over one log after the other, each from its oldest row on, and leaves it
where the rows are young enough: it reads what goes, not what stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from itertools import takewhile
from operator import or_
from typing import TypedDict

from axes.models import AccessFailureLog, AccessLog
from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from channels_amazon.models import (
    ApiCall,
    AuditEntry,
    DiagnosticEntry,
    HealthReport,
    ListingFeed,
    MaintenanceTask,
    Notification,
    NumberChange,
    RuleDryRun,
    StockTake,
    SyncRun,
)
from channels_amazon.rules.privacy.retention import (
    AUDIT_CODES,
    AUDIT_KEPT,
    AUDIT_PREFIXES,
    DRY_RUNS_KEPT,
    NUMBERS_KEPT,
    RETENTION_INTERVAL,
)
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import Write

# Small, so that no delete holds SQLite's only write lock for long.
ROWS_A_BATCH = 500


@dataclass(frozen=True, slots=True)
class Log:
    """Rows that go by their age: their model, and the column of their time.

    `which` says which of the model's rows, where they are not all kept equally long;
    `is_audit` that they are kept as long as AUDIT_KEPT, `lasts` that they are kept for
    another time. Where no index has the time, the rows are added in its order, and so
    read in the order of their keys. `same` names the columns of what a row tells of:
    the last row of it that is too old stays, since it still holds.
    """

    model: type[Model]
    clock: str
    which: Q = field(default_factory=Q)
    is_audit: bool = False
    is_indexed: bool = True
    lasts: timedelta | None = None
    same: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return how the cursor calls it."""
        return f"{self.model.__name__}{' audit' if self.is_audit else ''}"

    def kept(self) -> timedelta:
        """Return how long its rows are kept."""
        if self.lasts is not None:
            return self.lasts
        days = timedelta(days=settings.LOG_RETENTION_DAYS)
        return max(days, AUDIT_KEPT) if self.is_audit else days


class RetentionCursor(TypedDict):
    """Where a pass goes on: in this log, after the row of this time and key.

    `log` is the log's name; `after_at` is UTC as ISO text, "" before the first row.
    """

    log: str
    after_at: str
    after_pk: int


_AUDIT = reduce(
    or_,
    (Q(code__startswith=prefix) for prefix in AUDIT_PREFIXES),
    Q(code__in=AUDIT_CODES),
)
# Calls and entries before the runs that they point to: a delete has to unlink those
# that are left.
LOGS: tuple[Log, ...] = (
    Log(ApiCall, "started_at"),
    Log(DiagnosticEntry, "at", which=~_AUDIT),
    Log(DiagnosticEntry, "at", which=_AUDIT, is_audit=True),
    Log(HealthReport, "created_at"),
    Log(
        ListingFeed,
        "created_at",
        which=~Q(state__in=ListingFeed.OPEN),
        is_indexed=False,
    ),
    Log(Notification, "received_at"),
    Log(SyncRun, "finished_at"),
    Log(AuditEntry, "at", is_audit=True),
    Log(
        NumberChange,
        "created_at",
        lasts=NUMBERS_KEPT,
        same=("listing", "marketplace_id"),
    ),
    Log(RuleDryRun, "created_at", lasts=DRY_RUNS_KEPT),
    # A saved one is a document, which stays.
    Log(
        StockTake,
        "created_at",
        which=Q(saved_at=None),
        is_indexed=False,
        lasts=DRY_RUNS_KEPT,
    ),
    Log(AccessFailureLog, "attempt_time", is_audit=True, is_indexed=False),
    Log(AccessLog, "attempt_time", is_audit=True, is_indexed=False),
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
        log.model._base_manager.filter(pk__in=pks).delete()
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
    return {"log": log.name, "after_at": "", "after_pk": 0}


def _place(cursor: RetentionCursor) -> int:
    """Return the place of the cursor's log; the first for one of an older version."""
    names = [log.name for log in LOGS]
    return names.index(cursor["log"]) if cursor["log"] in names else 0


def _old_rows(
    log: Log, cursor: RetentionCursor, now: datetime
) -> list[tuple[int, datetime]]:
    """Return key and time of the next rows that are too old, oldest first."""
    before = now - log.kept()
    rows: QuerySet[Model] = log.model._default_manager.filter(log.which)
    if log.same:
        rows = rows.filter(_is_followed(log, before))
    if not log.is_indexed:
        found = rows.filter(pk__gt=cursor["after_pk"]).order_by("pk")
        return list(takewhile(lambda row: row[1] < before, _page(found, log)))
    rows = rows.filter(**{f"{log.clock}__lt": before})
    if cursor["after_at"]:
        at = datetime.fromisoformat(cursor["after_at"])
        # Many rows may be of one moment; the first condition is what the index sees.
        same_moment = Q(**{log.clock: at, "pk__gt": cursor["after_pk"]})
        rows = rows.filter(**{f"{log.clock}__gte": at}).filter(
            Q(**{f"{log.clock}__gt": at}) | same_moment
        )
    return list(_page(rows.order_by(log.clock, "pk"), log))


def _is_followed(log: Log, before: datetime) -> Exists:
    """Return the condition that a later row, too old as well, tells of the same."""
    later = log.model._default_manager.filter(
        pk__gt=OuterRef("pk"),
        **{f"{log.clock}__lt": before},
        **{column: OuterRef(column) for column in log.same},
    )
    return Exists(later)


def _page(rows: QuerySet[Model], log: Log) -> Iterable[tuple[int, datetime]]:
    return rows.values_list("pk", log.clock)[:ROWS_A_BATCH]
