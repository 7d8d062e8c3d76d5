"""The patch that sets what offers cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.spapi.purchasable_offer import (
    Audience,
    OfferPart,
    OfferTerms,
    SalePeriod,
    business_removal,
    json_number,
    offer_patch,
)

GERMANY, JAPAN = "A1PA6795UKMFR9", "A1VC38T7YXB528"
SALE = SalePeriod(
    Decimal("7.50"),
    datetime(2026, 12, 1, tzinfo=UTC),
    datetime(2026, 12, 4, 22, 30, tzinfo=UTC),
)


def offer(**over: Any) -> OfferTerms:
    """Return an offer at 9.99 EUR for everybody in Germany."""
    given: dict[str, Any] = {
        "marketplace_id": GERMANY,
        "currency": "EUR",
        "price": Decimal("9.99"),
    }
    return OfferTerms(**(given | over))


def business(**over: Any) -> OfferTerms:
    """Return the same offer for businesses."""
    return offer(audience=Audience.BUSINESSES, **over)


def test_price_alone_is_merged_into_its_element() -> None:
    assert offer_patch([offer()]) == {
        "op": "merge",
        "path": "/attributes/purchasable_offer",
        "value": [
            {
                "marketplace_id": GERMANY,
                "currency": "EUR",
                "audience": "ALL",
                "our_price": [{"schedule": [{"value_with_tax": 9.99}]}],
            }
        ],
    }


def test_offer_for_everybody_may_have_a_sale_and_allowed_prices() -> None:
    given_offer = offer(
        sale=SALE, allowed_minimum=Decimal(5), allowed_maximum=Decimal("49.90")
    )
    element = offer_patch([given_offer])["value"][0]

    assert element["discounted_price"] == [
        {
            "schedule": [
                {
                    "start_at": "2026-12-01T00:00:00.000Z",
                    "end_at": "2026-12-04T22:30:00.000Z",
                    "value_with_tax": 7.5,
                }
            ]
        }
    ]
    assert element["minimum_seller_allowed_price"] == [
        {"schedule": [{"value_with_tax": 5}]}
    ]
    assert element["maximum_seller_allowed_price"] == [
        {"schedule": [{"value_with_tax": 49.9}]}
    ]


def test_offer_for_businesses_may_have_prices_by_quantity() -> None:
    quantities = ((5, Decimal("9.49")), (10, Decimal(9)))
    element = offer_patch([business(quantities=quantities)])["value"][0]

    assert element["audience"] == "B2B"
    assert element["quantity_discount_plan"] == [
        {
            "schedule": [
                {
                    "discount_type": "fixed",
                    "levels": [
                        {"lower_bound": 5, "value": 9.49},
                        {"lower_bound": 10, "value": 9},
                    ],
                }
            ]
        }
    ]


def test_one_patch_sets_several_marketplaces_and_audiences() -> None:
    yen = offer(marketplace_id=JAPAN, currency="JPY", price=Decimal(1980))
    value = offer_patch([offer(), business(), yen])["value"]

    assert [(one["marketplace_id"], one["audience"]) for one in value] == [
        (GERMANY, "ALL"),
        (GERMANY, "B2B"),
        (JAPAN, "ALL"),
    ]
    assert json.dumps(value[2]["our_price"]) == (
        '[{"schedule": [{"value_with_tax": 1980}]}]'
    )


def test_part_is_removed_by_merging_null() -> None:
    removed = frozenset({OfferPart.SALE, OfferPart.ALLOWED_MAXIMUM})
    element = offer_patch([offer(removed=removed)])["value"][0]

    assert element["discounted_price"] is None
    assert element["maximum_seller_allowed_price"] is None
    assert "minimum_seller_allowed_price" not in element


def test_offer_for_businesses_is_deleted_by_its_selectors() -> None:
    assert business_removal(GERMANY, "EUR") == {
        "op": "delete",
        "path": "/attributes/purchasable_offer",
        "value": [{"marketplace_id": GERMANY, "currency": "EUR", "audience": "B2B"}],
    }


@pytest.mark.parametrize(
    "offers",
    [
        [],
        [offer(), offer(price=Decimal(8))],
        [business(sale=SALE)],
        [business(allowed_minimum=Decimal(1))],
        [business(removed=frozenset({OfferPart.SALE}))],
        [offer(quantities=((5, Decimal(9)),))],
        [offer(sale=SALE, removed=frozenset({OfferPart.SALE}))],
        [business(quantities=tuple((n, Decimal(9)) for n in range(2, 8)))],
        [offer(price=Decimal("NaN"))],
    ],
)
def test_terms_without_a_place_at_amazon_are_refused(offers: list[OfferTerms]) -> None:
    with pytest.raises(ValueError, match="offer|amount|prices"):
        offer_patch(offers)


# Ten digits before the point and three after it are the most that a price has.
amounts = st.integers(0, 10**13 - 1).flatmap(
    lambda number: st.sampled_from([0, 2, 3]).map(
        lambda digits: Decimal(number).scaleb(-digits)
    )
)


@given(amounts)
def test_amount_is_read_back_from_json_to_the_last_digit(amount: Decimal) -> None:
    text = json.dumps(offer_patch([offer(price=amount)]))
    read = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    price = read["value"][0]["our_price"][0]["schedule"][0]["value_with_tax"]

    assert price == amount
    assert "e" not in str(json_number(amount))


@given(st.integers(10**14, 10**15 - 1), st.integers(0, 5))
def test_fifteen_digits_are_kept(number: int, digits: int) -> None:
    amount = Decimal(number).scaleb(-digits)

    assert Decimal(json.dumps(json_number(amount))) == amount


@pytest.mark.parametrize("amount", ["1234567890123.456", "Infinity", "NaN"])
def test_amount_that_json_does_not_keep_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="no amount that JSON keeps"):
        json_number(Decimal(amount))
