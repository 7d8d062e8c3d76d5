"""The terms of a price rule in its row."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.rules.pricing.stored_terms import (
    TermsError,
    terms_from_json,
    terms_to_json,
)
from channels_amazon.rules.pricing.terms import (
    Business,
    Limits,
    Markup,
    MarkupTier,
    PriceTerms,
    TierBasis,
)
from tests.rules.pricing.scene import CURRENCIES, sale, terms


def faults(kept: object) -> dict[str, str]:
    """Return what is wrong with stored terms, which there must be."""
    with pytest.raises(TermsError) as caught:
        terms_from_json(kept)
    return dict(caught.value.faults)


def test_rule_without_words_is_kept_in_few() -> None:
    assert terms_to_json(PriceTerms()) == {"rounding": "exact"}
    assert terms_from_json({}) == PriceTerms()


def test_terms_are_kept_as_texts() -> None:
    given_terms = PriceTerms(
        currency="EUR",
        markup=Markup(Decimal("12.50")),
        tiers=(MarkupTier(Decimal(100), Markup(Decimal(5), Decimal("-0.30"))),),
        tiers_by=TierBasis.PRICE,
        limits=Limits(floor=Decimal("5.00")),
        sale=sale(),
        business=Business(),
    )
    assert terms_to_json(given_terms) == {
        "currency": "EUR",
        "markup": {"percent": "12.5"},
        "tiers": [{"start": "100", "percent": "5", "fixed": "-0.3"}],
        "tiers_by": "price",
        "rounding": "exact",
        "limits": {"floor": "5"},
        "sale": {
            "starts_at": "2026-11-30T12:00:00+00:00",
            "ends_at": "2026-12-03T12:00:00+00:00",
            "percent": "10",
        },
        "business": {},
    }


@given(st.data(), st.sampled_from(CURRENCIES))
@settings(max_examples=50)
def test_terms_come_back_as_they_were(data: st.DataObject, currency: str) -> None:
    given_terms = data.draw(terms(currency))
    found = terms_from_json(json.loads(json.dumps(terms_to_json(given_terms))))

    # Where there are no tiers it does not matter by what they would go.
    assert found.tiers == given_terms.tiers
    assert terms_to_json(found) == terms_to_json(given_terms)


@pytest.mark.parametrize(
    ("kept", "field", "reason"),
    [
        ([], "", "This is not an object."),
        ({"floor": "5"}, "floor", "There is no such term."),
        ({"limits": {"flor": "5"}}, "limits.flor", "There is no such term."),
        ({"limits": {"floor": 5.5}}, "limits.floor", "This is not a number."),
        ({"tax": "19%"}, "tax", "This is not a number."),
        ({"tax": "NaN"}, "tax", "This is not a number."),
        ({"tax": True}, "tax", "This is not a number."),
        ({"currency": 978}, "currency", "This is not a text."),
        ({"rounding": "ending_98"}, "rounding", "There is no such choice."),
        ({"tiers": {}}, "tiers", "This is not a list."),
        ({"tiers": ["5"]}, "tiers.0", "This is not an object."),
        ({"tiers": [{"from": "5"}]}, "tiers.0.from", "There is no such term."),
        (
            {"business": {"quantities": [{"units": "5"}]}},
            "business.quantities.0.units",
            "This is not a number of units.",
        ),
        (
            {"sale": {"starts_at": "2026-11-30T12:00:00+00:00", "percent": "5"}},
            "sale.ends_at",
            "This is not a time.",
        ),
        # What can be read must be valid, too.
        (
            {"limits": {"floor": "5"}},
            "currency",
            "Say in which currency the rule's amounts are.",
        ),
    ],
)
def test_fault_is_told_with_its_field(kept: Any, field: str, reason: str) -> None:
    assert faults(kept) == {field: reason}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["tiers", "sale", "limits", "markup", "percent"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_read_or_refused(kept: object) -> None:
    try:
        found = terms_from_json(kept)
    except TermsError:
        return
    assert isinstance(found, PriceTerms)
