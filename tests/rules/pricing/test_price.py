"""What an offer costs, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.rules.pricing.charges import charges_of
from channels_amazon.rules.pricing.money import has_digits_of
from channels_amazon.rules.pricing.price import Price, PriceInputs, price_of
from channels_amazon.rules.pricing.rates import EuroRates, RateTable
from channels_amazon.rules.pricing.rounding import Rounding
from channels_amazon.rules.pricing.steps import NoPrice, PriceProblem, StepKind
from channels_amazon.rules.pricing.terms import (
    Fees,
    Limits,
    Markup,
    MarkupTier,
    PriceTerms,
    TierBasis,
)
from tests.rules.pricing.scene import (
    CURRENCIES,
    DAY,
    EURO_RATES,
    NOW,
    RATES,
    amounts,
    sale,
    terms,
    variant,
)

markets = st.sampled_from(CURRENCIES)
stores = st.sampled_from(("EUR", "CNY", "JPY"))
FULL = PriceTerms(
    currency="EUR",
    markup=Markup(Decimal(30), Decimal(1)),
    fees=Fees(Decimal(15), Decimal("0.50")),
    tax=Decimal(19),
    rounding=Rounding.ENDING_99,
    limits=Limits(floor=Decimal(5), ceiling=Decimal(100)),
)


def priced(inputs: PriceInputs, given_terms: PriceTerms) -> Price:
    """Return the price that there must be."""
    found = price_of(inputs, given_terms, RATES, NOW)
    assert isinstance(found, Price)
    return found


def unpriced(
    inputs: PriceInputs, given_terms: PriceTerms, rates: RateTable = RATES
) -> NoPrice:
    """Return why there is no price, which there must not be."""
    found = price_of(inputs, given_terms, rates, NOW)
    assert isinstance(found, NoPrice)
    return found


def kinds(price: Price) -> list[StepKind]:
    """Return what the steps of a price did."""
    return [step.kind for step in price.steps]


def test_price_tells_each_step_with_its_figures() -> None:
    chinese = variant(base=Decimal(99), cost=Decimal(50), currency="CNY")
    price = priced(chinese, FULL)

    assert price.amount == Decimal("25.99")
    assert [
        (step.kind, f"{step.amount:.4f}", step.currency) for step in price.steps
    ] == [
        (StepKind.BASE, "99.0000", "CNY"),
        (StepKind.RATE, "12.7334", "EUR"),
        (StepKind.MARKUP, "17.5535", "EUR"),
        (StepKind.FEES, "21.9762", "EUR"),
        (StepKind.TAX, "26.1517", "EUR"),
        (StepKind.ROUNDING, "25.9900", "EUR"),
    ]
    assert price.steps[1].figures == {"rate": Decimal("0.128620671914")}
    assert price.steps[1].words == {"source": "ecb", "day": "2026-11-27"}
    assert price.steps[2].figures == {"percent": 30, "fixed": 1}
    assert price.steps[5].words == {"pattern": "ending_99"}


def test_rule_without_words_publishes_the_base_price() -> None:
    price = priced(variant(), PriceTerms())

    assert str(price.amount) == "20.00"
    assert kinds(price) == [StepKind.BASE, StepKind.ROUNDING]


def test_tax_is_not_added_where_prices_are_without() -> None:
    american = variant(market_currency="USD", includes_tax=False)
    price = priced(american, PriceTerms(tax=Decimal(19)))

    assert price.amount == Decimal("21.41")
    assert kinds(price)[2] is StepKind.TAX_NOT_ADDED


@pytest.mark.parametrize(
    ("limits", "amount", "kind"),
    [
        (Limits(floor=Decimal("25.50")), "25.99", StepKind.FLOOR),
        (Limits(ceiling=Decimal("15.50")), "14.99", StepKind.CEILING),
        (Limits(least_margin=Decimal(150)), "25.99", StepKind.LEAST_MARGIN),
        (Limits(allowed_minimum=Decimal(30)), "30.99", StepKind.ALLOWED_MINIMUM),
        (Limits(allowed_maximum=Decimal(10)), "9.99", StepKind.ALLOWED_MAXIMUM),
        (Limits(floor=Decimal("25.20"), ceiling=Decimal("25.60")), "25.20", "floor"),
    ],
)
def test_bound_that_decides_is_told(limits: Limits, amount: str, kind: str) -> None:
    given_terms = PriceTerms(currency="EUR", rounding=Rounding.ENDING_99, limits=limits)
    price = priced(variant(), given_terms)

    assert str(price.amount) == amount
    assert kinds(price) == [StepKind.BASE, StepKind.ROUNDING, kind]
    assert price.allowed_minimum == limits.allowed_minimum


def test_bound_that_does_not_decide_is_not_told() -> None:
    price = priced(variant(), replace(FULL, limits=Limits(floor=Decimal(1))))

    assert kinds(price)[-1] is StepKind.ROUNDING


@pytest.mark.parametrize(
    ("by", "cost", "amount", "start"),
    [
        (TierBasis.COST, "10", "30.00", 10),
        (TierBasis.COST, "9.99", "36.00", None),
        (TierBasis.PRICE, "9.99", "24.00", 20),
    ],
)
def test_tier_goes_by_cost_or_price(
    by: TierBasis, cost: str, amount: str, start: int | None
) -> None:
    tiers = (
        MarkupTier(Decimal(10), Markup(Decimal(50))),
        MarkupTier(Decimal(20), Markup(Decimal(20))),
    )
    given_terms = PriceTerms(markup=Markup(Decimal(80)), tiers=tiers, tiers_by=by)
    price = priced(variant(cost=Decimal(cost)), given_terms)
    told = price.steps[1]

    assert str(price.amount) == amount
    assert told.figures.get("start") == start
    assert told.words.get("by") == (by if start else None)


@pytest.mark.parametrize(
    ("over", "given_terms", "problem", "reason"),
    [
        (
            {"base": None},
            PriceTerms(),
            PriceProblem.NO_BASE,
            "The variant has no price in the store.",
        ),
        (
            {"cost": None},
            PriceTerms(limits=Limits(least_margin=Decimal(1))),
            PriceProblem.NO_COST,
            "The rule goes by the cost, and the variant has none.",
        ),
        (
            {"cost": None},
            PriceTerms(tiers=(MarkupTier(Decimal(1), Markup()),)),
            PriceProblem.NO_COST,
            "The rule goes by the cost, and the variant has none.",
        ),
        (
            {"market_currency": "SEK"},
            PriceTerms(),
            PriceProblem.NO_RATE,
            "There is no exchange rate from EUR to SEK.",
        ),
        (
            {"market_currency": "GBP"},
            FULL,
            PriceProblem.OTHER_CURRENCY,
            "The rule's amounts are in EUR, and the marketplace sells in GBP.",
        ),
        (
            {},
            PriceTerms(markup=Markup(Decimal(-100))),
            PriceProblem.NOTHING_LEFT,
            "The rule leaves nothing of the price.",
        ),
        (
            {"base": Decimal("9999999999.99")},
            PriceTerms(),
            PriceProblem.TOO_HIGH,
            "The price is higher than any that can be published.",
        ),
        (
            {"cost": Decimal("9999999999.99")},
            PriceTerms(limits=Limits(least_margin=Decimal(1))),
            PriceProblem.TOO_HIGH,
            "The price is higher than any that can be published.",
        ),
        (
            {"cost": Decimal(99)},
            replace(FULL, limits=Limits(ceiling=Decimal(90), least_margin=Decimal(5))),
            PriceProblem.NO_ROOM,
            "No price is both 151.31 EUR or more and 90 EUR or less, as the rule's "
            "limits and the cost want it.",
        ),
    ],
)
def test_variant_without_a_price_says_why(
    over: dict[str, Any], given_terms: PriceTerms, problem: PriceProblem, reason: str
) -> None:
    found = unpriced(variant(**over), given_terms)

    assert found.problem is problem
    assert found.reason == reason


def test_stale_rate_stops_the_price() -> None:
    old = RateTable(EuroRates(DAY - timedelta(days=30), EURO_RATES.rates))

    found = unpriced(variant(market_currency="USD"), PriceTerms(), old)
    assert found.problem is PriceProblem.STALE_RATE
    assert "is of 2026-10-28" in found.reason
    # One currency needs none.
    assert isinstance(price_of(variant(), PriceTerms(), old, NOW), Price)


def test_cost_with_fees_and_tax_is_where_a_price_breaks_even() -> None:
    price = priced(variant(), replace(FULL, sale=sale()))

    assert price.break_even is not None
    assert round(price.break_even, 2) == Decimal("15.21")
    assert priced(variant(cost=None), FULL).break_even is None


def test_special_prices_come_with_the_price() -> None:
    price = priced(variant(), replace(FULL, sale=sale(percent=Decimal(50))))

    assert price.sale is not None
    assert price.sale.amount == price.least
    assert price.left_out == ()


def test_special_price_that_is_left_out_says_so() -> None:
    tight = replace(FULL, limits=Limits(floor=Decimal(90)), sale=sale())
    price = priced(variant(), tight)

    assert price.sale is None
    assert [text.template.split(":")[0] for text in price.left_out] == [
        "The sale is left out"
    ]


@given(st.data(), markets, stores, st.booleans())
def test_price_keeps_bounds_margin_and_digits(
    data: st.DataObject, market: str, store: str, includes_tax: bool
) -> None:
    given_terms = data.draw(terms(market))
    cost = data.draw(amounts(store))
    inputs = PriceInputs(data.draw(amounts(store)), cost, store, market, includes_tax)
    price = price_of(inputs, given_terms, RATES, NOW)
    if isinstance(price, NoPrice):
        assert price.problem in {
            PriceProblem.NO_ROOM,
            PriceProblem.NOTHING_LEFT,
            PriceProblem.TOO_HIGH,
        }
        return
    limits = given_terms.limits
    lowers = [one for one in (limits.floor, limits.allowed_minimum) if one is not None]
    uppers = [
        one for one in (limits.ceiling, limits.allowed_maximum) if one is not None
    ]

    assert has_digits_of(price.amount, market)
    assert all(low <= price.least for low in lowers)
    assert all(price.amount <= high for high in uppers)
    assert all(type(amount) is Decimal for amount in every_amount(price))
    if limits.least_margin is not None:
        assert keeps_margin(price, given_terms, inputs, limits.least_margin)


def every_amount(price: Price) -> list[Any]:
    """Return all the numbers that a price says."""
    found: list[Any] = [step.amount for step in price.steps]
    found += [one for step in price.steps for one in step.figures.values()]
    found += [price.amount, price.least, price.break_even]
    if price.sale:
        found.append(price.sale.amount)
    if price.business:
        found += [one.amount for one in price.business.quantities]
    return found


def keeps_margin(
    price: Price, given_terms: PriceTerms, inputs: PriceInputs, margin: Decimal
) -> bool:
    """Tell whether the lowest price leaves the margin, reckoned without rounding."""
    rates = [one.figures["rate"] for one in price.steps if one.kind is StepKind.RATE]
    charges = charges_of(given_terms, includes_tax=inputs.includes_tax)
    assert inputs.cost is not None
    cost = Fraction(inputs.cost) * Fraction(rates[0] if rates else Decimal(1))
    least = Fraction(price.least)
    left = least / Fraction(charges.with_tax) - least * Fraction(charges.fee)
    return left - Fraction(charges.fixed) >= cost * (1 + Fraction(margin) / 100)


@settings(max_examples=60)
@given(st.data(), markets, stores, st.booleans())
def test_higher_base_never_has_a_lower_price(
    data: st.DataObject, market: str, store: str, includes_tax: bool
) -> None:
    # Without tiers: a tier with less markup begins below where the one before ends.
    given_terms = data.draw(terms(market, with_tiers=False))
    cost = data.draw(amounts(store))
    bases = sorted([data.draw(amounts(store)), data.draw(amounts(store))])
    low, high = (
        price_of(
            PriceInputs(base, cost, store, market, includes_tax),
            given_terms,
            RATES,
            NOW,
        )
        for base in bases
    )
    if isinstance(low, Price) and isinstance(high, Price):
        assert low.amount <= high.amount
