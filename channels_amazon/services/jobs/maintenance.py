"""Runs maintenance in short slices, resumed where the last stopped; services.

A pass goes once over all stores, accounts or rows, in batches. What a batch changes
and the cursor behind it are one transaction: a process that is killed anywhere leaves
a pass that goes on at its cursor, with nothing lost and nothing counted twice.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import MaintenanceTask
from channels_amazon.services.jobs.queue import TASK_SECONDS
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

TASK = "channels_amazon.tasks.maintain"
# Far below TASK_SECONDS, so that a batch that takes long is not killed.
SLICE_SECONDS = TASK_SECONDS / 6
# Half as long again as a task may live: whose lease ran out is dead.
LEASE = timedelta(seconds=1.5 * TASK_SECONDS)
# The next slice of a pass that goes on waits for as long behind other tasks; no longer
# than a lease, so that the pass of a process that died is not delayed by it.
GOES_ON_WITHIN = timedelta(seconds=60)
# A pass without a batch for so long stands still: a look finds it every minute.
STALLED_AFTER = timedelta(minutes=5)
_LOOK_AGAIN_SECONDS = 0.5
_NEVER = datetime.min.replace(tzinfo=UTC)

C = TypeVar("C")
Clock = Callable[[], datetime]
# Changes the rows of one batch and returns the cursor behind it, None at the end.
Write = Callable[[], C | None]


@dataclass(frozen=True)
class Pass(Generic[C]):
    """What a maintenance task does; `C` is the TypedDict of its cursor.

    `interval` is from the start of one pass to the start of the next; None means that
    only a command runs it. `begin(now, last_started_at)` returns the first cursor.
    `plan(cursor, now)` reads what the next batch needs, outside of any transaction so
    that SQLite's only write lock is held for the writing alone, and returns what
    writes it; a batch takes a second or two at most.
    """

    name: MaintenanceTask.Name
    interval: timedelta | None
    begin: Callable[[datetime, datetime | None], C]
    plan: Callable[[C, datetime], Write[C]]


class UnderWay(Enum):
    """What a command does first with a pass that is under way."""

    # It is finished, since its cursor may hold what is still to be told, and a whole
    # new pass follows.
    FINISH = "finish"
    # Its end is the end.
    CONTINUE = "continue"
    # It is of no use any more.
    DROP = "drop"


class MaintenanceBusy(ShoplinkError):
    """Another process works on the same pass."""


class _LeaseLost(Exception):
    """Another process has taken the pass over: this batch must not be written."""


def run_due(passes: Sequence[Pass[Any]], *, go_on: Callable[[], object]) -> None:
    """Work for one slice on the pass that waited longest; `go_on()` if more is due.

    One slice at a time for the whole installation, so that maintenance never takes
    more than one of the queue's workers from the orders. A pass that fails raises; the
    others that are due go on all the same, and have their turn before it.
    """
    now = timezone.now()
    rows = _rows([one.name for one in passes])
    if any(row.lease_until and row.lease_until > now for row in rows.values()):
        return
    due = [one for one in passes if _is_due(one, rows[one.name], now)]
    if not due:
        return
    chosen = min(due, key=lambda one: rows[one.name].worked_at or _NEVER)
    is_more_due = len(due) > 1
    try:
        is_more_due = run_slice(chosen) or is_more_due
    finally:
        if is_more_due:
            go_on()


def is_going_on(passes: Sequence[Pass[Any]]) -> bool:
    """Tell whether one of them was worked on a moment ago, and will follow itself."""
    since = timezone.now() - GOES_ON_WITHIN
    names = [one.name for one in passes]
    worked = MaintenanceTask.objects.filter(name__in=names, worked_at__gt=since)
    return bool(worked.exists())


def run_slice(
    task: Pass[C], *, seconds: float = SLICE_SECONDS, clock: Clock = timezone.now
) -> bool:
    """Go on with the pass, or begin one, for `seconds`; tell whether some is left.

    At least one batch is done. False also when another process works on it.
    """
    holder = _claim(task.name, clock())
    if holder is None:
        return False
    try:
        return _work(task, holder, clock, ends_at=time.monotonic() + seconds)
    except _LeaseLost:
        logger.warning("maintenance lease lost task=%s", task.name)
        return False
    finally:
        _release(holder)


def run_pass(
    task: Pass[C],
    *,
    under_way: UnderWay = UnderWay.FINISH,
    clock: Clock = timezone.now,
) -> None:
    """Run a pass to its end here and now.

    It waits for a slice of another process to end, as long as a lease may last. Raises
    MaintenanceBusy when that process keeps the pass, or takes it from us.
    """
    holder = _claim_patiently(task.name, clock)
    try:
        if under_way is UnderWay.DROP:
            MaintenanceTask.objects.filter(lease_holder=holder).update(cursor=None)
        is_under_way = row_of(task.name).is_under_way
        _work(task, holder, clock, ends_at=float("inf"))
        if is_under_way and under_way is UnderWay.FINISH:
            _work(task, holder, clock, ends_at=float("inf"))
    except _LeaseLost:
        raise _busy() from None
    finally:
        _release(holder)


def row_of(name: MaintenanceTask.Name) -> MaintenanceTask:
    """Return how far a task has come; an unsaved row for one that never ran."""
    row: MaintenanceTask | None = MaintenanceTask.objects.filter(name=name).first()
    return row or MaintenanceTask(name=name)


def under_way_since(name: MaintenanceTask.Name, now: datetime) -> datetime | None:
    """Return when the pass began that is being worked on, None while none is."""
    row = row_of(name)
    if not row.is_under_way or row.worked_at is None:
        return None
    return row.started_at if now - row.worked_at < STALLED_AFTER else None


def _rows(names: Sequence[str]) -> dict[str, MaintenanceTask]:
    """Return the tasks' rows by name, and create those that are missing."""
    rows = {row.name: row for row in MaintenanceTask.objects.filter(name__in=names)}
    missing = [MaintenanceTask(name=name) for name in names if name not in rows]
    if missing:
        MaintenanceTask.objects.bulk_create(missing, ignore_conflicts=True)
    return {row.name: row for row in missing} | rows


def _is_due(task: Pass[Any], row: MaintenanceTask, now: datetime) -> bool:
    if row.is_under_way:
        return True
    if task.interval is None:
        return False
    last = row.started_at
    # A clock that was ahead when the pass began must not hold back the next for long.
    return last is None or last > now or now - last >= task.interval


def _claim(name: str, now: datetime) -> str | None:
    """Take the task for this process; None when another one has it."""
    _rows([name])
    holder = uuid.uuid4().hex
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    won = MaintenanceTask.objects.filter(free, name=name).update(
        lease_holder=holder, lease_until=now + LEASE, worked_at=now
    )
    return holder if won else None


def _claim_patiently(name: str, clock: Clock) -> str:
    ends_at = time.monotonic() + LEASE.total_seconds() + _LOOK_AGAIN_SECONDS
    while (holder := _claim(name, clock())) is None:
        if time.monotonic() > ends_at:
            raise _busy()
        time.sleep(_LOOK_AGAIN_SECONDS)
    return holder


def _release(holder: str) -> None:
    MaintenanceTask.objects.filter(lease_holder=holder).update(
        lease_holder="", lease_until=None
    )


def _work(task: Pass[C], holder: str, clock: Clock, *, ends_at: float) -> bool:
    """Do batch after batch until the end or `ends_at`; tell whether some is left."""
    row = MaintenanceTask.objects.get(name=task.name)
    cursor: C | None = row.cursor
    if cursor is None:
        now = clock()
        cursor = task.begin(now, row.started_at)
        _save(holder, now, cursor=cursor, started_at=now)
    while cursor is not None:
        cursor = _do_batch(task, cursor, holder, clock)
        if time.monotonic() >= ends_at:
            break
    return cursor is not None


def _do_batch(task: Pass[C], cursor: C, holder: str, clock: Clock) -> C | None:
    write = task.plan(cursor, clock())
    with transaction.atomic():
        after = write()
        now = clock()
        ended = {"finished_at": now} if after is None else {}
        _save(holder, now, cursor=after, **ended)
    return after


def _save(holder: str, now: datetime, **columns: Any) -> None:
    """Store how far the pass has come, and prolong the lease; raises _LeaseLost."""
    held = MaintenanceTask.objects.filter(lease_holder=holder)
    if not held.update(lease_until=now + LEASE, worked_at=now, **columns):
        raise _LeaseLost


def _busy() -> MaintenanceBusy:
    return MaintenanceBusy(
        "maintenance.busy",
        sentence("Another process is doing the same work."),
        fix=sentence("Try again when it is done."),
    )
