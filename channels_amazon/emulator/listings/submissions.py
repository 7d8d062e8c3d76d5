"""Changes of a listing: put, patched or deleted, singly or by a feed; emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..model.entities import EmulatedListing, EmulatedOffer
from ..model.places import PLACES
from ..model.state import World
from ..model.statuses import OfferStatus
from ..protocol.calling import field_text, invalid
from .issues import NOT_VALID, UNKNOWN_SKU, issue, malformed, missing
from .offers import OFFER, drop_terms, settle
from .patches import (
    AVAILABILITY,
    TITLE,
    Patch,
    apply_patches,
    drop_availability,
    is_attribute_value,
    other_rows,
    patch_issues,
    read_patches,
)

Json = dict[str, Any]

REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
OFFER_ONLY = "LISTING_OFFER_ONLY"
# How a new SKU names the product it offers: by Amazon's id or by a barcode.
SUGGESTED_ASIN = "merchant_suggested_asin"
BARCODE = "externally_assigned_product_identifier"
CONDITION = "condition_type"
CONDITIONS = (
    "new_new",
    "new_open_box",
    "new_oem",
    "refurbished_refurbished",
    "used_like_new",
    "used_very_good",
    "used_good",
    "used_acceptable",
    "collectible_like_new",
    "collectible_very_good",
    "collectible_good",
    "collectible_acceptable",
    "club_club",
)


@dataclass(frozen=True)
class Change:
    """What a request, or a message of a feed, wants to do to a SKU."""

    sku: str
    patches: tuple[Patch, ...] = ()
    # attributes that do not have the form of an attribute
    malformed: tuple[str, ...] = ()
    product_type: str = ""
    requirements: str = "LISTING"
    # replaces the listing, and makes it where there is none
    is_whole: bool = False
    is_deletion: bool = False

    def values(self, attribute: str) -> list[Any]:
        """Return what the elements of an attribute have as their value."""
        return [
            row.get("value")
            for patch in self.patches
            if patch.attribute == attribute
            for row in patch.value
        ]


def read_put(sku: str, body: Json) -> Change:
    """Return the change of a body with attributes; raises Refusal."""
    requirements = field_text(body, "requirements", required=False) or "LISTING"
    if requirements not in REQUIREMENTS:
        allowed = f"Allowed: {list(REQUIREMENTS)}"
        raise invalid("Invalid value for field requirements.", allowed)
    return _of_attributes(sku, body, requirements=requirements, is_whole=True)


def read_partial_update(sku: str, body: Json) -> Change:
    """Return the change of a feed's message that replaces some attributes."""
    return _of_attributes(sku, body)


def read_patch(sku: str, body: Json) -> Change:
    """Return the change of a body with patches; raises Refusal."""
    product_type = field_text(body, "productType")
    return Change(sku, tuple(read_patches(body)), product_type=product_type)


def find_issues(
    world: World, seller_id: str, change: Change, marketplace_ids: list[str]
) -> list[Json]:
    """Return the issues for which Amazon refuses a change."""
    listing = world.listings.get((seller_id, change.sku))
    issues = [malformed(name) for name in change.malformed]
    traded = world.sellers[seller_id].marketplace_ids
    if not set(marketplace_ids) <= set(traded):
        message = "The seller does not sell in this marketplace."
        issues.append(issue(NOT_VALID, message, "marketplaceIds"))
    wrong = [each for each in change.values(CONDITION) if each not in CONDITIONS]
    if wrong:
        message = f"The condition {wrong[0]!r} is not valid."
        issues.append(issue(NOT_VALID, message, CONDITION))
    if change.is_whole and not _offers_in(listing, marketplace_ids):
        issues += _creation_issues(world, change)
    elif not change.is_whole and listing is None:
        issues.append(
            issue(UNKNOWN_SKU, "This SKU does not exist in the catalog.", "sku")
        )
    elif not change.is_whole and not _offers_in(listing, marketplace_ids):
        issues.append(issue(UNKNOWN_SKU, "The SKU is not listed here.", "sku"))
    return issues + patch_issues(listing, list(change.patches), marketplace_ids)


def accept(
    world: World, seller_id: str, changes: list[Change], marketplace_ids: list[str]
) -> None:
    """Carry out accepted changes as late as this Amazon does."""

    def act() -> None:
        for change in changes:
            _carry_out(world, seller_id, change, marketplace_ids)

    world.schedule(world.switches.accept_seconds, act)


def _of_attributes(sku: str, body: Json, **over: Any) -> Change:
    product_type = field_text(body, "productType")
    attributes = body.get("attributes")
    if attributes is None:
        raise invalid("Missing required field attributes.")
    if not isinstance(attributes, dict):
        raise invalid("Invalid type of field attributes: an object is expected.")
    if not attributes:
        raise invalid("Field attributes must not be empty.")
    return Change(
        sku,
        tuple(
            Patch("replace", name, value)
            for name, value in attributes.items()
            if is_attribute_value(value)
        ),
        malformed=tuple(
            name for name, value in attributes.items() if not is_attribute_value(value)
        ),
        product_type=product_type,
        **over,
    )


def _offers_in(
    listing: EmulatedListing | None, marketplace_ids: list[str]
) -> list[EmulatedOffer]:
    if listing is None:
        return []
    return [
        listing.offers[marketplace_id]
        for marketplace_id in marketplace_ids
        if marketplace_id in listing.offers
    ]


def _creation_issues(world: World, change: Change) -> list[Json]:
    """Return what is missing to list a SKU where it is not listed yet."""
    if change.requirements != OFFER_ONLY:
        is_titled = any(isinstance(text, str) and text for text in change.values(TITLE))
        return [] if is_titled else [missing(TITLE)]
    if product_of(world, change) is None:
        return [missing(SUGGESTED_ASIN)]
    return []


def product_of(world: World, change: Change) -> EmulatedListing | None:
    """Return any listing of the product that the change names, or None."""
    asins, barcodes = change.values(SUGGESTED_ASIN), change.values(BARCODE)
    if not asins and not barcodes:
        return None
    for listing in world.listings.values():
        if listing.asin in asins or (listing.barcode and listing.barcode in barcodes):
            return listing
    return None


def _carry_out(
    world: World, seller_id: str, change: Change, marketplace_ids: list[str]
) -> None:
    listing = world.listings.get((seller_id, change.sku))
    if change.is_deletion:
        _delete(world, listing, marketplace_ids)
        return
    if change.is_whole:
        listing = _make_room(world, seller_id, change, marketplace_ids)
    if listing is None:
        # Deleted between acceptance and now.
        return
    apply_patches(world, listing, list(change.patches), marketplace_ids)
    settle(listing)


def _delete(
    world: World, listing: EmulatedListing | None, marketplace_ids: list[str]
) -> None:
    if listing is None:
        return
    for marketplace_id in marketplace_ids:
        listing.offers.pop(marketplace_id, None)
    listing.updated_at = world.now()
    if not listing.offers:
        del world.listings[(listing.seller_id, listing.sku)]


def _make_room(
    world: World, seller_id: str, change: Change, marketplace_ids: list[str]
) -> EmulatedListing:
    """Return the listing without what the change leaves out, made if there is none."""
    product = product_of(world, change)
    listing = world.listings.get((seller_id, change.sku))
    if listing is None:
        listing = _new_listing(world, seller_id, change, product)
        world.add_listing(listing)
    listing.product_type = change.product_type
    for marketplace_id in marketplace_ids:
        if marketplace_id not in listing.offers:
            listing.offers[marketplace_id] = _new_offer(marketplace_id, product)
    named = {patch.attribute for patch in change.patches}
    if AVAILABILITY not in named:
        drop_availability(listing)
    if OFFER not in named:
        for offer in _offers_in(listing, marketplace_ids):
            drop_terms(offer)
    for name in set(listing.attributes) - named:
        rows = other_rows(listing.attributes.pop(name), marketplace_ids)
        if rows:
            listing.attributes[name] = rows
    return listing


def _new_listing(
    world: World, seller_id: str, change: Change, product: EmulatedListing | None
) -> EmulatedListing:
    now = world.now()
    barcodes = [each for each in change.values(BARCODE) if isinstance(each, str)]
    return EmulatedListing(
        seller_id=seller_id,
        sku=change.sku,
        asin=product.asin if product else f"B0NEW{world.serial():05d}",
        product_type=change.product_type,
        created_at=now,
        updated_at=now,
        barcode=product.barcode if product else next(iter(barcodes), None),
        brand=product.brand if product else "",
        condition=next(iter(change.values(CONDITION)), "new_new"),
    )


def _new_offer(marketplace_id: str, product: EmulatedListing | None) -> EmulatedOffer:
    titles = [offer.title for offer in product.offers.values()] if product else []
    return EmulatedOffer(
        marketplace_id=marketplace_id,
        price=None,
        currency=PLACES[marketplace_id].currency,
        title=next(iter(titles), ""),
        status=[OfferStatus.DISCOVERABLE],
    )
