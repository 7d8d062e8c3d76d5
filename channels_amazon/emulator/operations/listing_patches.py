"""Reads, validates and applies the patches of a listing; emulator."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ..model.entities import EmulatedListing
from ..model.places import FBA_CHANNELS
from ..model.state import World
from ..orders.lifecycle import set_quantity
from ..protocol.calling import invalid

Json = dict[str, Any]

OPERATIONS = ("add", "replace", "merge", "delete")
PREFIX = "/attributes/"
AVAILABILITY = "fulfillment_availability"
OFFER = "purchasable_offer"
_FBA_CODES = frozenset(FBA_CHANNELS.values())


@dataclass(frozen=True)
class Patch:
    """One operation on one top-level attribute."""

    op: str
    attribute: str
    value: list[Json]


def read_patches(body: Json) -> list[Patch]:
    """Return the patches of a request body; raises Refusal for a malformed one."""
    rows = body.get("patches")
    if not isinstance(rows, list) or not rows:
        raise invalid("Missing required field patches.")
    return [_read(row) for row in rows]


def _read(row: Any) -> Patch:
    if not isinstance(row, dict) or row.get("op") not in OPERATIONS:
        raise invalid("Invalid patch operation.", f"Allowed: {list(OPERATIONS)}")
    path, value = row.get("path"), row.get("value", [])
    if not isinstance(path, str) or not path.startswith(PREFIX):
        raise invalid("A patch path begins with /attributes/.")
    name = path.removeprefix(PREFIX)
    if not name or "/" in name:
        raise invalid("A patch path names one top-level attribute.")
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise invalid("A patch value must be an array of objects.")
    if not value and row["op"] != "delete":
        raise invalid("A patch other than delete needs a value.")
    return Patch(row["op"], name, value)


def find_issues(
    listing: EmulatedListing, patches: list[Patch], marketplace_ids: list[str]
) -> list[Json]:
    """Return the issues that make Amazon refuse these patches."""
    issues: list[Json] = []
    for patch in patches:
        if patch.op == "delete":
            continue
        if patch.attribute == AVAILABILITY:
            issues += [i for row in patch.value for i in _availability_issues(row)]
        elif patch.attribute == OFFER:
            issues += [
                i for row in patch.value for i in _offer_issues(row, marketplace_ids)
            ]
    if not any(marketplace_id in listing.offers for marketplace_id in marketplace_ids):
        issues.append(issue("13013", "The SKU is not listed here.", "sku"))
    return issues


def issue(code: str, message: str, attribute: str) -> Json:
    """Return an issue of the severity that refuses."""
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": ["INVALID_ATTRIBUTE"],
    }


def _availability_issues(row: Json) -> list[Json]:
    code, quantity = row.get("fulfillment_channel_code"), row.get("quantity")
    found = []
    if code != "DEFAULT" and code not in _FBA_CODES:
        message = f"The fulfillment channel {code!r} is not valid."
        found.append(issue("90244", message, AVAILABILITY))
    if code in _FBA_CODES and quantity is not None:
        message = "A quantity cannot be set for inventory that Amazon fulfils."
        found.append(issue("90244", message, AVAILABILITY))
    if code == "DEFAULT" and not _is_count(quantity):
        message = "The quantity must be a whole number of zero or more."
        found.append(issue("90244", message, AVAILABILITY))
    days = row.get("lead_time_to_ship_max_days")
    if days is not None and not (_is_count(days) and 0 <= days <= 60):
        message = "The handling time must be a whole number of days."
        found.append(issue("90244", message, AVAILABILITY))
    return found


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _offer_issues(row: Json, marketplace_ids: list[str]) -> list[Json]:
    price = _price(row)
    if row.get("marketplace_id") not in marketplace_ids:
        return [issue("90244", "The offer names another marketplace.", OFFER)]
    if price is None or price <= 0:
        return [issue("90244", "The price must be above zero.", OFFER)]
    return []


def _price(row: Json) -> Decimal | None:
    try:
        amount = row["our_price"][0]["schedule"][0]["value_with_tax"]
        return Decimal(str(amount))
    except (KeyError, IndexError, TypeError, InvalidOperation):
        return None


def apply_patches(world: World, listing: EmulatedListing, patches: list[Patch]) -> None:
    """Apply accepted patches to the listing; the caller holds the lock."""
    for patch in patches:
        if patch.attribute == AVAILABILITY:
            _apply_availability(world, listing, patch)
        elif patch.attribute == OFFER:
            _apply_offer(listing, patch)
        elif patch.op == "delete":
            listing.attributes.pop(patch.attribute, None)
        else:
            listing.attributes[patch.attribute] = patch.value
            _apply_title(listing, patch)
    listing.updated_at = world.now()


def _apply_availability(world: World, listing: EmulatedListing, patch: Patch) -> None:
    rows = {row.get("fulfillment_channel_code"): row for row in patch.value}
    if patch.op == "delete":
        gone = set(rows) or {"DEFAULT", *_FBA_CODES}
        listing.quantity = None if "DEFAULT" in gone else listing.quantity
        listing.is_fba = listing.is_fba and not gone & _FBA_CODES
        return
    if patch.op == "replace":
        # `replace` overwrites the whole attribute: a channel it does not name is
        # removed.
        listing.is_fba = bool(_FBA_CODES & set(rows))
        if "DEFAULT" not in rows:
            listing.quantity = None
    elif _FBA_CODES & set(rows):
        listing.is_fba = True
    if "DEFAULT" in rows:
        row = rows["DEFAULT"]
        # A merged element is replaced as a whole: fields it leaves out get Amazon's
        # default again.
        listing.handling_days = row.get("lead_time_to_ship_max_days")
        listing.restock_date = row.get("restock_date")
        set_quantity(world, listing, row["quantity"])


def _apply_offer(listing: EmulatedListing, patch: Patch) -> None:
    for row in patch.value:
        offer = listing.offers.get(str(row.get("marketplace_id")))
        if offer is not None:
            offer.price = None if patch.op == "delete" else _price(row)
            offer.currency = row.get("currency") or offer.currency


def _apply_title(listing: EmulatedListing, patch: Patch) -> None:
    if patch.attribute != "item_name":
        return
    for row in patch.value:
        offer = listing.offers.get(str(row.get("marketplace_id")))
        if offer is not None and isinstance(row.get("value"), str):
            offer.title = row["value"]
    del listing.attributes["item_name"]
