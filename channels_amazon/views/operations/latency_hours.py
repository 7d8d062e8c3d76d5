"""Draws how fast new orders came in each hour of the last day; views layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.services.orders.latency_hours import HourLatency, hourly_latency
from channels_amazon.views.durations import fine_duration

HEIGHT = 64
# The scale is logarithmic: a second is seen beside an hour. It ends where the slowest
# order does.
_SHORTEST, _LEAST_LONGEST = 0.1, 10.0
_COLUMN, _STEP = 9, 11
# What stands before the first column: the names of the marks.
_BEFORE = 36
# So many hours lie between two that are named below the columns.
_NAMED_EVERY = 6
_MARKS = (
    (0.1, "0.1 s"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (36_000.0, "10 h"),
)


@dataclass(frozen=True, slots=True)
class LatencyBar:
    """An hour of the drawing: the column of the median, the line up to the slowest."""

    x: int
    y: int
    height: int
    middle: int
    most_y: int
    title: str


@dataclass(frozen=True, slots=True)
class LatencyCells:
    """An hour in words, for the table that is read aloud."""

    label: str
    orders: str
    median: str
    p99: str


def latency_hours_part(
    accounts: Collection[int], now: datetime, *, works: bool
) -> dict[str, Any]:
    """Return what the overview shows of how fast the last day's new orders came.

    Nothing is measured, and nothing read, while no worker `works`.
    """
    if not works:
        return {"speed_works": False}
    hours = hourly_latency(accounts, now)
    labels = [f"{timezone.localtime(one.hour):%H:%M}" for one in hours]
    longest = max([_LEAST_LONGEST, *(one.p99 for one in hours if one.p99 is not None)])
    return {
        "speed_works": True,
        "speed_orders": sum(one.orders for one in hours),
        "speed_since": hours[0].hour,
        "speed_bars": _bars(hours, labels, longest),
        "speed_cells": [
            _cells(one, label) for one, label in zip(hours, labels, strict=True)
        ],
        "speed_says": _says(hours),
        "speed_before": _BEFORE,
        "speed_width": _BEFORE + len(hours) * _STEP,
        "speed_height": HEIGHT,
        "speed_marks": [
            {"y": HEIGHT - _height(seconds, longest), "text": text}
            for seconds, text in _MARKS
            if seconds <= longest
        ],
        "speed_hours": [
            {"x": _BEFORE + place * _STEP, "text": labels[place]}
            for place in range(0, len(hours), _NAMED_EVERY)
        ],
    }


def _bars(
    hours: Sequence[HourLatency], labels: Sequence[str], longest: float
) -> list[LatencyBar]:
    """Return the hours that were measured; the others are gaps."""
    bars = []
    for place, one in enumerate(hours):
        if one.median is None or one.p99 is None:
            continue
        # What is shorter than the shortest mark is seen, too.
        height = max(2, _height(one.median, longest))
        x = _BEFORE + place * _STEP
        bars.append(
            LatencyBar(
                x=x,
                y=HEIGHT - height,
                height=height,
                middle=x + _COLUMN // 2,
                most_y=HEIGHT - max(height, _height(one.p99, longest)),
                title=f"{labels[place]}: {_spoken(one)}",
            )
        )
    return bars


def _height(seconds: float, longest: float) -> int:
    part = log(max(seconds, _SHORTEST) / _SHORTEST) / log(longest / _SHORTEST)
    return round(part * HEIGHT)


def _spoken(one: HourLatency) -> str:
    orders = ngettext("%(count)d order", "%(count)d orders", one.orders)
    return _("%(orders)s, half within %(half)s, 99 %% within %(most)s") % {
        "orders": orders % {"count": one.orders},
        "half": fine_duration(one.median),
        "most": fine_duration(one.p99),
    }


def _cells(one: HourLatency, label: str) -> LatencyCells:
    if one.median is None:
        unmeasured = _("not measured")
        return LatencyCells(label, unmeasured, unmeasured, unmeasured)
    return LatencyCells(
        label, str(one.orders), fine_duration(one.median), fine_duration(one.p99)
    )


def _says(hours: Sequence[HourLatency]) -> str:
    """Return what the drawing shows, for who does not see it."""
    medians = [one.median for one in hours if one.median is not None]
    slowest = [one.p99 for one in hours if one.p99 is not None]
    if not medians:
        return ""
    text = ngettext(
        "%(count)d hour measured: half of the orders within %(half)s at the slowest, "
        "99 %% within %(most)s",
        "%(count)d hours measured: half of the orders within %(half)s at the slowest, "
        "99 %% within %(most)s",
        len(medians),
    )
    return text % {
        "count": len(medians),
        "half": fine_duration(max(medians)),
        "most": fine_duration(max(slowest)),
    }
