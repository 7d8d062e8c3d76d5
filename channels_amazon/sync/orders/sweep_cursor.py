"""Where the sweep stands, as kept in its job's cursor; sync layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypedDict, cast

from channels_amazon.sync.runtime.page_trail import PageTrail, StoredPageTrail


class StoredSweepCursor(TypedDict, total=False):
    """The cursor as the job's JSON column keeps it; times are ISO 8601 texts or "".

    A pass is under way where `after` is not ""; `seen_from` and `seen_to` are its
    `placed`. `edge` is what `upper_bound` was called before migration 0008.
    """

    low_water: str
    active_until: str
    after: str
    upper_bound: str
    edge: str
    token: str
    token_at: str
    pages: int
    trail: StoredPageTrail
    seen_from: str
    seen_to: str
    report: int
    has_no_report: bool
    silent_since: str
    missed_from: str
    missed_until: str
    stand_in: int
    refused_since: str


class Interval(NamedTuple):
    """A time from `start` to before `end`, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class SweepPass:
    """A pass under way over what changed at Amazon since `after`; times are UTC.

    It answers up to `upper_bound`. `token` is its next page, which Amazon gave at
    `token_at` ("" and None before the first page). Of a first pull, `pages` were read,
    with orders that were placed within `placed`. `trail` is what is remembered of the
    pages of this pass.
    """

    after: datetime
    upper_bound: datetime
    token: str = ""
    token_at: datetime | None = None
    pages: int = 0
    placed: Interval | None = None
    trail: PageTrail = PageTrail()


@dataclass(frozen=True)
class SweepCursor:
    """What one run of the sweep leaves to the next; times are UTC.

    `low_water` is up to when everything was read, None before the first pull ended.
    `active_until` is up to when the sweep read pages or waited for quota, None in a
    cursor of an earlier version. `report` is the key of the report that brings the
    first pull (0 for none), and `has_no_report` says that one cannot be had.
    `silent_since` is since when nobody reads Amazon's events, `missed` the time that
    a report is still to prove. `refused_since` is since when Amazon refuses to list
    orders, and `stand_in` the key of the report that brings them meanwhile (or 0).
    """

    low_water: datetime | None = None
    active_until: datetime | None = None
    under_way: SweepPass | None = None
    report: int = 0
    has_no_report: bool = False
    silent_since: datetime | None = None
    missed: Interval | None = None
    stand_in: int = 0
    refused_since: datetime | None = None

    def stored(self) -> StoredSweepCursor:
        """Return the cursor as the job's column keeps it."""
        now = self.under_way
        placed = now.placed if now else None
        return StoredSweepCursor(
            low_water=_text(self.low_water),
            active_until=_text(self.active_until),
            after=_text(now.after if now else None),
            upper_bound=_text(now.upper_bound if now else None),
            token=now.token if now else "",
            token_at=_text(now.token_at if now else None),
            pages=now.pages if now else 0,
            trail=(now.trail if now else PageTrail()).stored(),
            seen_from=_text(placed.start if placed else None),
            seen_to=_text(placed.end if placed else None),
            report=self.report,
            has_no_report=self.has_no_report,
            silent_since=_text(self.silent_since),
            missed_from=_text(self.missed.start if self.missed else None),
            missed_until=_text(self.missed.end if self.missed else None),
            stand_in=self.stand_in,
            refused_since=_text(self.refused_since),
        )


def read_cursor(column: Mapping[str, Any]) -> SweepCursor:
    """Return the cursor that a job's column holds; what is not there is none."""
    stored = cast(StoredSweepCursor, column)
    return SweepCursor(
        low_water=_time(stored.get("low_water")),
        active_until=_time(stored.get("active_until")),
        under_way=_read_pass(stored),
        report=stored.get("report", 0),
        has_no_report=stored.get("has_no_report", False),
        silent_since=_time(stored.get("silent_since")),
        missed=_interval(stored.get("missed_from"), stored.get("missed_until")),
        stand_in=stored.get("stand_in", 0),
        refused_since=_time(stored.get("refused_since")),
    )


def _read_pass(stored: StoredSweepCursor) -> SweepPass | None:
    after = _time(stored.get("after"))
    bound = _time(stored.get("upper_bound")) or _time(stored.get("edge"))
    if after is None or bound is None:
        return None
    return SweepPass(
        after=after,
        upper_bound=bound,
        token=stored.get("token", ""),
        token_at=_time(stored.get("token_at")),
        pages=stored.get("pages", 0),
        placed=_interval(stored.get("seen_from"), stored.get("seen_to")),
        trail=PageTrail.read(stored.get("trail")),
    )


def _interval(start: str | None, end: str | None) -> Interval | None:
    begins, ends = _time(start), _time(end)
    return None if begins is None or ends is None else Interval(begins, ends)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(time: datetime | None) -> str:
    return time.isoformat() if time else ""
