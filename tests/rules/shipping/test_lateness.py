"""How pressing an order to ship is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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

    assert urgency_of(ship_by, NOON, is_troubled=is_troubled) is urgency


def test_day_ends_in_utc_wherever_the_reader_is() -> None:
    shanghai = NOON.astimezone().replace(hour=23)

    assert end_of_day(NOON) == datetime(2026, 3, 2, tzinfo=UTC)
    assert end_of_day(shanghai) > shanghai


@given(st.integers(0, 1440 * 3), st.integers(-4000, 4000), st.booleans())
def test_time_never_makes_an_order_less_pressing(
    start: int, minutes: int, is_troubled: bool
) -> None:
    order = list(Urgency)
    now = NOON + timedelta(minutes=start)
    ship_by = now + timedelta(minutes=minutes)
    places = [
        order.index(
            urgency_of(ship_by, now + timedelta(hours=step), is_troubled=is_troubled)
        )
        for step in range(0, 60, 5)
    ]

    assert places == sorted(places, reverse=True)
