"""Where the sweep stands, as kept in its job's cursor; sync layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Position:
    """Where the pass stands; times are ISO texts, "" for none.

    `low_water` is up to when everything was read, "" before the first pull ended.
    `after` is since when the present pass reads ("" between two passes), `edge` up to
    when it answers, `token` its next page and `token_at` since when it has that.

    Of the first pull, `pages` were read, of orders placed from `seen_from` to
    `seen_to`; `report` is the row of the report that brings the rest. `silent_since`
    is since when no event is read, `missed_from` and `missed_until` what a report is
    still to prove.
    """

    low_water: str = ""
    after: str = ""
    edge: str = ""
    token: str = ""
    token_at: str = ""
    pages: int = 0
    seen_from: str = ""
    seen_to: str = ""
    report: int = 0
    has_no_report: bool = False
    silent_since: str = ""
    missed_from: str = ""
    missed_until: str = ""

    @property
    def is_pull(self) -> bool:
        """Tell whether the pass is the first, by when orders were placed."""
        return not self.low_water


def read_position(cursor: dict[str, Any]) -> Position:
    """Return the position that a job's cursor holds; what it does not know is left."""
    known = {name: cursor[name] for name in Position.__match_args__ if name in cursor}
    return Position(**known)


def moment(text: str) -> datetime:
    """Return the time of one of the position's texts."""
    return datetime.fromisoformat(text)
