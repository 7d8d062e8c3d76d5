"""What the tests of prices share: rates, variants, random terms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from channels_amazon.rules.pricing.money import digits_of
from channels_amazon.rules.pricing.price import PriceInputs
from channels_amazon.rules.pricing.rates import EuroRates, RateTable
from channels_amazon.rules.pricing.rounding import Rounding
from channels_amazon.rules.pricing.terms import (
    Business,
    Fees,
    Limits,
    Markup,
    MarkupTier,
    PriceTerms,
    QuantityDiscount,
    Sale,
    TierBasis,
)

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 27)
EURO_RATES = EuroRates(
    DAY,
    {
        "USD": Decimal("1.0705"),
        "JPY": Decimal("171.94"),
        "GBP": Decimal("0.84638"),
        "CNY": Decimal("7.7748"),
        "KWD": Decimal("0.33"),
    },
)
RATES = RateTable(EURO_RATES)
CURRENCIES = ("EUR", "USD", "JPY", "GBP", "KWD")

patterns = st.sampled_from(Rounding)
currencies = st.sampled_from(CURRENCIES)


def variant(**over: Any) -> PriceInputs:
    """Return a variant of 20 EUR that cost 10, for a marketplace in EUR."""
    given: dict[str, Any] = {
        "base": Decimal("20.00"),
        "cost": Decimal("10.00"),
        "currency": "EUR",
        "market_currency": "EUR",
        "includes_tax": True,
    }
    return PriceInputs(**(given | over))


def sale(**over: Any) -> Sale:
    """Return a sale of ten percent for three days from now."""
    given: dict[str, Any] = {
        "starts_at": NOW,
        "ends_at": NOW + timedelta(days=3),
        "percent": Decimal(10),
    }
    return Sale(**(given | over))


def amounts(currency: str, least: int = 1, most: int = 10**7) -> st.SearchStrategy[Any]:
    """Return amounts in the digits of a currency, counted in its smallest unit."""
    digits = digits_of(currency)
    return st.integers(least, most).map(lambda number: Decimal(number).scaleb(-digits))


def percentages(least: int, most: int) -> st.SearchStrategy[Any]:
    """Return percentages with two decimals."""
    return st.integers(least * 100, most * 100).map(
        lambda number: Decimal(number).scaleb(-2)
    )


@st.composite
def limits(draw: st.DrawFn, currency: str) -> Limits:
    """Return limits of which no lower end is above an upper one."""
    ends = sorted(draw(st.lists(amounts(currency), min_size=4, max_size=4)))
    given = draw(st.lists(st.booleans(), min_size=5, max_size=5))
    return Limits(
        floor=ends[0] if given[0] else None,
        allowed_minimum=ends[1] if given[1] else None,
        ceiling=ends[2] if given[2] else None,
        allowed_maximum=ends[3] if given[3] else None,
        least_margin=draw(percentages(0, 100)) if given[4] else None,
    )


@st.composite
def terms(draw: st.DrawFn, currency: str, with_tiers: bool = True) -> PriceTerms:
    """Return valid terms of any kind, with amounts in the currency."""
    percents = percentages(-50, 300)
    fixed = amounts(currency, least=-1000, most=10_000)
    starts = sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))
    tiers = [
        MarkupTier(Decimal(start), Markup(draw(percents), draw(fixed)))
        for start in starts
    ]
    units = sorted(draw(st.sets(st.integers(2, 500), max_size=5)))
    shares = sorted(draw(st.sets(percentages(1, 90), min_size=5, max_size=5)))
    business = Business(
        draw(percentages(0, 90)),
        tuple(map(QuantityDiscount, units, shares)),
    )
    return PriceTerms(
        currency=currency,
        markup=Markup(draw(percents), draw(fixed)),
        tiers=tuple(tiers) if with_tiers else (),
        tiers_by=draw(st.sampled_from(TierBasis)),
        fees=Fees(draw(percentages(0, 40)), draw(amounts(currency, 0, 500))),
        tax=draw(st.none() | percentages(0, 27)),
        rounding=draw(patterns),
        limits=draw(limits(currency)),
        most_change=draw(st.none() | percentages(1, 100)),
        sale=draw(st.none() | percentages(1, 99).map(lambda one: sale(percent=one))),
        business=draw(st.none() | st.just(business)),
    )
