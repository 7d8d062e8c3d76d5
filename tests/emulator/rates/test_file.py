"""The local bank's file is as the real one, by the clock and the seed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from channels_amazon.emulator.rates.file import BASE, daily_file, published_day
from channels_amazon.rules.pricing.euro_rates_file import read_euro_rates

DAY = date(2026, 11, 27)


def test_file_is_read_as_the_banks() -> None:
    read = read_euro_rates(daily_file(DAY, 1).encode())

    assert read.day == DAY
    assert set(read.rates) == set(BASE)
    assert abs(read.rates["USD"] / Decimal(BASE["USD"]) - 1) < Decimal("0.011")


def test_same_seed_draws_the_same_file_and_each_day_another() -> None:
    assert daily_file(DAY, 1) == daily_file(DAY, 1)
    assert daily_file(DAY, 1) != daily_file(DAY, 2)
    assert daily_file(DAY, 1) != daily_file(date(2026, 11, 26), 1)


@pytest.mark.parametrize(
    ("now", "behind", "day"),
    [
        ((2026, 11, 27, 14, 59), 0, date(2026, 11, 26)),
        ((2026, 11, 27, 15, 0), 0, DAY),
        ((2026, 11, 29, 12, 0), 0, DAY),
        ((2026, 11, 30, 16, 0), 1, DAY),
        ((2026, 11, 30, 16, 0), 6, date(2026, 11, 20)),
    ],
)
def test_newest_file_is_of_a_working_day(
    now: tuple[int, ...], behind: int, day: date
) -> None:
    moment = datetime(*now, tzinfo=UTC)  # type: ignore[arg-type, misc]
    assert published_day(moment, days_behind=behind) == day
