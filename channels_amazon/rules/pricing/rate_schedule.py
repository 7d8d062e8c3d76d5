"""When the European Central Bank's next file is looked for; pure, rules layer.

The bank publishes about four o'clock of its own clocks on working days. Its holidays
are not known here: on each of them the file is looked for once an hour, in vain.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_BANK = ZoneInfo("Europe/Berlin")
_PUBLISHED_AT = time(16)
# The file is rarely there on the minute.
_SOON_AFTER = timedelta(minutes=5)
_SATURDAY = 5
# Until the file of the day is there.
WHILE_AWAITED = timedelta(hours=1)
# From one look to the next at most: clocks that were ahead must not hold it back.
LONGEST_WAIT = timedelta(days=1, hours=2)


def expected_day(now: datetime) -> date:
    """Return the day whose file should be there at `now` (aware): a working day."""
    there = now.astimezone(_BANK)
    day = there.date()
    if there.time() < _PUBLISHED_AT:
        day -= timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return day


def next_look_at(newest: date | None, now: datetime) -> datetime:
    """Return when to look again after the bank answered with a file.

    `newest` is the day of the newest rates that we have. In an hour while the file of
    the day is not there, else after the next four o'clock.
    """
    if newest is None or newest < expected_day(now):
        return now + WHILE_AWAITED
    there = now.astimezone(_BANK)
    day = there.date() + timedelta(days=there.time() >= _PUBLISHED_AT)
    published = datetime.combine(day, _PUBLISHED_AT, _BANK)
    return published.astimezone(now.tzinfo) + _SOON_AFTER
