"""Listings at the local Amazon, and changes of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from channels_amazon.emulator.model.entities import EmulatedListing
from channels_amazon.emulator.server import Emulator

from ..caller import CA, SELLERS, US, Caller, Reply

ITEMS = f"/listings/2021-08-01/items/{SELLERS['na']}"


def some_listing(emulator: Emulator, *, is_fba: bool = False) -> EmulatedListing:
    return next(
        item
        for item in emulator.state.seller_listings(SELLERS["na"])
        if item.is_fba == is_fba
        and (item.quantity is None) == is_fba
        and {US, CA} <= set(item.offers)
    )


def patch(caller: Caller, sku: str, *rows: dict[str, Any], **query: object) -> Reply:
    body = {"productType": "PRODUCT", "patches": list(rows)}
    path = f"{ITEMS}/{quote(sku, safe='')}"
    return caller.send("PATCH", path, {"marketplaceIds": US} | query, body)


def quantity_patch(quantity: object, **more: object) -> dict[str, Any]:
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity} | more
    return {
        "op": "replace",
        "path": "/attributes/fulfillment_availability",
        "value": [value],
    }


def offer_patch(price: object, op: str = "replace", **more: object) -> dict[str, Any]:
    """Return the patch that sets the price of everybody in the United States."""
    return {
        "op": op,
        "path": "/attributes/purchasable_offer",
        "value": [offer_row(price, **more)],
    }


def offer_row(price: object, **more: object) -> dict[str, Any]:
    """Return the terms of one audience."""
    return {
        "marketplace_id": US,
        "currency": "USD",
        "audience": "ALL",
        "our_price": amounts(price),
    } | more


def amounts(price: object, **more: object) -> list[dict[str, Any]]:
    """Return a price as the attribute has it."""
    return [{"schedule": [{"value_with_tax": price} | more]}]


def put(
    caller: Caller, sku: str, attributes: dict[str, Any], /, **over: object
) -> Reply:
    """Put a listing of the United States."""
    body = {"productType": "PRODUCT", "attributes": attributes} | over
    path = f"{ITEMS}/{quote(sku, safe='')}"
    return caller.send("PUT", path, {"marketplaceIds": US}, body)


def shown(caller: Caller, sku: str, *data: str, marketplace: str = US) -> Any:
    """Return what getListingsItem shows of a SKU."""
    path = f"{ITEMS}/{quote(sku, safe='')}"
    reply = caller.get(path, marketplaceIds=marketplace, includedData=list(data))
    assert reply.status == 200, reply.text
    return reply.json
