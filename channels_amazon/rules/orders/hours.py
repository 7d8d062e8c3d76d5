"""The hours of a day, and which of them were read; pure, rules layer.

An hour without orders says that none was placed only where Amazon was read up to its
end. Where it was not, nobody knows yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
# The sweep proves every 30 minutes, and 37 at most, that no order was missed; beyond
# these it is overdue, and events alone prove nothing.
READ_WITHIN = HOUR


def hours_until(now: datetime, count: int) -> tuple[datetime, ...]:
    """Return when each of the last `count` hours began, that of `now` last."""
    this = now.replace(minute=0, second=0, microsecond=0)
    return tuple(this - HOUR * back for back in range(count - 1, -1, -1))


def unread_since(
    now: datetime, read_up_to: datetime | None, *, is_stopped: bool
) -> datetime | None:
    """Return from when on an account is unread, None where nothing is.

    `read_up_to` is None where nothing was read to its end yet (a first pull). The time
    since the last sweep counts as read while the next one will come: `is_stopped` says
    that it will not.
    """
    if read_up_to is None:
        return datetime.min.replace(tzinfo=now.tzinfo)
    is_overdue = now - read_up_to > READ_WITHIN
    return read_up_to if is_stopped or is_overdue else None


def is_unread(hour: datetime, since: datetime | None) -> bool:
    """Tell whether a part of the hour that begins then is unread."""
    return since is not None and since < hour + HOUR
