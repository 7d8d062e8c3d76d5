"""MCF orders that Amazon fulfils: what is known of one; emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]

NEW, RECEIVED, PLANNING, PROCESSING = "New", "Received", "Planning", "Processing"
COMPLETE, PARTIAL = "Complete", "CompletePartialled"
CANCELLED, UNFULFILLABLE, INVALID = "Cancelled", "Unfulfillable", "Invalid"
MCF_STATUSES = (
    NEW,
    RECEIVED,
    PLANNING,
    PROCESSING,
    CANCELLED,
    COMPLETE,
    PARTIAL,
    UNFULFILLABLE,
    INVALID,
)
# Nothing is picked yet: the seller may still change or cancel it.
CANCELLABLE = (NEW, RECEIVED, PLANNING)
SHIP, HOLD = "Ship", "Hold"
FILL_OR_KILL, FILL_ALL, FILL_ALL_AVAILABLE = (
    "FillOrKill",
    "FillAll",
    "FillAllAvailable",
)
POLICIES = (FILL_OR_KILL, FILL_ALL, FILL_ALL_AVAILABLE)


@dataclass(frozen=True)
class Price:
    """Money as it was sent, in whichever version's words."""

    currency: str
    amount: str


@dataclass
class McfItem:
    """One line of an MCF order, in units."""

    item_id: str
    sku: str
    quantity: int
    # taken out of the pool and not yet shipped
    reserved: int = 0
    shipped: int = 0
    cancelled: int = 0
    unfulfillable: int = 0
    declared: Price | None = None
    price: Price | None = None
    tax: Price | None = None
    gift_message: str = ""
    comment: str = ""

    @property
    def left(self) -> int:
        """Return the units of which nothing is decided yet."""
        return self.quantity - self.shipped - self.cancelled - self.unfulfillable


@dataclass
class McfPackage:
    """A parcel on its way to the store's customer."""

    number: int
    carrier: str
    tracking_number: str
    shipped_at: datetime
    arrives_at: datetime
    delivered_at: datetime | None = None


@dataclass
class McfShipment:
    """What one fulfilment centre sends; units by item id."""

    shipment_id: str
    facility: str
    items: dict[str, int]
    arrives_at: datetime
    # PENDING, SHIPPED, CANCELLED_BY_FULFILLER or CANCELLED_BY_SELLER
    status: str = "PENDING"
    shipped_at: datetime | None = None
    packages: list[McfPackage] = field(default_factory=list)


@dataclass
class McfOrder:
    """A MCF order under the seller's own id; statuses in the words of 2020."""

    order_id: str
    seller_id: str
    marketplace_id: str
    created_at: datetime
    updated_at: datetime
    # the address as it was sent, under the keys both versions share
    destination: Json
    items: list[McfItem]
    # the id under which Amazon lists it among the orders
    amazon_order_id: str
    displayable_id: str
    displayable_at: datetime
    comment: str = ""
    speed: str = "Standard"
    action: str = SHIP
    policy: str = FILL_OR_KILL
    status: str = NEW
    channel: str = ""
    emails: list[str] = field(default_factory=list)
    features: list[Json] = field(default_factory=list)
    delivery_notes: str = ""
    # an address Amazon finds to be wrong only when it validates the order
    is_deliverable: bool = True
    shipments: list[McfShipment] = field(default_factory=list)
