"""The drawing of how fast new orders came shows what was measured, and gaps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from channels_amazon.services.orders.latency_hours import HOURS, HourLatency
from channels_amazon.views.operations import latency_hours
from channels_amazon.views.operations.latency_hours import HEIGHT, latency_hours_part

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)


def drawn(
    monkeypatch: pytest.MonkeyPatch, **by_hour: tuple[int, float, float]
) -> dict[str, Any]:
    """Return what is drawn of hours with number, median and p99, by `h<hour>`."""

    def measured(_accounts: Any, _now: datetime) -> list[HourLatency]:
        return [
            HourLatency(
                datetime(2026, 11, 23, hour, tzinfo=UTC),
                *by_hour.get(f"h{hour}", (0, None, None)),
            )
            for hour in range(HOURS)
        ]

    monkeypatch.setattr(latency_hours, "hourly_latency", measured)
    return latency_hours_part([1], NOW, works=True)


def test_hour_that_was_not_measured_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    part = drawn(monkeypatch, h3=(4, 2.0, 60.0), h5=(1, 0.05, 0.05))

    three, five = part["speed_bars"]
    assert five.x - three.x == 22
    assert [row.median for row in part["speed_cells"]].count("not measured") == 22
    assert three.title == "03:00: 4 orders, half within 2.0 s, 99 % within 60 s"
    assert (five.height, five.most_y) == (2, HEIGHT - 2)
    assert "2 hours measured: half of the orders within 2.0 s" in part["speed_says"]


def test_scale_ends_where_the_slowest_order_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = drawn(monkeypatch, h1=(1, 1.0, 7200.0), h2=(1, 0.1, 10.0))

    assert part["speed_bars"][0].most_y == 0
    assert [mark["text"] for mark in part["speed_marks"]][-1] == "1 h"
    heights = [mark["y"] for mark in part["speed_marks"]]
    assert heights == sorted(heights, reverse=True)
    for bar in part["speed_bars"]:
        assert 0 <= bar.most_y <= bar.y < HEIGHT
        assert bar.y + bar.height == HEIGHT


def test_nothing_measured_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    part = drawn(monkeypatch)

    assert (part["speed_bars"], part["speed_orders"]) == ([], 0)


def test_nothing_is_read_while_no_worker_runs() -> None:
    assert latency_hours_part([1], NOW, works=False) == {"speed_works": False}
