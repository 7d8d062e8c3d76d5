"""Listings Items 2021-08-01: read, search, patch, put and delete; emulator."""

from __future__ import annotations

from typing import Any

from ..listings.families import parents_of
from ..listings.submissions import (
    Change,
    accept,
    find_issues,
    product_of,
    read_patch,
    read_put,
)
from ..listings.view import DATA_SETS, listing_view
from ..model.entities import EmulatedListing
from ..model.statuses import OfferStatus
from ..protocol.calling import ApiReply, Call, Refusal, Route, denied, invalid
from ..protocol.paging import make_token, read_token

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
    view = listing_view(call.world, listing, marketplace_ids, wanted)
    return ApiReply(200, view)


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
        "items": [
            listing_view(call.world, listing, marketplace_ids, wanted)
            for listing in shown
        ],
    }
    if start + size < min(len(found), REACHABLE):
        changeable = {"pageSize", "includedData"}
        token = make_token(call, PAGE_PARAMETER, changeable, {"start": start + size})
        body["pagination"] = {"nextToken": token}
    return ApiReply(200, body)


def patch_listings_item(call: Call) -> ApiReply:
    """Serve patchListingsItem: 200 says accepted, not yet done."""
    _check_seller(call)
    change = read_patch(call.path["sku"], call.json())
    return _submit(call, change, call.marketplaces())


def put_listings_item(call: Call) -> ApiReply:
    """Serve putListingsItem: what it leaves out is dropped, a new SKU is made."""
    _check_seller(call)
    change = read_put(call.path["sku"], call.json())
    return _submit(call, change, call.marketplaces(most=1))


def delete_listings_item(call: Call) -> ApiReply:
    """Serve deleteListingsItem: the SKU is taken out of one marketplace."""
    _check_seller(call)
    marketplace_ids = call.marketplaces(most=1)
    change = Change(call.path["sku"], is_deletion=True)
    return _answer(call, change, marketplace_ids, {"issues"})


def _submit(call: Call, change: Change, marketplace_ids: list[str]) -> ApiReply:
    is_preview = call.text("mode", ("VALIDATION_PREVIEW",)) is not None
    wanted = set(call.values("includedData", ("identifiers", "issues"))) or {"issues"}
    if "identifiers" in wanted and not is_preview:
        raise invalid("identifiers can be asked for in mode VALIDATION_PREVIEW only.")
    return _answer(call, change, marketplace_ids, wanted, is_preview=is_preview)


def _answer(
    call: Call,
    change: Change,
    marketplace_ids: list[str],
    wanted: set[str],
    *,
    is_preview: bool = False,
) -> ApiReply:
    world, seller_id = call.world, call.seller.seller_id
    issues = find_issues(world, seller_id, change, marketplace_ids)
    status = "INVALID" if issues else "VALID" if is_preview else "ACCEPTED"
    if status == "ACCEPTED":
        accept(world, seller_id, [change], marketplace_ids)
    submission: Json = {
        "sku": change.sku,
        "status": status,
        "submissionId": world.uuid().replace("-", ""),
    }
    if "issues" in wanted:
        submission["issues"] = issues
    product = world.listings.get((seller_id, change.sku)) or product_of(world, change)
    if "identifiers" in wanted and product is not None:
        submission["identifiers"] = [
            {"marketplaceId": marketplace_id, "asin": product.asin}
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
    parent = _family(call, has_identifiers=bool(identifiers))
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
            and (parent is None or parent in parents_of(listing))
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


def _family(call: Call, *, has_identifiers: bool) -> str | None:
    """Return the SKU whose variations are asked for, None where all listings are."""
    parent = call.text("variationParentSku")
    package = call.text("packageHierarchySku")
    if sum((has_identifiers, parent is not None, package is not None)) > 1:
        names = "identifiers, variationParentSku and packageHierarchySku"
        raise invalid(f"Only one of {names} may be given.")
    # No listing here is a package of another: no parent has the empty SKU.
    return "" if package is not None else parent


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
    Route("deleteListingsItem", "DELETE", _ITEM, delete_listings_item),
)
