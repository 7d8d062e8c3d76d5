"""Puts the order path's steps into rows, each with a chart; views layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from channels_amazon.models import AmazonAccount
from channels_amazon.rules.orders import latency as counted
from channels_amazon.rules.orders.latency_steps import LatencyStep
from channels_amazon.services.orders import latency
from channels_amazon.services.orders.latency import Distributions

SPANS = ("hour", "day", "month")
# Two bins a column: each is 1.4 times as long as the one before it.
_WIDE = 2
HEIGHT = 44
_COLUMN, _GAP = 5, 1
_MARKS = ((0.001, "1 ms"), (0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"))
_LATE_MARKS = ((600.0, "10 min"), (36_000.0, "10 h"))


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: where it stands in the drawing, and how high."""

    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One step: what it measures, how often and how long it was, its bars."""

    name: str
    meaning: str
    count: int
    median: float | None
    p95: float | None
    p99: float | None
    columns: list[Column]


def latency_part(account: AmazonAccount, now: datetime, span: str) -> dict[str, Any]:
    """Return the rows of a span, and the spans with how many orders each has."""
    found = latency.distributions(account, now)
    names = {"hour": _("Last hour"), "day": _("Last day"), "month": _("Last month")}
    if span not in SPANS:
        span = next(
            (
                name
                for name in SPANS
                if counted.count(_of(found, name)[LatencyStep.EVENT])
            ),
            "day",
        )
    chosen = _of(found, span)
    return {
        "latency_span": span,
        "latency_spans": [(name, names[name]) for name in SPANS],
        "latency_rows": [_row(step, chosen[step]) for step in LatencyStep],
        "latency_width": _width(),
        "latency_height": HEIGHT,
        "latency_marks": [
            {"x": _place(seconds), "text": text}
            for seconds, text in (*_MARKS, *_LATE_MARKS)
        ],
        "latency_error": round(counted.ERROR * 100),
        "latency_any": any(counted.count(bins) for bins in found.month.values()),
    }


def _of(found: Distributions, span: str) -> Mapping[LatencyStep, Sequence[int]]:
    parts = {"hour": found.hour, "day": found.day, "month": found.month}
    return parts[span]


def _row(step: LatencyStep, bins: Sequence[int]) -> LatencyRow:
    name, meaning = _words()[step]
    return LatencyRow(
        name=name,
        meaning=meaning,
        count=counted.count(bins),
        median=counted.percentile(bins, 0.5),
        p95=counted.percentile(bins, 0.95),
        p99=counted.percentile(bins, 0.99),
        columns=_columns(bins),
    )


def _columns(bins: Sequence[int]) -> list[Column]:
    summed = counted.columns(bins, _WIDE)
    highest = max(summed) or 1
    bars = []
    for place, number in enumerate(summed):
        if number:
            # One in a thousand is seen too: that is what p99 is about.
            height = max(2, round(number / highest * HEIGHT))
            x = place * (_COLUMN + _GAP)
            bars.append(Column(x, HEIGHT - height, height))
    return bars


def _width() -> int:
    return len(counted.columns(counted.empty(), _WIDE)) * (_COLUMN + _GAP)


def _place(seconds: float) -> int:
    bins = counted.empty()
    counted.add(bins, seconds)
    return bins.index(1) // _WIDE * (_COLUMN + _GAP)


def _words() -> dict[LatencyStep, tuple[str, str]]:
    return {
        LatencyStep.EVENT: (
            _("Event"),
            _("From the change at Amazon until its event was here: Amazon's part."),
        ),
        LatencyStep.RESERVE: (
            _("Stock reserved"),
            _("From the event until its units were held: no call to Amazon needed."),
        ),
        LatencyStep.COMPLETE: (
            _("Order complete"),
            _("From the event until the whole order was here, waiting for quota too."),
        ),
        LatencyStep.ARRIVED: (
            _("Order here"),
            _("From the change at Amazon until the whole order was here."),
        ),
        LatencyStep.WEBHOOK_SENT: (
            _("Store told"),
            _("From complete until the store's server had taken the message."),
        ),
        LatencyStep.WHOLE: (
            _("The whole way"),
            _("From the change at Amazon until the store was told, else complete."),
        ),
    }
