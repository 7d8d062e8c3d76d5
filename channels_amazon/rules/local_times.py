"""Times as the clocks of a place show them; pure, rules layer.

All times are kept in UTC. A person writes and reads what a clock on the wall shows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

TO_THE_MINUTE = "%Y-%m-%d %H:%M"
TO_THE_SECOND = "%Y-%m-%d %H:%M:%S"
_SECOND = timedelta(seconds=1)
# What some machines' lists of zones hold beside places and offsets.
_NO_ZONES = frozenset({"Factory", "localtime"})


class SkippedTimeError(ValueError):
    """No clock of the zone shows this time: summer time begins, and they skip it."""


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the time zone of this name, None where there is none."""
    return ZoneInfo(name) if name and name in zone_names() else None


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones that this machine knows."""
    # Once a process: it looks through some hundred files.
    return frozenset(available_timezones() - _NO_ZONES)


def moment_of(wall: datetime, zone: tzinfo, *, is_later: bool = False) -> datetime:
    """Return the moment, in UTC, at which the clocks of `zone` show `wall`.

    Where summer time ends they show an hour twice: the earlier one is meant, unless the
    later is asked for. Raises SkippedTimeError for a time that they never show, and
    OverflowError for one outside of the calendar.
    """
    shown = wall.replace(tzinfo=zone, fold=int(is_later))
    moment = shown.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise SkippedTimeError(wall)
    return moment


def is_shown_twice(wall: datetime, zone: tzinfo) -> bool:
    """Tell whether the clocks of `zone` show `wall` twice, since summer time ends.

    Raises OverflowError for a time outside of the calendar.
    """
    first, second = (
        wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    # Of a time that they skip, the second is the earlier.
    return first < second


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, at which the day after `day` begins in `zone`.

    A midnight that clocks skip is when they skip it, one that they show twice is the
    first. Raises OverflowError for the calendar's last day.
    """
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def last_second(day: date, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, at which the last second of `day` begins in `zone`."""
    return end_of_day(day, zone) - _SECOND


def clock_time(moment: datetime, zone: tzinfo) -> datetime:
    """Return `moment` by the clocks of `zone`, in UTC where these leave the calendar.

    Damaged data may hold its first day or its last: a page that shows one still opens.
    """
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)


def shown(moment: datetime, zone: tzinfo, form: str = TO_THE_SECOND) -> str:
    """Return what the clocks of `zone` show at `moment`, with their offset."""
    return f"{clock_time(moment, zone):{form}} {offset_of(moment, zone)}"


def offset_of(moment: datetime, zone: tzinfo) -> str:
    """Return how far `zone` is from UTC at `moment`: "UTC", "UTC+8", "UTC-3:30"."""
    offset = clock_time(moment, zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
