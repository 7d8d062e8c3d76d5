"""One measured number with its target, and the file they are all kept in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True)
class Measure:
    """A number, its unit and what it should be ("<= 1.3"); `holds` compares them."""

    name: str
    value: float
    unit: str
    target: str
    holds: bool


def at_most(name: str, value: float, unit: str, limit: float) -> Measure:
    """Return a measure that holds when the value is no larger than the limit."""
    return Measure(name, round(value, 4), unit, f"<= {limit:g}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Measure:
    """Return a measure that holds when the value is no smaller than the limit."""
    return Measure(name, round(value, 4), unit, f">= {limit:g}", value >= limit)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def report(measures: Sequence[Measure]) -> None:
    """Print the measures as a table and write them all to the results file."""
    width = max(len(row.name) for row in measures)
    for row in measures:
        mark = "holds" if row.holds else "MISSED"
        print(
            f"{row.name:<{width}}  {row.value:>10g} {row.unit:<8} "
            f"{row.target:<10} {mark}"
        )
    RESULTS.write_text(
        json.dumps([asdict(row) for row in measures], indent=1) + "\n", encoding="utf-8"
    )
