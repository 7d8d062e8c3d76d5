"""When work begins behind Amazon, and up to when an account was read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.installation.behind import (
    LONG_STOPPED,
    SET_BACK_BY,
    BehindCause,
    ReadSpan,
    cause_at_start,
    is_behind,
    read_up_to,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("last_work", "noted", "expected"),
    [
        (None, None, None),
        (NOW - MINUTE, None, None),
        (NOW - LONG_STOPPED, None, None),
        (NOW - LONG_STOPPED - MINUTE, None, BehindCause.STOPPED),
        (NOW - MINUTE, NOW - MINUTE, None),
        # What the power's failure may cost of the newest rows.
        (NOW - MINUTE - SET_BACK_BY, NOW - MINUTE, None),
        (NOW - 2 * MINUTE - SET_BACK_BY, NOW - MINUTE, BehindCause.RESTORED),
        (NOW - timedelta(days=2), NOW - MINUTE, BehindCause.RESTORED),
    ],
)
def test_cause_at_start(
    last_work: datetime | None, noted: datetime | None, expected: BehindCause | None
) -> None:
    found = cause_at_start(NOW, last_work_at=last_work, noted_at=noted)
    assert found == expected


def test_account_in_its_first_pull_is_not_behind() -> None:
    assert not is_behind(NOW, None)


def test_report_that_begins_at_the_low_water_counts_and_one_after_a_hole_does_not() -> (
    None
):
    low = NOW - timedelta(hours=2)
    near = ReadSpan(low - MINUTE, NOW - MINUTE)
    hole = ReadSpan(low + MINUTE, NOW)
    assert read_up_to(low, [near]) == NOW - MINUTE
    assert read_up_to(low, [hole]) == low
    assert read_up_to(low, [hole, near]) == NOW
    assert is_behind(NOW, low, [near])
    assert not is_behind(NOW, low, [hole, near])


@given(
    low=st.integers(0, 100),
    spans=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40)), max_size=6),
)
def test_all_up_to_what_was_read_lies_in_a_span(
    low: int, spans: list[tuple[int, int]]
) -> None:
    start = NOW + low * MINUTE
    reports = [
        ReadSpan(NOW + begin * MINUTE, NOW + (begin + length) * MINUTE)
        for begin, length in spans
    ]
    reached = read_up_to(start, reports)
    covered = range(low, int((reached - NOW) / MINUTE))
    for minute in covered:
        at = NOW + minute * MINUTE
        assert any(span.start <= at < span.end for span in reports)
