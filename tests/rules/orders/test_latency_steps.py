"""Each step of an order is measured between its two stamps, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.orders.latency_steps import LatencyStep, Stamps, durations

SEEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WHOLE_WAY = Stamps(
    changed=SEEN - SECOND,
    seen=SEEN,
    reserved=SEEN + 2 * SECOND,
    completed=SEEN + 3 * SECOND,
    webhook_sent=SEEN + 7 * SECOND,
)


def seconds(stamps: Stamps, webhooks_since: datetime | None = SEEN) -> dict[str, float]:
    """Return the seconds of each step."""
    found = durations(stamps, webhooks_since)
    return {step.value: took for step, (_at, took) in found.items()}


def test_each_step_is_measured_from_the_stamp_before_it() -> None:
    assert seconds(WHOLE_WAY) == {
        "event": 1,
        "reserve": 2,
        "complete": 3,
        "arrived": 4,
        "told": 4,
        "whole": 8,
    }


def test_steps_count_for_the_event_or_for_the_completion() -> None:
    found = durations(WHOLE_WAY, SEEN)

    assert found[LatencyStep.RESERVE][0] == WHOLE_WAY.seen
    assert found[LatencyStep.WEBHOOK_SENT][0] == WHOLE_WAY.completed


def test_store_that_wanted_nothing_then_was_not_told_late() -> None:
    for webhooks_since in (None, SEEN + timedelta(days=1)):
        found = seconds(WHOLE_WAY, webhooks_since)
        assert "told" not in found
        assert found["whole"] == 4


@pytest.mark.parametrize(
    "stamps",
    [
        replace(WHOLE_WAY, seen=None),
        # A sweep brought it, and its event is that of a later change.
        replace(WHOLE_WAY, completed=SEEN - SECOND),
    ],
)
def test_order_that_came_without_its_event_is_not_measured(stamps: Stamps) -> None:
    assert seconds(stamps) == {}


def test_order_before_its_time_took_none() -> None:
    assert seconds(replace(WHOLE_WAY, changed=SEEN + SECOND))["event"] == 0
