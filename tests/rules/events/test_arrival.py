"""Which orders show that Amazon sends an account's events no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.events.arrival import (
    EVENT_COMES_WITHIN,
    LOOK_BACK,
    missing_event_limits,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - 900 * HOUR


@pytest.mark.parametrize(
    ("last_event_at", "stored_after"),
    [
        (None, NOW - LOOK_BACK),
        (LONG_AGO, NOW - LOOK_BACK),
        (NOW - HOUR, NOW - HOUR),
    ],
)
def test_order_counts_that_came_since_the_last_event_and_within_a_day(
    last_event_at: datetime | None, stored_after: datetime
) -> None:
    limits = missing_event_limits(
        NOW,
        authorized_at=LONG_AGO,
        subscribed_at=LONG_AGO,
        last_event_at=last_event_at,
    )
    assert limits.stored_after == stored_after
    assert limits.changed_until == NOW - EVENT_COMES_WITHIN


@pytest.mark.parametrize(("authorized", "subscribed"), [(9, 2), (2, 9)])
def test_change_before_amazon_could_send_events_needs_none(
    authorized: int, subscribed: int
) -> None:
    limits = missing_event_limits(
        NOW,
        authorized_at=NOW - authorized * HOUR,
        subscribed_at=NOW - subscribed * HOUR,
        last_event_at=None,
    )
    assert limits.changed_from == NOW - 2 * HOUR + EVENT_COMES_WITHIN
