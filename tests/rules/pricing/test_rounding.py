"""How prices end."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.pricing.money import has_digits_of
from channels_amazon.rules.pricing.rounding import (
    Rounding,
    ending_of,
    rounded,
    step_of,
    within,
)
from tests.rules.pricing.scene import amounts, currencies, patterns

# What comes out of a division is no amount yet.
raw_amounts = st.decimals(
    min_value="0.0001", max_value=10**9, places=7, allow_nan=False
)
directions = st.sampled_from([ROUND_FLOOR, ROUND_CEILING, "ROUND_HALF_UP"])


@pytest.mark.parametrize(
    ("amount", "pattern", "currency", "price"),
    [
        ("12.345", Rounding.EXACT, "EUR", "12.35"),
        ("12.345", Rounding.EXACT, "KWD", "12.345"),
        ("12.345", Rounding.EXACT, "JPY", "12"),
        ("12.34", Rounding.ENDING_99, "EUR", "11.99"),
        ("12.49", Rounding.ENDING_99, "EUR", "12.99"),
        ("12.99", Rounding.ENDING_99, "EUR", "12.99"),
        ("13.00", Rounding.ENDING_99, "EUR", "12.99"),
        ("12.44", Rounding.ENDING_95, "EUR", "11.95"),
        ("12.45", Rounding.ENDING_95, "EUR", "12.95"),
        ("0.30", Rounding.ENDING_99, "EUR", "0.99"),
        ("0.30", Rounding.WHOLE, "EUR", "1.00"),
        ("12.50", Rounding.WHOLE, "EUR", "13.00"),
        ("1980.4", Rounding.WHOLE, "JPY", "1980"),
        # A yen has no hundredths to end in.
        ("1980.4", Rounding.ENDING_99, "JPY", "1980"),
        ("1.4", Rounding.ENDING_99, "KWD", "0.990"),
    ],
)
def test_price_ends_as_the_pattern_says(
    amount: str, pattern: Rounding, currency: str, price: str
) -> None:
    assert str(rounded(Decimal(amount), pattern, currency)) == price


@given(raw_amounts, patterns, currencies, directions)
def test_rounding_a_rounded_price_changes_nothing(
    amount: Decimal, pattern: Rounding, currency: str, direction: str
) -> None:
    price = rounded(amount, pattern, currency, direction)

    assert rounded(price, pattern, currency, direction) == price
    assert type(price) is Decimal
    assert has_digits_of(price, currency)


@given(raw_amounts, patterns, currencies, directions)
def test_rounding_moves_a_price_by_one_step_at_most(
    amount: Decimal, pattern: Rounding, currency: str, direction: str
) -> None:
    price = rounded(amount, pattern, currency, direction)
    step = step_of(pattern, currency)

    assert abs(price - amount) <= step
    assert price > 0
    assert (price - ending_of(pattern, currency)) % step == 0


@given(raw_amounts, raw_amounts, patterns, currencies)
def test_higher_amount_is_never_rounded_to_a_lower_price(
    one: Decimal, other: Decimal, pattern: Rounding, currency: str
) -> None:
    low, high = sorted([one, other])

    assert rounded(low, pattern, currency) <= rounded(high, pattern, currency)


@pytest.mark.parametrize(
    ("amount", "lowest", "highest", "price"),
    [
        ("12.30", "12.00", None, "12.99"),
        ("12.80", None, "12.90", "11.99"),
        ("12.30", "12.10", "12.50", "12.10"),
        ("12.80", "12.10", "12.50", "12.50"),
        ("0.40", None, "0.50", "0.50"),
        ("12.80", "12.00", "13.00", "12.99"),
    ],
)
def test_price_that_leaves_its_bounds_is_rounded_inward(
    amount: str, lowest: str | None, highest: str | None, price: str
) -> None:
    found = within(
        Decimal(amount),
        Rounding.ENDING_99,
        "EUR",
        Decimal(lowest) if lowest else None,
        Decimal(highest) if highest else None,
    )
    assert str(found) == price


@given(st.data(), raw_amounts, patterns, currencies)
def test_price_is_always_within_its_bounds(
    data: st.DataObject, amount: Decimal, pattern: Rounding, currency: str
) -> None:
    ends = st.lists(amounts(currency), min_size=2, max_size=2).map(sorted)
    lowest, highest = data.draw(ends)
    price = within(amount, pattern, currency, lowest, highest)

    assert lowest <= price <= highest
    assert within(price, pattern, currency, lowest, highest) == price
    assert has_digits_of(price, currency)
