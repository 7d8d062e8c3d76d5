"""Catalog Items 2022-04-01: searchCatalogItems over what the sellers list; emulator."""

from __future__ import annotations

from typing import Any

from ..model.entities import EmulatedListing
from ..protocol.calling import ApiReply, Call, Route, invalid
from ..protocol.paging import make_token, read_token

Json = dict[str, Any]

PAGE_PARAMETER = "pageToken"
IDENTIFIER_TYPES = ("ASIN", "EAN", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
DATA_SETS = (
    "attributes",
    "classifications",
    "dimensions",
    "identifiers",
    "images",
    "productTypes",
    "relationships",
    "salesRanks",
    "summaries",
    "vendorDetails",
)


def search_catalog_items(call: Call) -> ApiReply:
    """Serve searchCatalogItems by identifiers or by keywords."""
    (marketplace_id,) = call.marketplaces(most=1)
    wanted = call.values("includedData", DATA_SETS) or ["summaries"]
    size = call.number("pageSize", 1, 20, 10)
    found = _search(call, marketplace_id)
    state = read_token(call, PAGE_PARAMETER, {"pageSize"})
    start = int(state["start"]) if state else 0
    shown = found[start : start + size]
    body: Json = {
        "numberOfResults": len(found),
        "items": [_item(listing, marketplace_id, wanted) for listing in shown],
    }
    if start + size < len(found):
        token = make_token(call, PAGE_PARAMETER, {"pageSize"}, {"start": start + size})
        body["pagination"] = {"nextToken": token}
    return ApiReply(200, body)


def _search(call: Call, marketplace_id: str) -> list[EmulatedListing]:
    identifiers = call.values("identifiers", most=20)
    kind = call.text("identifiersType", IDENTIFIER_TYPES)
    keywords = [word.lower() for word in call.values("keywords", most=20)]
    if bool(identifiers) == bool(keywords):
        raise invalid("Either identifiers or keywords are required, not both.")
    if bool(identifiers) != bool(kind):
        raise invalid("identifiers and identifiersType go together.")
    brands = {name.lower() for name in call.values("brandNames")}
    # The demonstration's products are in no class.
    classes = call.values("classificationIds")
    if identifiers and (brands or classes or call.text("keywordsLocale")):
        names = "brandNames, classificationIds and keywordsLocale"
        raise invalid(f"{names} cannot be used with identifiers.")
    if kind == "SKU" and call.text("sellerId") != call.seller.seller_id:
        raise invalid("The identifier type SKU needs the sellerId.")
    by_asin: dict[str, EmulatedListing] = {}
    for listing in call.world.listings.values():
        offer = listing.offers.get(marketplace_id)
        if offer is None:
            continue
        if kind is not None:
            own = listing.seller_id == call.seller.seller_id
            is_hit = _identifier(listing, kind, own=own) in identifiers
        else:
            is_hit = (
                not classes
                and (not brands or listing.brand.lower() in brands)
                and all(word in offer.title.lower() for word in keywords)
            )
        if is_hit:
            by_asin.setdefault(listing.asin, listing)
    return [by_asin[asin] for asin in sorted(by_asin)]


def _identifier(listing: EmulatedListing, kind: str, *, own: bool) -> str | None:
    if kind == "ASIN":
        return listing.asin
    if kind == "SKU":
        return listing.sku if own else None
    return listing.barcode if kind in {"EAN", "GTIN", "JAN", "UPC"} else None


def _item(listing: EmulatedListing, marketplace_id: str, wanted: list[str]) -> Json:
    item: Json = {"asin": listing.asin}
    if "summaries" in wanted:
        summary = {
            "marketplaceId": marketplace_id,
            "brand": listing.brand,
            "itemClassification": "BASE_PRODUCT",
            "itemName": listing.offers[marketplace_id].title,
        }
        item["summaries"] = [summary]
    if "productTypes" in wanted:
        kind = {"marketplaceId": marketplace_id, "productType": listing.product_type}
        item["productTypes"] = [kind]
    if "identifiers" in wanted:
        own = []
        if listing.barcode:
            own.append({"identifierType": "EAN", "identifier": listing.barcode})
        item["identifiers"] = [{"marketplaceId": marketplace_id, "identifiers": own}]
    return item


ROUTES = (
    Route(
        "searchCatalogItems", "GET", "/catalog/2022-04-01/items", search_catalog_items
    ),
)
