"""Orders of other shops that Amazon ships from FBA stock; pure, client layer.

Both versions of Amazon's Fulfillment Outbound API speak of them in these words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from channels_amazon.spapi.fields import Money


class OutboundVersion(StrEnum):
    """The versions of the Fulfillment Outbound API that we speak."""

    V2020 = "2020-07-01"
    V2026 = "2026-07-04"


class Speed(StrEnum):
    """How fast: PRIORITY only in some countries, SCHEDULED only in Japan."""

    STANDARD = "STANDARD"
    EXPEDITED = "EXPEDITED"
    PRIORITY = "PRIORITY"
    SCHEDULED = "SCHEDULED"


class Policy(StrEnum):
    """What Amazon does when it has not all units: nothing, wait, or ship the rest."""

    FILL_OR_KILL = "FILL_OR_KILL"
    FILL_ALL = "FILL_ALL"
    FILL_ALL_AVAILABLE = "FILL_ALL_AVAILABLE"


class OutboundStatus(StrEnum):
    """How far an order is; version 2026-07-04 says nothing finer than PROCESSING."""

    RECEIVED = "received"
    PLANNING = "planning"
    PROCESSING = "processing"
    COMPLETE = "complete"
    COMPLETE_PARTIAL = "complete_partial"
    CANCELLED = "cancelled"
    UNFULFILLABLE = "unfulfillable"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class PackageStatus(StrEnum):
    """Where a package is."""

    PROCESSING = "processing"
    IN_TRANSIT = "in_transit"
    DELAYED = "delayed"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to ship. In Japan there is no city: it is part of the lines."""

    name: str = field(repr=False)
    line1: str = field(repr=False)
    postal_code: str = field(repr=False)
    country_code: str
    city: str = field(default="", repr=False)
    line2: str = field(default="", repr=False)
    line3: str = field(default="", repr=False)
    district: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OutboundItem:
    """Units of one SKU; India demands the declared value of one unit."""

    line_id: str
    sku: str
    quantity: int
    declared_value: Money | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What to ask Amazon for: these items to there, at any of these speeds."""

    marketplace_id: str
    destination: Destination
    items: Sequence[OutboundItem]
    speeds: Sequence[Speed] = (Speed.STANDARD,)
    ship_from_country: str = ""


@dataclass(frozen=True, slots=True)
class OutboundPreview:
    """What Amazon would do at one speed.

    `fee` is an estimate, None where Amazon states none. `reasons` are Amazon's own
    words, and may also be there for what can be shipped.
    """

    speed: Speed
    is_fulfillable: bool
    fee: Money | None
    ships: Window | None
    arrives: Window | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewOutboundOrder:
    """An order to be shipped. `order_id` is ours, and no two may have the same.

    `shown_order_id` (else our id) and `comment` go on the packing slip of version
    2020-07-01. SCHEDULED needs `delivery`.
    """

    order_id: str
    marketplace_id: str
    destination: Destination
    items: Sequence[OutboundItem]
    ordered_at: datetime
    speed: Speed = Speed.STANDARD
    policy: Policy = Policy.FILL_OR_KILL
    shown_order_id: str = ""
    comment: str = ""
    delivery: Window | None = None
    ship_from_country: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class OutboundLine:
    """One line as Amazon keeps it: `quantity` is what was ordered."""

    line_id: str
    sku: str
    quantity: int
    cancelled: int
    unfulfillable: int


@dataclass(frozen=True, slots=True)
class PackedItem:
    """Units of one line in a package."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OutboundPackage:
    """A package; `amazon_status` keeps Amazon's word, "" where it has none yet."""

    package_id: str
    shipment_id: str
    carrier: str
    tracking_number: str
    tracking_url: str
    status: PackageStatus
    amazon_status: str
    shipped_at: datetime | None
    arrives_at: datetime | None
    items: tuple[PackedItem, ...]


@dataclass(frozen=True, slots=True)
class OutboundOrder:
    """An order as Amazon keeps it; `amazon_status` keeps Amazon's word.

    `can_cancel` says that Amazon may still accept it.
    """

    order_id: str
    status: OutboundStatus
    amazon_status: str
    can_cancel: bool
    received_at: datetime
    updated_at: datetime
    lines: tuple[OutboundLine, ...]
    packages: tuple[OutboundPackage, ...]


_ORDER_WORDS = {
    "new": OutboundStatus.RECEIVED,
    "received": OutboundStatus.RECEIVED,
    "planning": OutboundStatus.PLANNING,
    "processing": OutboundStatus.PROCESSING,
    "complete": OutboundStatus.COMPLETE,
    "completepartial": OutboundStatus.COMPLETE_PARTIAL,
    "completepartialled": OutboundStatus.COMPLETE_PARTIAL,
    "cancelled": OutboundStatus.CANCELLED,
    "unfulfillable": OutboundStatus.UNFULFILLABLE,
    "invalid": OutboundStatus.INVALID,
}
_PACKAGE_WORDS = {
    # Statuses of a shipment, used for a package that has no status yet.
    "pending": PackageStatus.PROCESSING,
    "shipped": PackageStatus.IN_TRANSIT,
    "cancelled": PackageStatus.CANCELLED,
    "cancelledbyfulfiller": PackageStatus.CANCELLED,
    "cancelledbyseller": PackageStatus.CANCELLED,
    "processing": PackageStatus.PROCESSING,
    "pickupscheduled": PackageStatus.PROCESSING,
    "intransit": PackageStatus.IN_TRANSIT,
    "delayed": PackageStatus.DELAYED,
    "deliveryattempted": PackageStatus.DELAYED,
    "customeraction": PackageStatus.DELAYED,
    "outfordelivery": PackageStatus.OUT_FOR_DELIVERY,
    "availableforpickup": PackageStatus.AVAILABLE_FOR_PICKUP,
    "delivered": PackageStatus.DELIVERED,
    "undeliverable": PackageStatus.UNDELIVERABLE,
    "expired": PackageStatus.UNDELIVERABLE,
    "returning": PackageStatus.RETURNED,
    "returned": PackageStatus.RETURNED,
    "returnreceivedinfc": PackageStatus.RETURNED,
}


def order_status(word: str) -> OutboundStatus:
    """Return our word for Amazon's, of either version."""
    return _ORDER_WORDS.get(_plain(word), OutboundStatus.UNKNOWN)


def package_status(word: str) -> PackageStatus:
    """Return our word for Amazon's word on a package or, failing that, a shipment."""
    return _PACKAGE_WORDS.get(_plain(word), PackageStatus.UNKNOWN)


def total(amounts: Sequence[Money | None]) -> Money | None:
    """Return the sum; None when there is none, one is missing, or currencies differ."""
    known = [amount for amount in amounts if amount is not None]
    currencies = {amount.currency for amount in known}
    if len(known) != len(amounts) or len(currencies) != 1:
        return None
    amount = sum((one.amount for one in known), start=Decimal(0))
    return Money(amount, currencies.pop())


def covering_window(windows: Sequence[Window | None]) -> Window | None:
    """Return the span that holds all that are known, None without any."""
    known = [window for window in windows if window is not None]
    if not known:
        return None
    return Window(
        min(window.start for window in known), max(window.end for window in known)
    )


def address(destination: Destination) -> dict[str, str]:
    """Return the destination as both versions want it, without what is empty."""
    named = {
        "name": destination.name,
        "addressLine1": destination.line1,
        "addressLine2": destination.line2,
        "addressLine3": destination.line3,
        "city": destination.city,
        "districtOrCounty": destination.district,
        "stateOrRegion": destination.state,
        "postalCode": destination.postal_code,
        "countryCode": destination.country_code,
        "phone": destination.phone,
    }
    return {name: text.strip() for name, text in named.items() if text.strip()}


def _plain(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.lower())
