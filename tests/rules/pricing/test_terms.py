"""What a price rule says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from channels_amazon.rules.pricing.terms import (
    Fees,
    Limits,
    Markup,
    MarkupTier,
    PriceTerms,
)
from tests.rules.pricing.scene import sale

LOW, HIGH = Markup(Decimal(50)), Markup(Decimal(20))
TERMS = PriceTerms(
    markup=Markup(Decimal(80)),
    tiers=(MarkupTier(Decimal(10), LOW), MarkupTier(Decimal(100), HIGH)),
)


@pytest.mark.parametrize(
    ("measure", "percent"),
    [("0", 80), ("9.99", 80), ("10", 50), ("99.99", 50), ("100", 20), ("5000", 20)],
)
def test_tier_holds_from_its_start_on(measure: str, percent: int) -> None:
    markup, tier = TERMS.markup_for(Decimal(measure))

    assert markup.percent == percent
    assert (tier is None) is (percent == 80)


def test_unknown_measure_has_the_plain_markup() -> None:
    assert TERMS.markup_for(None) == (TERMS.markup, None)


@pytest.mark.parametrize(
    "terms",
    [
        PriceTerms(markup=Markup(fixed=Decimal(1))),
        PriceTerms(tiers=(MarkupTier(Decimal(1), Markup(fixed=Decimal(-1))),)),
        PriceTerms(fees=Fees(fixed=Decimal(1))),
        PriceTerms(limits=Limits(floor=Decimal(1))),
        PriceTerms(limits=Limits(allowed_maximum=Decimal(1))),
        PriceTerms(sale=sale(percent=None, amount=Decimal(1))),
    ],
)
def test_amount_anywhere_needs_a_currency(terms: PriceTerms) -> None:
    assert terms.has_amounts


def test_percentages_need_no_currency() -> None:
    assert not TERMS.has_amounts
    assert not PriceTerms(
        sale=sale(), limits=Limits(least_margin=Decimal(1))
    ).has_amounts
