"""How prices end: x.99, x.95, whole units, or as the currency is; rules layer.

A pattern is a row of prices at equal distances. A price that leaves the bounds by
being rounded is rounded inward instead.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache

from channels_amazon.rules.pricing.money import (
    ONE,
    ZERO,
    digits_of,
    in_digits,
    smallest_unit,
)


class Rounding(StrEnum):
    """What a price ends in; EXACT leaves all the digits that its currency has."""

    EXACT = "exact"
    ENDING_99 = "ending_99"
    ENDING_95 = "ending_95"
    WHOLE = "whole"


_ENDINGS = {
    Rounding.ENDING_99: Decimal("0.99"),
    Rounding.ENDING_95: Decimal("0.95"),
}
# Decimals that such an ending needs; where a currency has fewer, prices are whole.
_DIGITS_OF_ENDINGS = 2


@cache
def step_of(pattern: Rounding, currency: str) -> Decimal:
    """Return the distance between two neighbouring prices of the pattern."""
    return smallest_unit(currency) if pattern is Rounding.EXACT else ONE


@cache
def ending_of(pattern: Rounding, currency: str) -> Decimal:
    """Return what the pattern's prices end in: 0.99, or 0 for whole ones."""
    if digits_of(currency) < _DIGITS_OF_ENDINGS:
        return ZERO
    return _ENDINGS.get(pattern, ZERO)


def rounded(
    amount: Decimal,
    pattern: Rounding,
    currency: str,
    direction: str = ROUND_HALF_UP,
) -> Decimal:
    """Return the price of the pattern next to the amount, at least its first above 0.

    Half way between two it is the higher one; `direction` is one of decimal's.
    """
    step, ending = step_of(pattern, currency), ending_of(pattern, currency)
    steps = ((amount - ending) / step).to_integral_value(direction)
    found = max(steps * step + ending, ending or step)
    return in_digits(found, currency)


def within(
    amount: Decimal,
    pattern: Rounding,
    currency: str,
    lowest: Decimal | None,
    highest: Decimal | None,
) -> Decimal:
    """Return the rounded price inside of both bounds, of the pattern where one fits.

    The bounds are in the currency's digits, and the lowest is not above the highest.
    Where no price of the pattern lies between them it is the bound itself.
    """
    price = rounded(amount, pattern, currency)
    if lowest is not None and price < lowest:
        price = rounded(lowest, pattern, currency, ROUND_CEILING)
        if highest is not None and price > highest:
            price = lowest
    elif highest is not None and price > highest:
        price = rounded(highest, pattern, currency, ROUND_FLOOR)
        if price > highest or (lowest is not None and price < lowest):
            price = highest
    return price
