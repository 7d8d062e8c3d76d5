"""The first line of a log: whether anything is wrong there; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from channels_amazon.forms.filters import LogFilter
from channels_amazon.forms.log_filters import WRONG, CallResult
from channels_amazon.models.scope import COUNT_CAP, capped
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.services.diagnostics.trouble import Trouble, trouble_of

LATELY = timedelta(days=1)
# What the filter is set to by the button that shows what went wrong.
SHOWS = {
    LogKind.EVENTS: WRONG,
    LogKind.CALLS: CallResult.FAILED.value,
    LogKind.RUNS: WRONG,
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One sentence, when it last happened, and the filter that shows it."""

    text: str
    last_at: datetime | None
    shows: str


def log_line(kind: LogKind, rows: QuerySet[Any], form: LogFilter) -> LogLine:
    """Return whether anything went wrong in what the filter speaks of.

    Its time is the filter's where that names one, else the last day; what is filtered
    by its outcome is looked at whatever came out.
    """
    since = None if form.has_span else timezone.now() - LATELY
    found = trouble_of(kind, form.scope(rows), since)
    parts = {"what": _what(kind, found), "span": _span(form)}
    if form.is_scoped:
        text = gettext("In what is filtered here: %(what)s %(span)s.") % parts
    else:
        text = gettext("%(what)s %(span)s.") % parts
    # A sentence, whichever of its parts begins it.
    return LogLine(text[:1].upper() + text[1:], found.last_at, SHOWS[kind])


def _span(form: LogFilter) -> str:
    if form.has_span:
        return gettext("in the time of the filter")
    return gettext("in the last 24 hours")


def _what(kind: LogKind, found: Trouble) -> str:
    number = {"number": capped(found.count)}
    if kind is LogKind.CALLS:
        if not found.count:
            return gettext("no call failed")
        return ngettext(
            "%(number)s call failed", "%(number)s calls failed", found.count
        ) % (number)
    if kind is LogKind.RUNS:
        if not found.count:
            return gettext("no run failed")
        text = ngettext(
            "%(number)s run did not end well",
            "%(number)s runs did not end well",
            found.count,
        )
        return text % number
    return _events(found)


def _events(found: Trouble) -> str:
    if not found.count:
        return gettext("no error and no warning was recorded")
    if found.count >= COUNT_CAP and 0 < found.errors < found.count:
        # Counting ended: how many of each there are is not known.
        return gettext("%(number)s errors and warnings") % {
            "number": capped(found.count)
        }
    warnings = found.count - found.errors
    said = []
    if found.errors:
        text = ngettext("%(number)s error", "%(number)s errors", found.errors)
        said.append(text % {"number": capped(found.errors)})
    if warnings:
        text = ngettext("%(number)s warning", "%(number)s warnings", warnings)
        said.append(text % {"number": capped(warnings)})
    if len(said) < 2:
        return said[0]
    return gettext("%(errors)s and %(warnings)s") % {
        "errors": said[0],
        "warnings": said[1],
    }
