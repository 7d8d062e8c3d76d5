"""How far each check of a report is: the report's `progress` column; health layer."""

from __future__ import annotations

from enum import StrEnum
from typing import Required, TypedDict


class CheckState(StrEnum):
    """Where a check stands, as stored: in the end, its worst finding's level.

    Where that is OK, it is NOT_PROVEN if one of the findings says so.
    """

    NOT_RUN = "not_run"
    WAITING = "waiting"
    RUNNING = "running"
    SKIPPED = "skipped"
    # By a run of its own accord, which looks at our rows alone.
    NOT_ASKED = "not_asked"
    OK = "ok"
    # Nothing wrong was found, but nothing proves that it is well.
    NOT_PROVEN = "not_proven"
    WARNING = "warning"
    ERROR = "error"


class CheckProgress(TypedDict, total=False):
    """One check of the column {check id: CheckProgress}.

    `seconds` is how long it took. `reason` is the code of the fault for which it was
    skipped: the check could not look. `seen_at` is when a later run looked that found
    the same of it, as an ISO text in UTC.
    """

    state: Required[CheckState]
    seconds: float
    reason: str
    seen_at: str


# A check that is in one of these does not go on.
OVER = frozenset(
    {
        CheckState.OK,
        CheckState.NOT_PROVEN,
        CheckState.WARNING,
        CheckState.ERROR,
        CheckState.SKIPPED,
        CheckState.NOT_ASKED,
    }
)
# A check that is in one of these has said how it is.
LOOKED = frozenset(
    {CheckState.OK, CheckState.NOT_PROVEN, CheckState.WARNING, CheckState.ERROR}
)
