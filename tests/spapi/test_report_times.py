"""Tests of the spellings of time in reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.spapi.report_times import read_time

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-20T12:00:00+00:00", NOON),
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T12:00:00.500Z", NOON + timedelta(seconds=0.5)),
        ("2026-11-20T21:00:00+09:00", NOON),
        ("2026-11-20 12:00:00 UTC", NOON),
        ("2026-11-20 04:00:00 PST", NOON),
        ("2026/11/20 21:00:00 JST", NOON),
        ("20.11.2026 13:00:00 CET", NOON),
        ("2026-11-20 13:00:00 GMT+01:00", NOON),
        ("2026-11-20 12:00:00", NOON),
        ("2026-11-20 12:00:00 XYZ", None),
        ("2026-11-20 12:00:00 CST", None),
        ("10/11/2026 12:00:00 UTC", None),
        ("0001-01-01 00:00:00 JST", None),
        ("", None),
    ],
)
def test_time_is_read_or_refused(text: str, time: datetime | None) -> None:
    assert read_time(text) == time


@settings(deadline=None)
@given(st.text(max_size=40))
def test_time_of_any_text_is_aware_or_none(text: str) -> None:
    time = read_time(text)

    assert time is None or time.utcoffset() == timedelta(0)
