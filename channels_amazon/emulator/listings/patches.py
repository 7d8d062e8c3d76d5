"""Reads, validates and applies the patches of a listing; emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..model.entities import Drift, EmulatedListing
from ..model.places import FBA_CHANNELS
from ..model.state import World
from ..orders.lifecycle import set_quantity
from ..protocol.calling import invalid
from .issues import NOT_VALID, issue
from .offers import OFFER, OVERWRITING, apply_offer, offer_issues

Json = dict[str, Any]

OPERATIONS = ("add", "replace", "merge", "delete")
PREFIX = "/attributes/"
AVAILABILITY = "fulfillment_availability"
TITLE = "item_name"
# What makes two elements of an attribute the same one, as product types declare it.
_SELECTORS = ("marketplace_id", "language_tag", "audience")
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
    if not is_attribute_value(value):
        raise invalid("A patch value must be an array of objects.")
    if not value and row["op"] != "delete":
        raise invalid("A patch other than delete needs a value.")
    return Patch(row["op"], name, value)


def is_attribute_value(value: Any) -> bool:
    """Tell whether a value has the form that every attribute has."""
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def patch_issues(
    listing: EmulatedListing | None, patches: list[Patch], marketplace_ids: list[str]
) -> list[Json]:
    """Return the issues that make Amazon refuse these patches."""
    issues: list[Json] = []
    for patch in patches:
        if patch.op == "delete":
            continue
        if patch.attribute == AVAILABILITY:
            issues += [i for row in patch.value for i in _availability_issues(row)]
        elif patch.attribute == OFFER:
            issues += offer_issues(listing, patch.value, marketplace_ids)
    return issues


def _availability_issues(row: Json) -> list[Json]:
    code, quantity = row.get("fulfillment_channel_code"), row.get("quantity")
    found = []
    if code != "DEFAULT" and code not in _FBA_CODES:
        message = f"The fulfillment channel {code!r} is not valid."
        found.append(issue(NOT_VALID, message, AVAILABILITY))
    if code in _FBA_CODES and quantity is not None:
        message = "A quantity cannot be set for inventory that Amazon fulfils."
        found.append(issue(NOT_VALID, message, AVAILABILITY))
    if code == "DEFAULT" and not _is_count(quantity):
        message = "The quantity must be a whole number of zero or more."
        found.append(issue(NOT_VALID, message, AVAILABILITY))
    days = row.get("lead_time_to_ship_max_days")
    if days is not None and not (_is_count(days) and 0 <= days <= 60):
        message = "The handling time must be a whole number of days."
        found.append(issue(NOT_VALID, message, AVAILABILITY))
    return found


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def apply_patches(
    world: World,
    listing: EmulatedListing,
    patches: list[Patch],
    marketplace_ids: list[str],
) -> None:
    """Apply accepted patches to the listing; the caller holds the lock."""
    drift = _take_drift(listing, patches)
    for patch in patches:
        if patch.attribute == AVAILABILITY:
            _apply_availability(world, listing, patch, drift)
        elif patch.attribute == OFFER:
            apply_offer(listing, patch.op, patch.value, marketplace_ids, drift)
        elif patch.attribute == TITLE:
            _apply_title(listing, patch)
        else:
            _apply_attribute(listing, patch, marketplace_ids)
    listing.updated_at = world.now()


def drop_availability(listing: EmulatedListing) -> None:
    """Take the listing out of every channel that could fulfil it."""
    listing.quantity = listing.handling_days = listing.restock_date = None
    listing.is_fba = False


def _take_drift(listing: EmulatedListing, patches: list[Patch]) -> Drift | None:
    """Return the drift that hits these patches, and count it."""
    drift = listing.drift
    changed = {patch.attribute for patch in patches if patch.op != "delete"}
    if drift is None or not (
        (drift.quantity is not None and AVAILABILITY in changed)
        or (drift.price is not None and OFFER in changed)
    ):
        return None
    if drift.left is not None:
        drift.left -= 1
        if drift.left <= 0:
            listing.drift = None
    return drift


def _apply_availability(
    world: World, listing: EmulatedListing, patch: Patch, drift: Drift | None
) -> None:
    rows = {row.get("fulfillment_channel_code"): row for row in patch.value}
    if patch.op == "delete":
        gone = set(rows) or {"DEFAULT", *_FBA_CODES}
        listing.quantity = None if "DEFAULT" in gone else listing.quantity
        listing.is_fba = listing.is_fba and not gone & _FBA_CODES
        return
    if patch.op in OVERWRITING:
        # They overwrite the whole attribute: a channel that is not named is removed.
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
        shown = drift.quantity if drift is not None else None
        set_quantity(world, listing, row["quantity"] if shown is None else shown)


def _apply_title(listing: EmulatedListing, patch: Patch) -> None:
    if patch.op == "delete":
        # The page of the product keeps its title.
        return
    for row in patch.value:
        named = row.get("marketplace_id")
        for marketplace_id in [str(named)] if named else list(listing.offers):
            offer = listing.offers.get(marketplace_id)
            if offer is not None and isinstance(row.get("value"), str):
                offer.title = row["value"]


def _apply_attribute(
    listing: EmulatedListing, patch: Patch, marketplace_ids: list[str]
) -> None:
    known = listing.attributes.get(patch.attribute, [])
    if patch.op == "merge":
        changed = {_selected(row) for row in patch.value}
        kept = [row for row in known if _selected(row) not in changed]
    else:
        kept = other_rows(known, marketplace_ids)
    rows = kept if patch.op == "delete" else kept + patch.value
    if rows:
        listing.attributes[patch.attribute] = rows
    else:
        listing.attributes.pop(patch.attribute, None)


def other_rows(rows: list[Json], marketplace_ids: list[str]) -> list[Json]:
    """Return the elements that belong to other marketplaces than these."""
    return [
        row
        for row in rows
        if row.get("marketplace_id") and row["marketplace_id"] not in marketplace_ids
    ]


def _selected(row: Json) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in _SELECTORS)
