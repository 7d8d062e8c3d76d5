"""Spans of time in words, the one place; views layer.

What has passed is told in its largest unit. Of what is still to come people count the
hours: below three days they are told too, and the minutes below three hours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.html import avoid_wrapping
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext, ngettext, ngettext_lazy, pgettext

SECONDS_SHOWN = 90
TENTHS_SHOWN = 10
MINUTE, HOUR, DAY = 60, 3600, 86400
# Below so many of a unit the next smaller one is told, too.
_FEW = 3
# Beyond these, days are no longer counted.
_MOST_DAYS = 60
# Django's words, which its own Chinese has otherwise ("3 日").
_UNITS: dict[str, Any] = {
    "year": ngettext_lazy("%(num)d year", "%(num)d years", "num"),
    "month": ngettext_lazy("%(num)d month", "%(num)d months", "num"),
    "week": ngettext_lazy("%(num)d week", "%(num)d weeks", "num"),
    "day": ngettext_lazy("%(num)d day", "%(num)d days", "num"),
    "hour": ngettext_lazy("%(num)d hour", "%(num)d hours", "num"),
    "minute": ngettext_lazy("%(num)d minute", "%(num)d minutes", "num"),
}


def duration(seconds: float | None) -> str:
    """Return a span of seconds that was measured, in its largest unit."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return gettext("under a second")
    whole = round(seconds)
    if whole < SECONDS_SHOWN:
        return pgettext("duration", "%(count)d s") % {"count": whole}
    if whole < 2 * HOUR:
        return pgettext("duration", "%(count)d min") % {"count": whole // MINUTE}
    if whole < 2 * DAY:
        return pgettext("duration", "%(count)d h") % {"count": whole // HOUR}
    days = whole // DAY
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def bound(seconds: float | None) -> str:
    """Return a span as what stands behind “within”, where none is “under a second”."""
    if seconds is not None and seconds < 1:
        return gettext("a second")
    return duration(seconds)


def fine_duration(seconds: float | None) -> str:
    """Return a span of seconds, with its milliseconds or tenths while they matter."""
    if seconds is None:
        return "–"
    if seconds < 1:
        thousandths = round(seconds * 1000)
        return pgettext("duration", "%(count)d ms") % {"count": thousandths}
    if seconds < TENTHS_SHOWN:
        tenths = number_format(seconds, decimal_pos=1)
        return pgettext("duration", "%(count)s s") % {"count": tenths}
    return duration(seconds)


def relative(value: datetime, now: datetime) -> str:
    """Return how long ago, or in how long, `value` is: seconds while they matter."""
    seconds = (now - value).total_seconds()
    if abs(seconds) < 1:
        return gettext("now")
    if seconds < 0:
        return gettext("in %(span)s") % {"span": until(value, now)}
    if seconds < SECONDS_SHOWN:
        text = _seconds(seconds)
    else:
        text = timesince(value, now, time_strings=_UNITS, depth=1)
    return gettext("%(span)s ago") % {"span": text}


def until(value: datetime, now: datetime) -> str:
    """Return how long it is until `value`, which is still to come."""
    seconds = (value - now).total_seconds()
    if seconds < SECONDS_SHOWN:
        return _seconds(seconds)
    whole = int(seconds)
    if whole < HOUR:
        return _of("minute", whole // MINUTE)
    if whole < DAY:
        return _with_rest("hour", whole, HOUR, "minute", MINUTE)
    if whole < _MOST_DAYS * DAY:
        return _with_rest("day", whole, DAY, "hour", HOUR)
    return timeuntil(value, now, time_strings=_UNITS, depth=1)


def _with_rest(unit: str, whole: int, size: int, smaller: str, part: int) -> str:
    number, rest = divmod(whole, size)
    if number >= _FEW or rest < part:
        return _of(unit, number)
    return pgettext("duration", "%(larger)s, %(smaller)s") % {
        "larger": _of(unit, number),
        "smaller": _of(smaller, rest // part),
    }


def _of(unit: str, number: int) -> str:
    return avoid_wrapping(_UNITS[unit] % {"num": number})


def _seconds(seconds: float) -> str:
    return pgettext("duration", "%(count)d s") % {"count": round(seconds)}
