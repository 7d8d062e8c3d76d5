"""Digits of currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.rules.pricing.money import (
    digits_of,
    has_digits_of,
    in_digits,
    is_currency,
    smallest_unit,
)


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("BHD", 3), ("CNY", 2)]
)
def test_digits_are_those_of_the_currency(currency: str, digits: int) -> None:
    assert digits_of(currency) == digits
    assert smallest_unit(currency) == Decimal(1).scaleb(-digits)


def test_amount_is_rounded_to_what_can_be_paid() -> None:
    assert in_digits(Decimal("1980.5"), "JPY") == Decimal(1981)
    assert in_digits(Decimal("0.0005"), "KWD") == Decimal("0.001")
    assert has_digits_of(Decimal("9.90"), "EUR")
    assert not has_digits_of(Decimal("9.9"), "JPY")


def test_every_marketplace_sells_in_a_currency() -> None:
    assert all(is_currency(site.currency) for site in MARKETPLACES.values())


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XYZ", "12"])
def test_other_codes_are_no_currency(code: str) -> None:
    assert not is_currency(code)
