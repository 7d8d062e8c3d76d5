"""Listings Items 2021-08-01: read, search, patch and put; emulator."""

from __future__ import annotations

from typing import Any

from ..model.entities import EmulatedListing
from ..model.statuses import OfferStatus
from ..protocol.calling import (
    ApiReply,
    Call,
    Refusal,
    Route,
    denied,
    field_text,
    invalid,
)
from ..protocol.paging import make_token, read_token
from .listing_patches import Patch, apply_patches, find_issues, issue, read_patches
from .listing_view import DATA_SETS, listing_view

Json = dict[str, Any]

PAGE_PARAMETER = "pageToken"
# Items that paging can reach, whatever numberOfResults says; Amazon's limit.
REACHABLE = 1000
IDENTIFIER_TYPES = (
    "ASIN",
    "EAN",
    "FNSKU",
    "GTIN",
    "ISBN",
    "JAN",
    "MINSAN",
    "SKU",
    "UPC",
)
_ITEMS = "/listings/2021-08-01/items/{sellerId}"
_ITEM = f"{_ITEMS}/{{sku}}"


def get_listings_item(call: Call) -> ApiReply:
    """Serve getListingsItem."""
    _check_seller(call)
    marketplace_ids = call.marketplaces()
    wanted = call.values("includedData", DATA_SETS) or ["summaries"]
    sku = call.path["sku"]
    listing = call.world.listings.get((call.seller.seller_id, sku))
    if listing is None or not set(marketplace_ids) & set(listing.offers):
        message = f"SKU '{sku}' not found in marketplace {', '.join(marketplace_ids)}"
        raise Refusal(404, "NOT_FOUND", message)
    return ApiReply(200, listing_view(listing, marketplace_ids, wanted))


def search_listings_items(call: Call) -> ApiReply:
    """Serve searchListingsItems; no more than 1,000 items can be reached."""
    _check_seller(call)
    marketplace_ids = call.marketplaces()
    wanted = call.values("includedData", DATA_SETS) or ["summaries"]
    size = call.number("pageSize", 1, 20, 10)
    found = _sorted(call, _matching(call, marketplace_ids))
    state = read_token(call, PAGE_PARAMETER, {"pageSize", "includedData"})
    start = int(state["start"]) if state else 0
    shown = found[:REACHABLE][start : start + size]
    body: Json = {
        "numberOfResults": len(found),
        "items": [listing_view(listing, marketplace_ids, wanted) for listing in shown],
    }
    if start + size < min(len(found), REACHABLE):
        changeable = {"pageSize", "includedData"}
        token = make_token(call, PAGE_PARAMETER, changeable, {"start": start + size})
        body["pagination"] = {"nextToken": token}
    return ApiReply(200, body)


def patch_listings_item(call: Call) -> ApiReply:
    """Serve patchListingsItem: 200 says accepted, not yet done."""
    _check_seller(call)
    body = call.json()
    field_text(body, "productType")
    return _submit(call, read_patches(body), call.marketplaces())


def put_listings_item(call: Call) -> ApiReply:
    """Serve putListingsItem for an existing SKU, whose attributes it replaces."""
    _check_seller(call)
    body = call.json()
    field_text(body, "productType")
    attributes = body.get("attributes")
    if not isinstance(attributes, dict):
        raise invalid("Missing required field attributes.")
    rows = [
        {"op": "replace", "path": f"/attributes/{name}", "value": value}
        for name, value in attributes.items()
    ]
    return _submit(call, read_patches({"patches": rows}), call.marketplaces(most=1))


def _submit(call: Call, patches: list[Patch], marketplace_ids: list[str]) -> ApiReply:
    preview = call.text("mode", ("VALIDATION_PREVIEW",)) is not None
    call.values("includedData", ("identifiers", "issues"))
    sku = call.path["sku"]
    listing = call.world.listings.get((call.seller.seller_id, sku))
    if listing is None:
        issues = [issue("13013", "This SKU does not exist in the catalog.", "sku")]
    else:
        issues = find_issues(listing, patches, marketplace_ids)
    status = "VALID" if preview else "ACCEPTED"
    if issues or listing is None:
        status = "INVALID"
    elif not preview:
        target = listing
        call.world.schedule(
            call.world.switches.accept_seconds,
            lambda: apply_patches(call.world, target, patches),
        )
    submission: Json = {
        "sku": sku,
        "status": status,
        "submissionId": call.world.uuid().replace("-", ""),
        "issues": issues,
    }
    if preview and listing is not None:
        submission["identifiers"] = [
            {"marketplaceId": marketplace_id, "asin": listing.asin}
            for marketplace_id in marketplace_ids
        ]
    return ApiReply(200, submission)


def _check_seller(call: Call) -> None:
    if call.path["sellerId"] != call.seller.seller_id:
        raise denied()


def _matching(call: Call, marketplace_ids: list[str]) -> list[EmulatedListing]:
    identifiers = set(call.values("identifiers", most=20))
    kind = call.text("identifiersType", IDENTIFIER_TYPES)
    if bool(identifiers) != bool(kind):
        raise invalid("identifiers and identifiersType go together.")
    ranges = (
        (call.moment("createdAfter"), call.moment("createdBefore")),
        (call.moment("lastUpdatedAfter"), call.moment("lastUpdatedBefore")),
    )
    with_status = set(call.values("withStatus", OfferStatus))
    without = set(call.values("withoutStatus", OfferStatus))
    severities = set(call.values("withIssueSeverity", ("WARNING", "ERROR")))
    found = []
    for listing in call.world.seller_listings(call.seller.seller_id):
        offers = [
            listing.offers[marketplace_id]
            for marketplace_id in marketplace_ids
            if marketplace_id in listing.offers
        ]
        statuses = {status for offer in offers for status in offer.status}
        severe = {i["severity"] for offer in offers for i in offer.issues}
        stamps = (listing.created_at, listing.updated_at)
        if (
            offers
            and (kind is None or _identifier(listing, kind) in identifiers)
            and with_status <= statuses
            and not without & statuses
            and (not severities or severities & severe)
            and all(
                (after is None or stamp >= after) and (before is None or stamp < before)
                for stamp, (after, before) in zip(stamps, ranges, strict=True)
            )
        ):
            found.append(listing)
    return found


def _identifier(listing: EmulatedListing, kind: str) -> str | None:
    if kind in {"EAN", "GTIN", "JAN", "UPC"}:
        return listing.barcode
    known = {"SKU": listing.sku, "ASIN": listing.asin, "FNSKU": listing.fnsku}
    return known.get(kind)


def _sorted(call: Call, found: list[EmulatedListing]) -> list[EmulatedListing]:
    keys = {
        "sku": lambda item: (item.sku,),
        "createdDate": lambda item: (item.created_at, item.sku),
        "lastUpdatedDate": lambda item: (item.updated_at, item.sku),
    }
    by = call.text("sortBy", keys) or "lastUpdatedDate"
    descending = call.text("sortOrder", ("ASC", "DESC")) != "ASC"
    return sorted(found, key=keys[by], reverse=descending)


ROUTES = (
    Route("searchListingsItems", "GET", _ITEMS, search_listings_items),
    Route("getListingsItem", "GET", _ITEM, get_listings_item),
    Route("patchListingsItem", "PATCH", _ITEM, patch_listings_item),
    Route("putListingsItem", "PUT", _ITEM, put_listings_item),
)
