"""The patch that sets what offers of a SKU cost, by marketplace; pure, client layer.

The attribute `purchasable_offer` is an array with an element for each marketplace,
currency and audience (everybody, or businesses). We `merge`: it changes the named parts
of the named elements, and nothing else, while `replace` would also remove the offers of
all the marketplaces and audiences that a patch does not name. A part is removed by
merging null into it, a whole element by `delete`.
https://developer-docs.amazon.com/sp-api/docs/manage-purchasable-offer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from channels_amazon.spapi.fields import JsonObject, iso_time

PATH = "/attributes/purchasable_offer"
# A JSON number is read as a double by most, which keeps so many digits exactly.
MOST_DIGITS = 15
# Levels of a quantity discount plan that Amazon takes (maxItems of the schema).
MOST_QUANTITIES = 5


class Audience(StrEnum):
    """Whom an offer is for."""

    EVERYBODY = "ALL"
    BUSINESSES = "B2B"


class OfferPart(StrEnum):
    """A part of an offer that may be removed again."""

    SALE = "discounted_price"
    ALLOWED_MINIMUM = "minimum_seller_allowed_price"
    ALLOWED_MAXIMUM = "maximum_seller_allowed_price"
    QUANTITIES = "quantity_discount_plan"


@dataclass(frozen=True, slots=True)
class SalePeriod:
    """A lower price from one moment (aware) until another."""

    price: Decimal
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What an offer costs one audience in one marketplace; None leaves a part as it is.

    Sales and allowed prices belong to offers for everybody. Prices by quantity, pairs
    of least units and price, belong to those for businesses. Prices have tax in them
    where the marketplace's do. `removed` takes away parts that Amazon still has.
    """

    marketplace_id: str
    currency: str
    price: Decimal
    audience: Audience = Audience.EVERYBODY
    sale: SalePeriod | None = None
    allowed_minimum: Decimal | None = None
    allowed_maximum: Decimal | None = None
    quantities: tuple[tuple[int, Decimal], ...] = ()
    removed: frozenset[OfferPart] = frozenset()


def offer_patch(offers: Sequence[OfferTerms]) -> JsonObject:
    """Return the patch that sets the prices of offers, of one or several marketplaces.

    It is JSON as it is: amounts are numbers that read back as the same amounts.
    Raises ValueError for terms that Amazon has no place for.
    """
    selectors = [_selector(one) for one in offers]
    if not offers or any(selectors.count(one) > 1 for one in selectors):
        raise ValueError("a patch names each offer once, and at least one")
    return {"op": "merge", "path": PATH, "value": [_element(one) for one in offers]}


def business_removal(marketplace_id: str, currency: str) -> JsonObject:
    """Return the patch that takes the offer for businesses away, and no other."""
    selector = {
        "marketplace_id": marketplace_id,
        "currency": currency,
        "audience": Audience.BUSINESSES.value,
    }
    return {"op": "delete", "path": PATH, "value": [selector]}


def json_number(amount: Decimal) -> int | float:
    """Return the JSON number that is the amount, whole where it can be.

    Raises ValueError for what a double does not keep exactly.
    """
    if not amount.is_finite() or len(_significant(amount)) > MOST_DIGITS:
        raise ValueError(f"{amount} is no amount that JSON keeps")
    whole = int(amount)
    return whole if whole == amount else float(amount)


def _significant(amount: Decimal) -> tuple[int, ...]:
    return amount.normalize().as_tuple().digits


def _selector(offer: OfferTerms) -> JsonObject:
    return {
        "marketplace_id": offer.marketplace_id,
        "currency": offer.currency,
        "audience": offer.audience.value,
    }


def _element(offer: OfferTerms) -> JsonObject:
    parts: dict[OfferPart, JsonObject] = {}
    if offer.sale is not None:
        parts[OfferPart.SALE] = {
            "start_at": iso_time(offer.sale.starts_at),
            "end_at": iso_time(offer.sale.ends_at),
            "value_with_tax": json_number(offer.sale.price),
        }
    for part, amount in (
        (OfferPart.ALLOWED_MINIMUM, offer.allowed_minimum),
        (OfferPart.ALLOWED_MAXIMUM, offer.allowed_maximum),
    ):
        if amount is not None:
            parts[part] = {"value_with_tax": json_number(amount)}
    if offer.quantities:
        parts[OfferPart.QUANTITIES] = _quantity_plan(offer.quantities)
    _check(offer, set(parts))
    price = {"value_with_tax": json_number(offer.price)}
    return {
        **_selector(offer),
        "our_price": _scheduled(price),
        **{part.value: _scheduled(value) for part, value in parts.items()},
        **{part.value: None for part in sorted(offer.removed)},
    }


def _quantity_plan(quantities: Sequence[tuple[int, Decimal]]) -> JsonObject:
    """Return a plan of fixed prices; each holds from its units on, for all of them."""
    return {
        "discount_type": "fixed",
        "levels": [
            {"lower_bound": units, "value": json_number(price)}
            for units, price in quantities
        ],
    }


def _scheduled(value: JsonObject) -> list[JsonObject]:
    return [{"schedule": [value]}]


def _check(offer: OfferTerms, given: set[OfferPart]) -> None:
    """Refuse parts that belong to the other audience, or are both set and removed."""
    is_for_all = offer.audience is Audience.EVERYBODY
    foreign = (
        {OfferPart.QUANTITIES}
        if is_for_all
        else set(OfferPart) - {OfferPart.QUANTITIES}
    )
    if (given | offer.removed) & foreign:
        raise ValueError("a part of the offer belongs to the other audience")
    if given & offer.removed:
        raise ValueError("a part of the offer is both set and removed")
    if len(offer.quantities) > MOST_QUANTITIES:
        raise ValueError("Amazon takes no more prices by quantity")
