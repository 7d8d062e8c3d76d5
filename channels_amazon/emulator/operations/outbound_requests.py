"""Reads the parts of a request that both MCF versions share; emulator."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..mcf.quotes import delivers_to
from ..model.errors import LifecycleError
from ..model.mcf_orders import McfItem, McfOrder, Price
from ..model.places import PLACES
from ..protocol.calling import Call, Refusal, field_text, invalid, not_found

Json = dict[str, Any]

# Amazon's limits for one order.
MOST_LINES = 100
MOST_UNITS = 250
# Characters that each part of an address may have.
ADDRESS_LENGTHS = {
    "name": 50,
    "addressLine1": 180,
    "addressLine2": 60,
    "addressLine3": 60,
    "city": 50,
    "districtOrCounty": 150,
    "stateOrRegion": 150,
    "postalCode": 20,
    "countryCode": 2,
    "phone": 20,
}
_REQUIRED = frozenset({"name", "addressLine1", "postalCode", "countryCode"})
_COUNTRY = re.compile(r"[A-Z]{2}")
_AMOUNT = re.compile(r"\d+(\.\d+)?")


def limited(body: Json, name: str, most: int, *, required: bool = True) -> str:
    """Return a text of a body that is not too long; raises Refusal."""
    text = field_text(body, name, required=required)
    if len(text) > most:
        raise invalid(f"Field {name} must not be longer than {most} characters.")
    return text


def part(body: Json, name: str, *, required: bool = False) -> Json:
    """Return an object of a body, an empty one where optional; raises Refusal."""
    value = body.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"Field {name} must be an object.")
    return value


def choice(
    body: Json, name: str, allowed: Iterable[str], default: str | None = None
) -> str:
    """Return a text of a body that is one of those allowed; raises Refusal."""
    text = field_text(body, name, required=default is None) or default or ""
    names = [str(each) for each in allowed]
    if text not in names:
        raise invalid(f"Invalid value for {name}.", f"Allowed: {names}")
    return text


def rows(body: Json, name: str) -> list[Json]:
    """Return the lines of an order; raises Refusal."""
    value = body.get(name)
    if not isinstance(value, list) or not value:
        raise invalid(f"Missing required field {name}.")
    if len(value) > MOST_LINES or not all(isinstance(row, dict) for row in value):
        raise invalid(f"Field {name} must be a list of at most {MOST_LINES} objects.")
    return value


def address(body: Json, *further: str) -> Json:
    """Return an address with its known fields; raises Refusal.

    A city belongs in every country's address but Japan's.
    """
    found = {
        name: limited(body, name, most, required=name in _REQUIRED)
        for name, most in ADDRESS_LENGTHS.items()
    }
    found |= {name: limited(body, name, 254, required=False) for name in further}
    if not _COUNTRY.fullmatch(found["countryCode"]):
        raise invalid("countryCode must be two capital letters.")
    is_japan = found["countryCode"] == "JP"
    if is_japan and found["city"]:
        raise invalid("Field city must not be used in Japan.")
    if not is_japan and not found["city"]:
        raise invalid("Missing required field city.")
    return {name: text for name, text in found.items() if text}


def price(body: Json, name: str, key: str) -> Price | None:
    """Return money whose amount is under `key`, or None; raises Refusal."""
    money = part(body, name)
    if not money:
        return None
    amount = field_text(money, key)
    if not _AMOUNT.fullmatch(amount):
        raise invalid(f"Invalid amount in {name}.")
    return Price(field_text(money, "currencyCode"), amount)


def whole(row: Json, name: str, least: int = 1) -> int:
    """Return a number of units; raises Refusal."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"Invalid type of field {name}: an integer is expected.")
    if value < least:
        raise invalid(f"Field {name} must be at least {least}.")
    return value


def check_items(call: Call, items: list[McfItem], marketplace_id: str) -> None:
    """Refuse repeated ids, too many units, and SKUs without FBA units."""
    if len({item.item_id for item in items}) < len(items):
        raise invalid("The ids of the items must differ from one another.")
    if sum(item.quantity for item in items) > MOST_UNITS:
        raise invalid(f"An order may have at most {MOST_UNITS} units.")
    for item in items:
        check_sku(call, item.sku, item.item_id, marketplace_id)


def check_sku(call: Call, sku: str, item_id: str, marketplace_id: str) -> None:
    """Refuse a SKU that has no FBA units in the marketplace's pool."""
    if call.world.stock_for(call.seller.seller_id, sku, marketplace_id) is None:
        raise invalid(f"the SellerSKU for Item Id: {item_id} is invalid.")


def marketplace_or_first(call: Call, marketplace_id: str) -> str:
    """Return the marketplace of an order, by default the seller's first."""
    if not marketplace_id:
        return call.seller.marketplace_ids[0]
    if marketplace_id not in call.seller.marketplace_ids:
        raise invalid(f"Invalid marketplaceId {marketplace_id}.")
    return marketplace_id


def marketplace_of_country(call: Call, country_code: str) -> str:
    """Return the seller's marketplace of a country, by default the first."""
    for marketplace_id in call.seller.marketplace_ids:
        if country_code in ("", PLACES[marketplace_id].country_code):
            return marketplace_id
    raise invalid(f"The seller has no marketplace in {country_code}.")


def check_new(call: Call, order_id: str) -> None:
    """Refuse an id the seller has used before, whichever version it was used in."""
    if (call.seller.seller_id, order_id) in call.world.mcf_orders:
        raise invalid(
            f"Value {order_id} for parameter SellerFulfillmentOrderId is invalid."
            " Reason: an order with this id exists already."
        )


def check_delivery(marketplace_id: str, destination: Json) -> None:
    """Refuse a country that the marketplace's FBA pool does not ship to."""
    if not delivers_to(marketplace_id, destination["countryCode"]):
        raise invalid("Delivery SLA is not available for destination address.")


def amazon_order_id(call: Call) -> str:
    """Return an id of the kind Amazon gives to orders from outside its shop."""
    rng = call.world.random
    middle, last = (rng.randrange(10_000_000) for _ in range(2))
    return f"S01-{middle:07d}-{last:07d}"


def find(call: Call, order_id: str) -> McfOrder:
    """Return the seller's order; raises Refusal."""
    if len(order_id) > 40:
        raise invalid("The id of an order has at most 40 characters.")
    order = call.world.mcf_orders.get((call.seller.seller_id, order_id))
    if order is None:
        raise not_found(f"Fulfillment order {order_id} is not found.")
    return order


def refused(error: LifecycleError) -> Refusal:
    """Return the 400 for what an order's status does not allow."""
    return invalid(str(error))
