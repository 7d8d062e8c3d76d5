"""When an installation is behind Amazon, and when it has caught up; pure, rules layer.

A restored database does not know what was sold since its backup, and one that stood
still for long does not know it either until it has read it. Until each account has been
read up to the moment at which the work began, its quantities are not raised.

The same holds for one account whose order sweep was stopped (a lost authorisation, a
missing permission): while it is, and until it has read up to when it was freed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# No host at work for so long: what was sold meanwhile may be more than the messages
# that wait in the queue. A restart and an update take less.
LONG_STOPPED = timedelta(minutes=15)
# A host notes outside of the database when it last worked, once in so long, always
# after it wrote that into the database. A database that knows of less was set back;
# so much may be lost of its newest rows when the power fails.
NOTED_EVERY = timedelta(minutes=1)
SET_BACK_BY = timedelta(minutes=2)


class BehindCause(StrEnum):
    """Why the database does not know what was sold meanwhile."""

    RESTORED = "restored"
    STOPPED = "stopped"
    # Of one account, whose sweep was stopped; the others go on.
    NOT_READ = "not_read"


@dataclass(frozen=True, slots=True)
class ReadSpan:
    """A time over which everything that changed was read, by a report."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Why, up to when, and since when an account has to be read; UTC."""

    cause: BehindCause
    until: datetime
    since: datetime


def mark_of(
    now: datetime,
    *,
    installation: tuple[BehindCause, datetime] | None,
    marked_at: datetime | None,
    is_stopped: bool,
) -> Mark | None:
    """Return up to when an account has to be read, None where nothing was left unread.

    `installation` says why and when the work of all began behind; `marked_at` when the
    account's own sweep was stopped or freed last. While it `is_stopped` no time is late
    enough, whatever holds for the others.
    """
    marks = []
    if installation is not None:
        cause, at = installation
        marks.append(Mark(cause, at, at))
    if marked_at is not None:
        marks.append(Mark(BehindCause.NOT_READ, marked_at, marked_at))
    if not marks:
        return None
    if is_stopped:
        return Mark(BehindCause.NOT_READ, now, min(one.since for one in marks))
    return max(marks, key=lambda one: one.until)


def cause_at_start(
    now: datetime, *, last_work_at: datetime | None, noted_at: datetime | None
) -> BehindCause | None:
    """Return why work that begins at `now` begins behind, None where it does not.

    `last_work_at` is when any host worked last, as the database says; `noted_at` is
    what this host noted of that beside it, None for nothing.
    """
    if last_work_at is None:
        return None
    if noted_at is not None and noted_at - last_work_at > SET_BACK_BY:
        return BehindCause.RESTORED
    return BehindCause.STOPPED if now - last_work_at > LONG_STOPPED else None


def read_up_to(low_water: datetime, reports: Iterable[ReadSpan]) -> datetime:
    """Return up to when an account was read: by the sweep, or by a report beyond it."""
    reached = low_water
    for span in sorted(reports, key=lambda one: one.start):
        if span.start <= reached:
            reached = max(reached, span.end)
    return reached


def is_behind(
    behind_at: datetime | None,
    low_water: datetime | None,
    reports: Iterable[ReadSpan] = (),
) -> bool:
    """Tell whether an account still has to be read up to `behind_at`.

    `behind_at` is when the work began, None where it did not begin behind. An account
    without a `low_water` is in its first pull, which has its own rules.
    """
    if behind_at is None or low_water is None:
        return False
    return read_up_to(low_water, reports) < behind_at
