"""Keeps the queue's own schedule table, the net below the ticker; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django_q.models import Schedule

from channels_amazon.services.jobs import maintenance


@dataclass(frozen=True)
class Planned:
    """One row that the schedule table must hold exactly once."""

    name: str
    task: str
    kind: str
    minutes: int | None = None


PLANNED = (
    Planned("shoplink: nets", "channels_amazon.tasks.cast_nets", Schedule.MINUTES, 1),
    Planned("shoplink: drain", "channels_amazon.tasks.drain", Schedule.MINUTES, 1),
    # Each pass says itself when it is due. So often, since one whose process was killed
    # goes on with the next look.
    Planned("shoplink: maintain", maintenance.TASK, Schedule.MINUTES, 1),
)
_PREFIX = "shoplink: "


def ensure_schedules() -> list[str]:
    """Restore missing, disabled or doubled schedules; return the names it mended.

    Schedules of an older version, whose tasks are no more, are deleted.
    """
    known = [planned.name for planned in PLANNED]
    ours = Schedule.objects.filter(name__startswith=_PREFIX)
    ours.exclude(name__in=known).delete()
    wrong = broken_schedules()
    for planned in PLANNED:
        if planned.name not in wrong:
            continue
        Schedule.objects.filter(name=planned.name).delete()
        Schedule.objects.create(
            name=planned.name,
            func=planned.task,
            schedule_type=planned.kind,
            minutes=planned.minutes,
            repeats=-1,
            next_run=timezone.now(),
        )
    return wrong


def broken_schedules() -> list[str]:
    """Return the names of the schedules that are missing, disabled or doubled."""
    rows: dict[str, list[Schedule]] = {planned.name: [] for planned in PLANNED}
    for row in Schedule.objects.filter(name__in=list(rows)):
        rows[row.name].append(row)
    return [one.name for one in PLANNED if not _is_sound(one, rows[one.name])]


def _is_sound(planned: Planned, rows: Sequence[Schedule]) -> bool:
    return (
        len(rows) == 1
        and rows[0].func == planned.task
        and rows[0].schedule_type == planned.kind
        and rows[0].minutes == planned.minutes
        # The queue counts down to 0, which is its way of switching a schedule off.
        and rows[0].repeats != 0
    )
