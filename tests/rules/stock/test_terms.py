"""The terms of a stock rule: which can be, and why others cannot."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.scope import Scope
from channels_amazon.rules.stock.allocation import LARGEST_QUANTITY
from channels_amazon.rules.stock.terms import (
    BadTerms,
    ShareMode,
    StockTerms,
    scope_problems,
    stock_terms,
)

units = st.integers(0, LARGEST_QUANTITY)
# What a form, a file or a script could hand over.
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 200),
    st.floats(),
    st.sampled_from(["", "5", "split", "shared"]),
)


def problems_of(**given_values: object) -> dict[str, str]:
    """Return why these are no terms, by field."""
    with pytest.raises(BadTerms) as caught:
        stock_terms(given_values)
    return {name: str(why) for name, why in caught.value.problems.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "both"),
        ("mode", None),
        ("share", 0),
        ("share", 101),
        ("share", 50.0),
        ("share", "50"),
        ("share", None),
        ("share", True),
        ("cap", -1),
        ("cap", LARGEST_QUANTITY + 1),
        ("floor", None),
        ("floor", -1),
        ("buffer", "2"),
        ("fixed", 1.5),
        ("is_published", 1),
        ("shares", 50),
    ],
)
def test_each_wrong_value_is_told_at_its_field(name: str, value: object) -> None:
    assert list(problems_of(**{name: value})) == [name]


def test_all_problems_are_told_at_once() -> None:
    found = problems_of(share=0, cap=-1, colour="red")

    assert set(found) == {"share", "cap", "colour"}
    assert found["share"] == "The share is a whole number of percent from 1 to 100."


def test_terms_that_would_never_publish_are_refused() -> None:
    assert problems_of(cap=2, floor=2) == {
        "floor": "It stops at 2 and publishes at most 2: it would never publish "
        "anything."
    }
    assert stock_terms({"cap": 3, "floor": 2}).floor == 2
    # To publish nothing on purpose is another matter.
    assert stock_terms({"cap": 0}).cap == 0


@pytest.mark.parametrize(
    "beside", [{"share": 50}, {"cap": 3}, {"floor": 1}, {"buffer": 1}]
)
def test_fixed_quantity_stands_alone(beside: dict[str, int]) -> None:
    assert list(problems_of(fixed=5, **beside)) == ["fixed"]
    assert stock_terms({"fixed": 5, "mode": "split"}).fixed == 5


@given(
    st.builds(
        StockTerms,
        mode=st.sampled_from(ShareMode),
        share=st.integers(1, 100),
        cap=st.none() | units,
        floor=st.just(0),
        buffer=units,
        is_published=st.booleans(),
    )
)
def test_terms_are_read_as_they_were_written(terms: StockTerms) -> None:
    assert stock_terms(terms.to_json()) == terms
    assert stock_terms({}) == StockTerms()


@given(
    st.dictionaries(
        st.sampled_from([*StockTerms().to_json(), "shares"]), values, max_size=4
    )
)
def test_whatever_is_given_makes_terms_or_reasons(
    given_values: dict[str, object],
) -> None:
    with suppress(BadTerms):
        terms = stock_terms(given_values)

        assert terms.to_json() == StockTerms().to_json() | given_values


def test_stock_rule_names_no_marketplace() -> None:
    assert scope_problems(Scope(1, category="Kitchen", seller_sku="A")) == {}
    assert list(scope_problems(Scope(1, "A1PA6795UKMFR9"))) == ["marketplace_id"]
