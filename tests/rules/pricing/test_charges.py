"""Fees and tax."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given

from channels_amazon.rules.pricing.charges import Charges, charges_of
from channels_amazon.rules.pricing.money import share
from channels_amazon.rules.pricing.terms import Fees, PriceTerms
from tests.rules.pricing.scene import amounts, percentages


def test_price_pays_for_fee_and_tax() -> None:
    charges = Charges(fee=Decimal("0.15"), fixed=Decimal(1), tax=Decimal("0.19"))
    price = charges.before_tax(Decimal(10)) * charges.with_tax

    # 15.93 with tax: 13.39 without, less a fee of 2.39 (of the price with tax) and 1.
    assert round(price, 2) == Decimal("15.93")
    assert round(charges.left_of(price), 20) == 10


@pytest.mark.parametrize(("includes_tax", "factor"), [(True, "1.19"), (False, "1")])
def test_tax_counts_where_prices_include_it(includes_tax: bool, factor: str) -> None:
    terms = PriceTerms(tax=Decimal(19), fees=Fees(Decimal(15), Decimal("0.50")))
    charges = charges_of(terms, includes_tax=includes_tax)

    assert charges.with_tax == Decimal(factor)
    assert (charges.fee, charges.fixed) == (Decimal("0.15"), Decimal("0.50"))


@given(
    amounts("EUR"),
    percentages(0, 200),
    percentages(0, 70),
    percentages(0, 30),
    amounts("EUR", 0, 1000),
)
def test_least_price_leaves_the_margin_to_the_last_digit(
    cost: Decimal, margin: Decimal, fee: Decimal, tax: Decimal, fixed: Decimal
) -> None:
    charges = Charges(share(fee), fixed, share(tax))
    price = Fraction(charges.least_price(cost, margin))
    left = price / Fraction(charges.with_tax) - price * Fraction(charges.fee)

    assert left - Fraction(fixed) >= Fraction(cost) * (1 + Fraction(share(margin)))
