"""How pressing an order to ship is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.shipping.lateness import Urgency, end_of_day, urgency_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "is_troubled", "urgency"),
    [
        (-1, False, Urgency.OVERDUE),
        (-1, True, Urgency.OVERDUE),
        (0, False, Urgency.TODAY),
        (11, True, Urgency.TODAY),
        (12, False, Urgency.RISK),
        (23, False, Urgency.RISK),
        (24, False, Urgency.ON_TRACK),
        (24, True, Urgency.RISK),
        (None, False, Urgency.ON_TRACK),
        (None, True, Urgency.RISK),
    ],
)
def test_order_stands_where_its_time_puts_it(
    hours: int | None, is_troubled: bool, urgency: Urgency
) -> None:
    ship_by = None if hours is None else NOON + timedelta(hours=hours)

    assert urgency_of(ship_by, NOON, UTC, is_troubled=is_troubled) is urgency


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        # 20:00, so four hours are left of the day; then 04:00, and 20 are.
        ("Asia/Shanghai", {3: True, 5: False}),
        ("America/Los_Angeles", {3: True, 5: True, 19: True, 21: False}),
    ],
)
def test_today_is_that_of_the_reader(zone: str, today: dict[int, bool]) -> None:
    found = {
        hours: urgency_of(
            NOON + timedelta(hours=hours), NOON, ZoneInfo(zone), is_troubled=False
        )
        is Urgency.TODAY
        for hours in today
    }

    assert found == today


def test_day_ends_at_the_readers_midnight() -> None:
    assert end_of_day(NOON, UTC) == datetime(2026, 3, 2, tzinfo=UTC)
    shanghai = end_of_day(NOON + timedelta(hours=5), ZoneInfo("Asia/Shanghai"))
    assert shanghai == datetime(2026, 3, 2, 16, tzinfo=UTC)


@given(
    st.integers(0, 1440 * 3),
    st.integers(-4000, 4000),
    st.booleans(),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/Los_Angeles"]),
)
def test_time_never_makes_an_order_less_pressing(
    start: int, minutes: int, is_troubled: bool, name: str
) -> None:
    zone = ZoneInfo(name)
    order = list(Urgency)
    now = NOON + timedelta(minutes=start)
    ship_by = now + timedelta(minutes=minutes)
    places = [
        order.index(
            urgency_of(
                ship_by, now + timedelta(hours=step), zone, is_troubled=is_troubled
            )
        )
        for step in range(0, 60, 5)
    ]

    assert places == sorted(places, reverse=True)
