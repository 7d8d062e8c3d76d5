"""Prices of sales, for businesses and by quantity."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.rules.pricing.bounds import Bounds, bounds_of
from channels_amazon.rules.pricing.charges import Charges
from channels_amazon.rules.pricing.rounding import Rounding, within
from channels_amazon.rules.pricing.special import (
    Ground,
    QuantityPrice,
    SalePrice,
    business_price,
    sale_price,
)
from channels_amazon.rules.pricing.terms import Business, Limits, QuantityDiscount
from tests.rules.pricing.scene import (
    NOW,
    amounts,
    currencies,
    limits,
    patterns,
    percentages,
    sale,
)


def ground(**over: Any) -> Ground:
    """Return a price of 19.99 EUR without bounds, of a rule that ends prices so."""
    given: dict[str, Any] = {
        "price": Decimal("19.99"),
        "currency": "EUR",
        "rounding": Rounding.ENDING_99,
        "bounds": Bounds(),
    }
    return Ground(**(given | over))


def floor(amount: str) -> Bounds:
    """Return bounds with a lower end only."""
    return bounds_of(Limits(floor=Decimal(amount)), Charges(), None, "EUR")


def test_sale_in_percent_ends_as_the_price_does() -> None:
    found = sale_price(ground(), sale(percent=Decimal(25)), NOW)

    assert isinstance(found, SalePrice)
    assert found.amount == Decimal("14.99")
    assert (found.starts_at, found.ends_at) == (NOW, NOW + timedelta(days=3))


def test_sale_by_amount_is_that_amount() -> None:
    found = sale_price(ground(), sale(percent=None, amount=Decimal("9.50")), NOW)

    assert isinstance(found, SalePrice)
    assert found.amount == Decimal("9.50")


def test_sale_that_is_over_is_none() -> None:
    over = sale(starts_at=NOW - timedelta(days=2), ends_at=NOW)

    assert sale_price(ground(), over, NOW) is None


def test_sale_stays_above_the_floor() -> None:
    found = sale_price(ground(bounds=floor("15.50")), sale(percent=Decimal(50)), NOW)

    assert isinstance(found, SalePrice)
    assert found.amount == Decimal("15.99")


def test_sale_that_is_not_below_the_price_is_left_out() -> None:
    found = sale_price(ground(bounds=floor("19.50")), sale(percent=Decimal(50)), NOW)

    assert found == (
        "The sale is left out: its price would be 19.99 EUR, not below 19.99 EUR."
    )


def test_quantity_prices_fall_as_the_units_rise() -> None:
    discounts = (
        QuantityDiscount(5, Decimal(5)),
        QuantityDiscount(10, Decimal(10)),
    )
    found, left_out = business_price(ground(), Business(Decimal(10), discounts))

    assert found.amount == Decimal("17.99")
    assert found.quantities == (
        QuantityPrice(5, Decimal("17.09")),
        QuantityPrice(10, Decimal("16.19")),
    )
    assert left_out is None


def test_quantity_price_that_does_not_fall_is_left_out() -> None:
    discounts = (
        QuantityDiscount(5, Decimal(20)),
        QuantityDiscount(10, Decimal(30)),
        QuantityDiscount(20, Decimal(40)),
    )
    bounded = ground(bounds=floor("15.00"))
    found, left_out = business_price(bounded, Business(quantities=discounts))

    assert found.quantities == (
        QuantityPrice(5, Decimal("15.99")),
        QuantityPrice(10, Decimal("15.00")),
    )
    assert left_out == (
        "1 quantity price is left out: it would not be below the one before."
    )


@settings(max_examples=60)
@given(st.data(), currencies, patterns)
def test_special_prices_are_within_the_bounds_and_below_the_price(
    data: st.DataObject, currency: str, pattern: Rounding
) -> None:
    bounds = bounds_of(data.draw(limits(currency)), Charges(), None, currency)
    price = bounds.inside(data.draw(amounts(currency)), pattern, currency)
    units = sorted(data.draw(st.sets(st.integers(2, 99), max_size=5)))
    shares = sorted(data.draw(st.sets(percentages(1, 99), min_size=5, max_size=5)))
    discounts = tuple(map(QuantityDiscount, units, shares))
    start = Ground(price, currency, pattern, bounds)
    business = Business(data.draw(percentages(0, 99)), discounts)

    found, _ = business_price(start, business)
    reduced = sale_price(start, sale(percent=data.draw(percentages(1, 99))), NOW)
    falling = [price, found.amount, *(one.amount for one in found.quantities)]

    assert found.amount <= price
    assert falling[1:] == sorted(set(falling[1:]), reverse=True)
    if isinstance(reduced, SalePrice):
        assert reduced.amount < price
        falling.append(reduced.amount)
    low = bounds.lowest.amount if bounds.lowest else None
    high = bounds.highest.amount if bounds.highest else None
    assert all(
        within(one, Rounding.EXACT, currency, low, high) == one for one in falling
    )
