"""What the controls do to feeds and to a seller's listings; emulator."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from ..listings.issues import NOT_VALID, SUPPRESSED, issue, suppressing
from ..listings.offers import forget_price_issues, settle
from ..model.entities import Drift, EmulatedListing, EmulatedOffer
from ..model.state import World
from .actions import seller_of, set_switches
from .fields import Body, ControlError, Json

# What is wrong with an offer that is taken down, by the category of the issue.
_PROBLEMS = {
    "INVALID_PRICE": ("purchasable_offer", "The price may be an error."),
    "INVALID_IMAGE": ("main_product_image_locator", "The image is not acceptable."),
    "QUALIFICATION_REQUIRED": ("brand", "An approval is needed to sell this."),
}


def change_feeds(world: World, body: Body) -> Json:
    """Set the switches of feeds that were given."""
    return set_switches(world.switches.feeds, body)


def set_drift(world: World, body: Body) -> Json:
    """Let the next changes of a SKU show another number; without one, none."""
    listing = _listing(world, body)
    quantity, price = body["quantity"], _price(body, "price")
    listing.drift = None
    if quantity is not None or price is not None:
        listing.drift = Drift(quantity, price, body["times"] or None)
    return {"sku": listing.sku, "drifts": listing.drift is not None}


def change_offer(world: World, body: Body) -> Json:
    """Take offers of a SKU down or lift that, and set which prices may be sold at."""
    listing = _listing(world, body)
    chosen = body["marketplace_id"]
    if chosen and chosen not in listing.offers:
        raise ControlError(f"{listing.sku} is not listed in {chosen}.", 404)
    limits = {name: _price(body, name) for name in ("lowest_price", "highest_price")}
    offers = [listing.offers[chosen]] if chosen else list(listing.offers.values())
    for offer in offers:
        for name, price in limits.items():
            if price is not None:
                # Zero is no limit.
                setattr(offer, name, price or None)
                forget_price_issues(offer)
        if body["suppressed"] is not None:
            offer.issues = [each for each in offer.issues if not _suppresses(each)]
        if body["suppressed"]:
            attribute, message = _PROBLEMS[body["category"]]
            found = issue(NOT_VALID, message, attribute, body["category"])
            offer.issues.append(suppressing(found))
    settle(listing)
    listing.updated_at = world.now()
    return {
        "sku": listing.sku,
        "offers": {offer.marketplace_id: _view(offer) for offer in offers},
    }


def _view(offer: EmulatedOffer) -> Json:
    return {
        "status": list(offer.status),
        "issues": offer.issues,
        "lowest_price": None if offer.lowest_price is None else str(offer.lowest_price),
        "highest_price": (
            None if offer.highest_price is None else str(offer.highest_price)
        ),
    }


def _listing(world: World, body: Body) -> EmulatedListing:
    seller = seller_of(world, body)
    listing = world.listings.get((seller.seller_id, body["sku"]))
    if listing is None:
        raise ControlError(f"There is no listing {body['sku']}.", 404)
    return listing


def _price(body: Body, name: str) -> Decimal | None:
    text = body[name]
    if text is None:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise ControlError(f"{name} must be an amount.") from None
    if not price.is_finite() or price < 0:
        raise ControlError(f"{name} must be an amount.")
    return price


def _suppresses(found: Json) -> bool:
    actions = found.get("enforcements", {}).get("actions", [])
    return any(action["action"] == SUPPRESSED for action in actions)
