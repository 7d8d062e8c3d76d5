"""Prices of a listing: purchasable_offer judged, applied and held back; emulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ..model.entities import Drift, EmulatedListing, EmulatedOffer
from ..model.statuses import OfferStatus
from .issues import (
    INVALID_PRICE,
    NOT_VALID,
    issue,
    malformed,
    missing,
    suppressing,
)

Json = dict[str, Any]

# The operations that leave nothing of an attribute but what they bring; to Amazon
# `add` is `replace` by another name.
OVERWRITING = ("add", "replace")
OFFER = "purchasable_offer"
EVERYBODY = "ALL"
BUSINESS = "B2B"
OUR_PRICE = "our_price"
SALE = "discounted_price"
LEAST, MOST = "minimum_seller_allowed_price", "maximum_seller_allowed_price"
# Sellers report that these stay as they were where a change leaves them out.
_LASTING = (LEAST, MOST)


@dataclass(frozen=True)
class Element:
    """One element of the attribute: the terms for one audience of one marketplace."""

    marketplace_id: str
    audience: str
    row: Json


def elements_of(rows: list[Json], marketplace_ids: list[str]) -> Iterator[Element]:
    """Yield the elements; one without a marketplace is for those of the request."""
    for row in rows:
        audience = str(row.get("audience") or EVERYBODY)
        named = row.get("marketplace_id")
        for marketplace_id in [str(named)] if named else marketplace_ids:
            yield Element(marketplace_id, audience, row)


def offer_issues(
    listing: EmulatedListing | None, rows: list[Json], marketplace_ids: list[str]
) -> list[Json]:
    """Return the issues that make Amazon refuse these terms."""
    found: list[Json] = []
    for element in elements_of(rows, marketplace_ids):
        if element.marketplace_id not in marketplace_ids:
            message = "The offer names another marketplace."
            found.append(issue(NOT_VALID, message, OFFER))
            continue
        offer = listing.offers.get(element.marketplace_id) if listing else None
        found += _element_issues(_with_lasting(offer, element))
    return found


def _element_issues(terms: Json) -> list[Json]:
    if OUR_PRICE not in terms:
        return [missing(OUR_PRICE, "MISSING_PRICE")]
    price = amount(terms, OUR_PRICE)
    least, most = amount(terms, LEAST), amount(terms, MOST)
    unreadable = [
        name
        for name, read in ((OUR_PRICE, price), (LEAST, least), (MOST, most))
        if name in terms and read is None
    ]
    if unreadable or price is None or _is_bad_sale(terms):
        return [malformed(OFFER)]
    problems = [
        message
        for is_wrong, message in (
            (price <= 0, "The price must be above zero."),
            (
                least is not None and price < least,
                f"The price {price} is below the minimum allowed price {least}.",
            ),
            (
                most is not None and price > most,
                f"The price {price} is above the maximum allowed price {most}.",
            ),
        )
        if is_wrong
    ]
    return [issue(NOT_VALID, each, OFFER, INVALID_PRICE) for each in problems]


def _is_bad_sale(terms: Json) -> bool:
    """Tell whether a sale lacks its price or its dates, which the schema requires."""
    if SALE not in terms:
        return False
    try:
        schedule = terms[SALE][0]["schedule"]
        return amount(terms, SALE) is None or any(
            not isinstance(each.get(name), str)
            for each in schedule
            for name in ("start_at", "end_at")
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        return True


def amount(terms: Json, name: str) -> Decimal | None:
    """Return a price of the terms, None where there is none to read."""
    try:
        value = terms[name][0]["schedule"][0]["value_with_tax"]
    except (KeyError, IndexError, TypeError):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def apply_offer(
    listing: EmulatedListing,
    op: str,
    rows: list[Json],
    marketplace_ids: list[str],
    drift: Drift | None = None,
) -> None:
    """Apply accepted terms, then hold back what Amazon sells at no such price."""
    elements = [
        each
        for each in elements_of(rows, marketplace_ids)
        if each.marketplace_id in listing.offers
    ]
    if op == "delete":
        _delete(listing, elements, marketplace_ids)
    else:
        if op in OVERWRITING:
            _drop_unnamed(listing, elements, marketplace_ids)
        for element in elements:
            _set(listing.offers[element.marketplace_id], element, drift)
    settle(listing)


def drop_terms(offer: EmulatedOffer) -> None:
    """Take every price off an offer."""
    offer.terms.clear()
    offer.price = None


def forget_price_issues(offer: EmulatedOffer) -> None:
    """Drop the issues about the price: they end with the price."""
    offer.issues = [each for each in offer.issues if not _is_about_price(each)]


def settle(listing: EmulatedListing) -> None:
    """Let each offer be buyable, or not, by its price, its issues and its stock."""
    for offer in listing.offers.values():
        _judge_price(offer)
        has_stock = bool(listing.quantity) or listing.is_fba
        is_buyable = OfferStatus.BUYABLE in offer.status
        if is_buyable and (offer.is_blocked or not has_stock):
            offer.status.remove(OfferStatus.BUYABLE)
        elif (
            not is_buyable
            and has_stock
            and not offer.is_blocked
            and OfferStatus.DISCOVERABLE in offer.status
        ):
            offer.status.insert(0, OfferStatus.BUYABLE)


def _with_lasting(offer: EmulatedOffer | None, element: Element) -> Json:
    known = offer.terms.get(element.audience, {}) if offer else {}
    return {name: known[name] for name in _LASTING if name in known} | element.row


def _delete(
    listing: EmulatedListing, elements: list[Element], marketplace_ids: list[str]
) -> None:
    """Delete the named audiences, or all of the marketplaces where none is named."""
    for element in elements:
        offer = listing.offers[element.marketplace_id]
        offer.terms.pop(element.audience, None)
        if element.audience == EVERYBODY:
            offer.price = None
    if not elements:
        for marketplace_id in set(marketplace_ids) & set(listing.offers):
            drop_terms(listing.offers[marketplace_id])


def _drop_unnamed(
    listing: EmulatedListing, elements: list[Element], marketplace_ids: list[str]
) -> None:
    """Drop the audiences that a change of the whole attribute does not name."""
    named = {(each.marketplace_id, each.audience) for each in elements}
    for marketplace_id in set(marketplace_ids) & set(listing.offers):
        offer = listing.offers[marketplace_id]
        for audience in list(offer.terms):
            if (marketplace_id, audience) not in named:
                del offer.terms[audience]
        if (marketplace_id, EVERYBODY) not in named:
            offer.price = None


def _set(offer: EmulatedOffer, element: Element, drift: Drift | None) -> None:
    terms = _with_lasting(offer, element)
    terms["marketplace_id"] = element.marketplace_id
    terms["audience"] = element.audience
    terms.setdefault("currency", offer.currency)
    if element.audience == EVERYBODY:
        if drift is not None and drift.price is not None:
            shown = {"value_with_tax": float(drift.price)}
            terms[OUR_PRICE] = [{"schedule": [shown]}]
        offer.price = amount(terms, OUR_PRICE)
        offer.currency = str(terms["currency"])
        forget_price_issues(offer)
    offer.terms[element.audience] = terms


def _judge_price(offer: EmulatedOffer) -> None:
    """Take the offer down for a price at which Amazon sells nothing."""
    price, least, most = offer.price, offer.lowest_price, offer.highest_price
    if price is None or any(map(_is_about_price, offer.issues)):
        return
    if least is not None and price < least:
        problem = f"The price {price} is lower than {least}, and may be an error."
    elif most is not None and price > most:
        problem = f"The price {price} is higher than {most}, and may be an error."
    else:
        return
    offer.issues.append(suppressing(issue(NOT_VALID, problem, OFFER, INVALID_PRICE)))


def _is_about_price(found: Json) -> bool:
    return INVALID_PRICE in found["categories"] and OFFER in found["attributeNames"]
