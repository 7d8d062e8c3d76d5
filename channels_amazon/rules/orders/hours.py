"""The hours of a day, and which of them were read; pure, rules layer.

An hour without orders says that none was placed only where Amazon was read up to its
end. Where it was not, nobody knows yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)
# The sweep proves every 30 minutes, and 37 at most, that no order was missed; beyond
# these it is overdue, and events alone prove nothing.
READ_WITHIN = HOUR


class Tail(StrEnum):
    """What is with the time since the last sweep."""

    # Events tell of each order of it at once, and the next sweep proves it.
    TOLD = "told"
    # Nobody tells of it: the next sweep reads it.
    WAITING = "waiting"
    # No sweep comes for it, or none came in time.
    MISSED = "missed"


def tail_of(
    now: datetime, read_up_to: datetime | None, *, is_stopped: bool, is_told: bool
) -> Tail:
    """Return what is with the time since `read_up_to`, None in a first pull.

    `is_stopped` says that no sweep will come, `is_told` that events are subscribed and
    listened to.
    """
    is_overdue = read_up_to is None or now - read_up_to > READ_WITHIN
    if is_stopped or is_overdue:
        return Tail.MISSED
    return Tail.TOLD if is_told else Tail.WAITING


def hours_until(now: datetime, count: int) -> tuple[datetime, ...]:
    """Return when each of the last `count` hours began, that of `now` last."""
    this = now.replace(minute=0, second=0, microsecond=0)
    return tuple(this - HOUR * back for back in range(count - 1, -1, -1))


def unread_since(read_up_to: datetime | None, tail: Tail) -> datetime | None:
    """Return from when on an account is unread, None where nothing is.

    `read_up_to` is None where nothing was read to its end yet (a first pull).
    """
    if read_up_to is None:
        return datetime.min.replace(tzinfo=UTC)
    return None if tail == Tail.TOLD else read_up_to


def is_unread(hour: datetime, since: datetime | None) -> bool:
    """Tell whether a part of the hour that begins then is unread."""
    return since is not None and since < hour + HOUR
