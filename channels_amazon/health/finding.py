"""What a check says: cause, evidence, fix; health layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import HealthFinding

Level = HealthFinding.Level
# What a check saw, by name: texts, numbers, times, or lists of these. Each check has
# its own names (views/health/rows.py says what a page calls them); "about" alone is
# read back, to tell two findings of one code apart.
Evidence = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a check.

    `code` is one of the fault catalogue, "" where nothing is wrong. `fix_action` names
    one of our views that mends it. `because` is the code of the fault behind it, where
    the check knows. `evidence["about"]` tells two findings of one code apart. `is_past`
    says that it is over and only told: it leads over nothing that still burns. Where
    not `is_proven`, nothing wrong was seen, and nothing that shows it to be well.
    """

    cause: str
    code: str = ""
    level: Level = Level.ERROR
    fix: str = ""
    fix_action: str = ""
    evidence: Evidence = field(default_factory=dict)
    because: str = ""
    is_past: bool = False
    is_proven: bool = True


def well(cause: str, **evidence: object) -> Finding:
    """Return the result of a check that found nothing wrong, with what it saw."""
    return Finding(cause=cause, level=Level.OK, evidence=evidence)


def unproven(cause: str, **evidence: object) -> Finding:
    """Return the result of a check that found nothing wrong, and no proof either."""
    return Finding(cause=cause, level=Level.OK, evidence=evidence, is_proven=False)


def evidence_of(error: ShoplinkError) -> dict[str, object]:
    """Return what an error shows of the call it came from, if it came from one."""
    names = ("operation", "status", "amazon_code", "request_id")
    shown = {name: getattr(error, name, None) for name in names}
    return {name: value for name, value in shown.items() if value}


class NotChecked(ShoplinkError):
    """A check could not look, because of the fault `code`, which another one reports.

    If no other check does, the runner reports it itself.
    """
