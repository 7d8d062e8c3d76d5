"""Catalog Items API 2022-04-01: finding Amazon's products; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import Details, JsonObject


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """A product of Amazon's catalogue, with name and brand in the marketplace."""

    asin: str
    item_name: str | None
    brand: str | None


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """What was found; one identifier may belong to several products."""

    items: tuple[CatalogItem, ...]
    total: int | None
    next_token: str | None


@dataclass(frozen=True, slots=True)
class CatalogSearch:
    """At most 20 identifiers of one type (ASIN, EAN, GTIN, UPC …), one marketplace."""

    marketplace_id: str
    identifiers: Sequence[str]
    identifiers_type: str
    included_data: Sequence[str] = ("summaries",)


def search_catalog_items(
    client: SpApiClient, search: CatalogSearch, page_token: str | None = None
) -> CatalogPage:
    """Return the products with these identifiers; none found is an empty page."""
    answer = client.call(
        operations.SEARCH_CATALOG_ITEMS,
        query={
            "marketplaceIds": (search.marketplace_id,),
            "identifiers": tuple(search.identifiers),
            "identifiersType": search.identifiers_type,
            "includedData": tuple(search.included_data),
            "pageToken": page_token,
        },
        marketplace_id=search.marketplace_id,
    )
    return fields.parse(answer, lambda data: _page(data, search.marketplace_id))


def _page(data: JsonObject, marketplace_id: str) -> CatalogPage:
    listed = fields.required_objects(data, "items")
    pagination = fields.json_object(data, "pagination")
    return CatalogPage(
        items=tuple(_item(entry, marketplace_id) for entry in listed),
        total=Details().of(fields.integer, data, "numberOfResults"),
        next_token=fields.optional_text(pagination, "nextToken") or None,
    )


def _item(data: JsonObject, marketplace_id: str) -> CatalogItem:
    summaries = fields.objects(data, "summaries")
    here = (one for one in summaries if one.get("marketplaceId") == marketplace_id)
    summary = next(here, {})
    return CatalogItem(
        asin=fields.text(data, "asin"),
        item_name=fields.optional_text(summary, "itemName"),
        brand=fields.optional_text(summary, "brand"),
    )
