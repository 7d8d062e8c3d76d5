"""Variation families: which listings are children of which parent; emulator."""

from __future__ import annotations

from typing import Any

from ..model.entities import EmulatedListing
from ..model.state import World

Json = dict[str, Any]

RELATIONSHIP = "child_parent_sku_relationship"


def parents_of(listing: EmulatedListing) -> list[str]:
    """Return the SKUs of which the listing is a variation, as its seller sent them."""
    rows = listing.attributes.get(RELATIONSHIP, [])
    return [str(row["parent_sku"]) for row in rows if row.get("parent_sku")]


def relationships_of(world: World, listing: EmulatedListing) -> list[Json]:
    """Return the listing's place in its families, as its relationships show it."""
    found: list[Json] = []
    parents = list(dict.fromkeys(parents_of(listing)))
    children = [
        other.sku
        for other in world.seller_listings(listing.seller_id)
        if listing.sku in parents_of(other)
    ]
    if parents:
        found.append({"type": "VARIATION", "parentSkus": parents})
    if children:
        found.append({"type": "VARIATION", "childSkus": children})
    return found
