"""What is wrong with the terms of a price rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.rules.pricing.terms import (
    Business,
    Fees,
    Limits,
    Markup,
    MarkupTier,
    PriceTerms,
    QuantityDiscount,
)
from channels_amazon.rules.pricing.validation import faults_of
from tests.rules.pricing.scene import CURRENCIES, NOW, sale, terms

NO_AMOUNT = "This is not an amount."
NO_PERCENTAGE = "This is not a percentage."
LEFT = "A price must be left for businesses."


def euros(**over: Any) -> PriceTerms:
    """Return terms whose amounts are in euros."""
    return PriceTerms(currency="EUR", **over)


def tier(start: str, percent: str = "10") -> MarkupTier:
    """Return a tier of a percentage."""
    return MarkupTier(Decimal(start), Markup(Decimal(percent)))


def quantities(*pairs: tuple[int, str]) -> Business:
    """Return quantity discounts of units and percent."""
    return Business(
        quantities=tuple(QuantityDiscount(one, Decimal(off)) for one, off in pairs)
    )


def test_rule_without_words_is_valid() -> None:
    assert faults_of(PriceTerms()) == {}


@given(st.data(), st.sampled_from(CURRENCIES))
@settings(max_examples=50)
def test_terms_of_the_other_tests_are_valid(data: st.DataObject, currency: str) -> None:
    assert faults_of(data.draw(terms(currency))) == {}


@pytest.mark.parametrize(
    ("given_terms", "field", "reason"),
    [
        (
            PriceTerms(markup=Markup(fixed=Decimal(1))),
            "currency",
            "Say in which currency the rule's amounts are.",
        ),
        (
            PriceTerms(currency="EURO"),
            "currency",
            "EURO is no currency, as EUR or JPY.",
        ),
        (
            PriceTerms(currency="JPY", limits=Limits(floor=Decimal("9.5"))),
            "limits.floor",
            "9.5 has more decimals than JPY has.",
        ),
        (
            euros(limits=Limits(floor=Decimal("9.999"))),
            "limits.floor",
            "9.999 has more decimals than EUR has.",
        ),
        (euros(limits=Limits(ceiling=Decimal("NaN"))), "limits.ceiling", NO_AMOUNT),
        (euros(limits=Limits(floor=Decimal("1E+10"))), "limits.floor", NO_AMOUNT),
        (
            euros(limits=Limits(floor=Decimal(0))),
            "limits.floor",
            "This amount must be above 0.",
        ),
        (
            euros(limits=Limits(floor=Decimal(9), allowed_maximum=Decimal(8))),
            "limits.floor",
            "The lowest price must not be above the highest.",
        ),
        (
            euros(limits=Limits(allowed_minimum=Decimal(9), ceiling=Decimal(8))),
            "limits.allowed_minimum",
            "The lowest price must not be above the highest.",
        ),
        (
            PriceTerms(markup=Markup(Decimal(-101))),
            "markup.percent",
            "This percentage must be between -100 and 10000.",
        ),
        (
            PriceTerms(markup=Markup(Decimal("1.00001"))),
            "markup.percent",
            "This percentage has too many decimals.",
        ),
        (PriceTerms(tax=Decimal("Infinity")), "tax", NO_PERCENTAGE),
        (
            PriceTerms(tax=Decimal(-1)),
            "tax",
            "This percentage must be between 0 and 100.",
        ),
        (
            PriceTerms(tax=Decimal(25), fees=Fees(Decimal(80))),
            "fees.percent",
            "Fees and tax together leave nothing of the price.",
        ),
        (
            euros(fees=Fees(fixed=Decimal(-1))),
            "fees.fixed",
            "A fee cannot be below 0.",
        ),
        (
            PriceTerms(limits=Limits(least_margin=Decimal(-1))),
            "limits.least_margin",
            "This percentage must be between 0 and 10000.",
        ),
    ],
)
def test_fault_is_told_with_its_field(
    given_terms: PriceTerms, field: str, reason: str
) -> None:
    assert faults_of(given_terms) == {field: reason}


@pytest.mark.parametrize(
    ("tiers", "field"),
    [
        ((tier("0"),), "tiers.0.start"),
        ((tier("10"), tier("10")), "tiers.1.start"),
        ((tier("10"), tier("20"), tier("15")), "tiers.2.start"),
        ((tier("NaN"),), "tiers.0.start"),
        ((tier("10"), tier("20", "NaN")), "tiers.1.percent"),
    ],
)
def test_tiers_begin_one_above_the_other(
    tiers: tuple[MarkupTier, ...], field: str
) -> None:
    assert list(faults_of(PriceTerms(tiers=tiers))) == [field]


@pytest.mark.parametrize(
    ("over", "field", "reason"),
    [
        (
            {"amount": Decimal(9)},
            "sale.percent",
            "Say the sale price either in percent or as an amount.",
        ),
        (
            {"percent": None},
            "sale.percent",
            "Say the sale price either in percent or as an amount.",
        ),
        (
            {"percent": Decimal(100)},
            "sale.percent",
            "A sale takes off more than 0 and less than 100 percent.",
        ),
        (
            {"percent": None, "amount": Decimal(-3)},
            "sale.amount",
            "This amount must be above 0.",
        ),
        ({"ends_at": NOW}, "sale.ends_at", "A sale must end after it began."),
        (
            {"starts_at": NOW + timedelta(days=9)},
            "sale.ends_at",
            "A sale must end after it began.",
        ),
        (
            {"starts_at": datetime(2026, 11, 1)},
            "sale.starts_at",
            "This time must be in UTC.",
        ),
        (
            {"ends_at": datetime(2026, 12, 24, tzinfo=timezone(timedelta(hours=1)))},
            "sale.ends_at",
            "This time must be in UTC.",
        ),
    ],
)
def test_sale_has_one_price_and_an_end(
    over: dict[str, Any], field: str, reason: str
) -> None:
    assert faults_of(euros(sale=sale(**over))) == {field: reason}


def test_sale_may_be_an_amount_until_any_moment() -> None:
    until = datetime(2026, 12, 24, 22, 59, tzinfo=UTC)
    given_sale = sale(percent=None, amount=Decimal("9.99"), ends_at=until)

    assert faults_of(euros(sale=given_sale)) == {}
    assert faults_of(PriceTerms(sale=given_sale)) == {
        "currency": "Say in which currency the rule's amounts are."
    }


@pytest.mark.parametrize(
    ("business", "faults"),
    [
        (Business(Decimal(100)), {"business.percent": LEFT}),
        (
            quantities((1, "5")),
            {
                "business.quantities.0.units": (
                    "Quantities must rise from one price to the next, from two units."
                )
            },
        ),
        (
            quantities((5, "5"), (5, "6")),
            {
                "business.quantities.1.units": (
                    "Quantities must rise from one price to the next, from two units."
                )
            },
        ),
        (
            quantities((5, "5"), (9, "5")),
            {"business.quantities.1.percent": ("Prices must fall as quantities rise.")},
        ),
        (
            quantities((0, "5")),
            {"business.quantities.0.units": "This is not a number of units."},
        ),
        (quantities((5, "NaN")), {"business.quantities.0.percent": NO_PERCENTAGE}),
        (quantities((5, "100")), {"business.quantities.0.percent": LEFT}),
        (
            quantities(*((units, str(units)) for units in range(2, 8))),
            {"business.quantities": "Amazon takes 5 quantity prices at most."},
        ),
    ],
)
def test_business_prices_fall_as_quantities_rise(
    business: Business, faults: dict[str, str]
) -> None:
    assert faults_of(PriceTerms(business=business)) == faults


def test_float_is_no_amount_and_no_percentage() -> None:
    half: Any = 0.5
    given_terms = euros(markup=Markup(percent=half), limits=Limits(floor=half))

    assert faults_of(given_terms) == {
        "limits.floor": NO_AMOUNT,
        "markup.percent": NO_PERCENTAGE,
    }
    assert faults_of(replace(given_terms, tiers=(MarkupTier(half, Markup()),)))[
        "tiers.0.start"
    ] == (NO_AMOUNT)
