"""Which prices wait for a person."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.pricing.price import Price
from channels_amazon.rules.pricing.review import ReviewCause, reviews_of
from channels_amazon.rules.pricing.special import (
    BusinessPrice,
    QuantityPrice,
    SalePrice,
)
from channels_amazon.rules.pricing.terms import PriceTerms
from tests.rules.pricing.scene import NOW, amounts, percentages

LIMITED = PriceTerms(most_change=Decimal(20))
COST = Decimal(10)


def price(amount: str, cost: Decimal | None = None) -> Price:
    """Return a price in euros."""
    return Price(Decimal(amount), "EUR", (), break_even=cost)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("10", "12", None),
        ("10", "12.01", "20.1"),
        ("99.99", "119.99", "20.1"),
        ("10", "8", None),
        ("10", "7.99", "-20.1"),
        ("0.01", "99.99", "999800"),
    ],
)
def test_change_beyond_the_limit_waits(
    before: str, after: str, change: str | None
) -> None:
    found = reviews_of(price(after), LIMITED, Decimal(before))

    assert [one.cause for one in found] == [ReviewCause.CHANGE] * bool(change)
    if change:
        assert f"would change by {change} %, from {before} to {after} EUR" in (
            found[0].reason
        )
        assert found[0].reason.endswith("more than 20 % waits for you.")


@pytest.mark.parametrize("before", [None, Decimal(0)])
def test_first_price_is_no_change(before: Decimal | None) -> None:
    assert reviews_of(price("99"), LIMITED, before) == ()


def test_rule_without_a_limit_changes_as_it_will() -> None:
    assert reviews_of(price("99"), PriceTerms(), Decimal(1)) == ()


def test_price_below_cost_waits() -> None:
    found = reviews_of(price("9.99", COST), PriceTerms(), None)

    assert [one.cause for one in found] == [ReviewCause.BELOW_COST]
    assert found[0].reason == (
        "9.99 EUR is below 10 EUR, which cost, fees and tax need."
    )
    assert reviews_of(price("10", COST), PriceTerms(), None) == ()


def test_price_just_below_cost_does_not_look_equal() -> None:
    found = reviews_of(price("9.99", Decimal("9.9901")), PriceTerms(), None)

    assert found[0].reason.startswith("9.99 EUR is below 10 EUR")


@pytest.mark.parametrize(
    "special",
    [
        Price(
            Decimal(12),
            "EUR",
            (),
            break_even=COST,
            sale=SalePrice(Decimal("9.50"), NOW, NOW),
        ),
        Price(
            Decimal(12),
            "EUR",
            (),
            break_even=COST,
            business=BusinessPrice(Decimal(11), (QuantityPrice(5, Decimal("9.5")),)),
        ),
    ],
)
def test_special_price_below_cost_waits_too(special: Price) -> None:
    found = reviews_of(special, PriceTerms(), Decimal(12))

    assert [one.cause for one in found] == [ReviewCause.BELOW_COST]
    assert found[0].reason.startswith("9.5 EUR is below 10 EUR")


def test_both_causes_are_told() -> None:
    found = reviews_of(price("5", COST), LIMITED, Decimal(20))

    assert [one.cause for one in found] == [ReviewCause.CHANGE, ReviewCause.BELOW_COST]


@given(amounts("EUR"), amounts("EUR"), percentages(1, 100))
def test_price_waits_exactly_when_it_changes_more_than_allowed(
    before: Decimal, after: Decimal, limit: Decimal
) -> None:
    terms = PriceTerms(most_change=limit)
    found = reviews_of(Price(after, "EUR", ()), terms, before)

    allowed = before * limit / 100
    assert bool(found) is (abs(after - before) > allowed)


@given(st.data())
def test_unchanged_price_never_waits_for_its_change(data: st.DataObject) -> None:
    amount = data.draw(amounts("JPY"))

    assert reviews_of(Price(amount, "JPY", ()), LIMITED, amount) == ()
