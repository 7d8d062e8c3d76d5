"""When the bank's next file is looked for, by its clocks and ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.pricing.rate_schedule import (
    LONGEST_WAIT,
    expected_day,
    next_look_at,
)

FRIDAY = date(2026, 11, 27)


def at(text: str) -> datetime:
    """Return a moment, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        # At 15:00 UTC it is four o'clock there in winter.
        ("2026-11-27 14:59", date(2026, 11, 26)),
        ("2026-11-27 15:00", FRIDAY),
        ("2026-11-28 12:00", FRIDAY),
        ("2026-11-30 14:00", FRIDAY),
        ("2026-11-30 15:01", date(2026, 11, 30)),
        # An hour earlier by UTC in summer.
        ("2026-07-01 14:00", date(2026, 7, 1)),
    ],
)
def test_file_is_expected_at_four_of_a_working_day(now: str, day: date) -> None:
    assert expected_day(at(now)) == day


@pytest.mark.parametrize("newest", [None, date(2026, 11, 26)])
def test_missing_file_is_looked_for_in_an_hour(newest: date | None) -> None:
    now = at("2026-11-27 15:30")
    assert next_look_at(newest, now) == now + timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-27 15:30", "2026-11-28 15:05"),
        ("2026-11-27 09:00", "2026-11-27 15:05"),
        # Over the end of summer time, the night before 25 October.
        ("2026-10-24 14:30", "2026-10-25 15:05"),
    ],
)
def test_file_that_is_there_is_followed_by_the_next_day(now: str, then: str) -> None:
    assert next_look_at(expected_day(at(now)), at(now)) == at(then)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.integers(0, 9),
)
def test_next_look_is_soon_and_never_past(moment: datetime, days_old: int) -> None:
    now = moment.replace(tzinfo=UTC)
    newest = expected_day(now) - timedelta(days=days_old)
    assert now < next_look_at(newest, now) <= now + LONGEST_WAIT
