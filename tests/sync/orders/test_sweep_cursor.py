"""What the sweep keeps in its job's row, and reads again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.sync.orders.sweep_cursor import (
    Interval,
    SweepCursor,
    SweepPass,
    read_cursor,
)
from channels_amazon.sync.runtime.page_trail import PageTrail

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = Interval(AT, AT + timedelta(hours=1))


@pytest.mark.parametrize(
    "cursor",
    [
        SweepCursor(),
        SweepCursor(low_water=AT, active_until=AT + DAY, report=7, missed=HOUR),
        SweepCursor(under_way=SweepPass(AT - DAY, AT), has_no_report=True),
        SweepCursor(low_water=AT, silent_since=AT),
        SweepCursor(under_way=SweepPass(AT - DAY, AT, "next", AT, 3, HOUR)),
        SweepCursor(under_way=SweepPass(AT - DAY, AT, trail=PageTrail(2, 1, 0, "a"))),
    ],
)
def test_cursor_is_read_as_it_was_kept(cursor: SweepCursor) -> None:
    assert read_cursor(cursor.stored()) == cursor


def test_pass_of_an_earlier_version_goes_on() -> None:
    stored = {"low_water": "", "after": (AT - DAY).isoformat(), "edge": AT.isoformat()}

    assert read_cursor(stored | {"token": "next"}).under_way == SweepPass(
        AT - DAY, AT, "next"
    )
