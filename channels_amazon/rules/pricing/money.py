"""Amounts in the digits of their currency, always `Decimal`; pure, rules layer."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision
from moneyed import CurrencyDoesNotExist, get_currency

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
# What no amount reaches: the columns of prices hold ten digits before the point. With
# three decimals that stays below the fifteen digits which JSON numbers keep exactly.
MOST_AMOUNT = Decimal(10) ** 10


@cache
def digits_of(currency: str) -> int:
    """Return how many decimals a currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


@cache
def smallest_unit(currency: str) -> Decimal:
    """Return the least amount of a currency: 0.01 for EUR, 1 for JPY."""
    return ONE.scaleb(-digits_of(currency))


@cache
def is_currency(code: str) -> bool:
    """Tell whether the code is a currency's, as ISO 4217 writes it."""
    try:
        return bool(get_currency(code).code == code)
    except CurrencyDoesNotExist:
        return False


def in_digits(amount: Decimal, currency: str, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return the amount in the currency's own digits."""
    return amount.quantize(smallest_unit(currency), rounding)


def has_digits_of(amount: Decimal, currency: str) -> bool:
    """Tell whether the amount can be paid in the currency: no tenth of a cent."""
    return amount == in_digits(amount, currency)


def share(percent: Decimal) -> Decimal:
    """Return a percentage as a factor: 0.19 for 19."""
    return percent / HUNDRED
