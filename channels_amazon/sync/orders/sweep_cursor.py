"""Where the sweep stands, as kept in its job's cursor; sync layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

# The key of `upper_bound` in a pass that was under way before migration 0008.
_FORMER_UPPER_BOUND = "edge"


class Interval(NamedTuple):
    """A time from `start` to before `end`, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class SweepPass:
    """A pass under way over what changed at Amazon since `after`; times are UTC.

    It answers up to `upper_bound`. `token` is its next page, which Amazon gave at
    `token_at` ("" and None before the first page). Of a first pull, `pages` were read,
    with orders that were placed within `placed`.
    """

    after: datetime
    upper_bound: datetime
    token: str = ""
    token_at: datetime | None = None
    pages: int = 0
    placed: Interval | None = None


@dataclass(frozen=True)
class SweepCursor:
    """What one run of the sweep leaves to the next; times are UTC.

    `low_water` is up to when everything was read, None before the first pull ended.
    `report` is the key of the report that brings the first pull (0 for none), and
    `has_no_report` says that one cannot be had. `silent_since` is since when nobody
    reads Amazon's events, `missed` the time for which a report is still to be asked.
    `missed_event_since` is when the sweep found an order that should have had an event,
    None once an event came after that.
    """

    low_water: datetime | None = None
    under_way: SweepPass | None = None
    report: int = 0
    has_no_report: bool = False
    silent_since: datetime | None = None
    missed: Interval | None = None
    missed_event_since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the job's row keeps: flat, times as ISO text, "" for none."""
        now = self.under_way
        placed = now.placed if now else None
        return {
            "low_water": _text(self.low_water),
            "after": _text(now.after if now else None),
            "upper_bound": _text(now.upper_bound if now else None),
            "token": now.token if now else "",
            "token_at": _text(now.token_at if now else None),
            "pages": now.pages if now else 0,
            "seen_from": _text(placed.start if placed else None),
            "seen_to": _text(placed.end if placed else None),
            "report": self.report,
            "has_no_report": self.has_no_report,
            "silent_since": _text(self.silent_since),
            "missed_from": _text(self.missed.start if self.missed else None),
            "missed_until": _text(self.missed.end if self.missed else None),
            "missed_event_since": _text(self.missed_event_since),
        }


def read_cursor(stored: Mapping[str, Any]) -> SweepCursor:
    """Return the cursor that a job's row keeps; what is not there is none."""
    return SweepCursor(
        low_water=_time(stored, "low_water"),
        under_way=_read_pass(stored),
        report=int(stored.get("report") or 0),
        has_no_report=bool(stored.get("has_no_report")),
        silent_since=_time(stored, "silent_since"),
        missed=_interval(stored, "missed_from", "missed_until"),
        missed_event_since=_time(stored, "missed_event_since"),
    )


def _read_pass(stored: Mapping[str, Any]) -> SweepPass | None:
    after = _time(stored, "after")
    bound = _time(stored, "upper_bound") or _time(stored, _FORMER_UPPER_BOUND)
    if after is None or bound is None:
        return None
    return SweepPass(
        after=after,
        upper_bound=bound,
        token=str(stored.get("token") or ""),
        token_at=_time(stored, "token_at"),
        pages=int(stored.get("pages") or 0),
        placed=_interval(stored, "seen_from", "seen_to"),
    )


def _interval(stored: Mapping[str, Any], start: str, end: str) -> Interval | None:
    begins, ends = _time(stored, start), _time(stored, end)
    return None if begins is None or ends is None else Interval(begins, ends)


def _time(stored: Mapping[str, Any], name: str) -> datetime | None:
    text = stored.get(name)
    return datetime.fromisoformat(text) if text else None


def _text(time: datetime | None) -> str:
    return time.isoformat() if time else ""
