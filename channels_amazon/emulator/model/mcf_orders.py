"""MCF orders with their items, shipments and packages; emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class McfStatus(StrEnum):
    """How far an MCF order is, in the words of Fulfillment Outbound 2020-07-01."""

    NEW = "New"
    RECEIVED = "Received"
    PLANNING = "Planning"
    PROCESSING = "Processing"
    CANCELLED = "Cancelled"
    COMPLETE = "Complete"
    COMPLETE_PARTIALLED = "CompletePartialled"
    UNFULFILLABLE = "Unfulfillable"
    INVALID = "Invalid"


# Picking has not begun yet: the seller may still change or cancel the order.
CANCELLABLE = (McfStatus.NEW, McfStatus.RECEIVED, McfStatus.PLANNING)


class McfShipmentStatus(StrEnum):
    """How far a shipment is (fulfillmentShipmentStatus)."""

    PENDING = "PENDING"
    SHIPPED = "SHIPPED"
    CANCELLED_BY_FULFILLER = "CANCELLED_BY_FULFILLER"


class McfAction(StrEnum):
    """Whether Amazon ships an order at once or holds it (fulfillmentAction)."""

    SHIP = "Ship"
    HOLD = "Hold"


class McfPolicy(StrEnum):
    """What Amazon does where units lack (fulfillmentPolicy).

    FILL_OR_KILL and FILL_ALL take nothing then; FILL_ALL_AVAILABLE ships the rest.
    """

    FILL_OR_KILL = "FillOrKill"
    FILL_ALL = "FillAll"
    FILL_ALL_AVAILABLE = "FillAllAvailable"


class McfSpeed(StrEnum):
    """The shipping speeds (shippingSpeedCategory)."""

    STANDARD = "Standard"
    EXPEDITED = "Expedited"
    PRIORITY = "Priority"
    SCHEDULED_DELIVERY = "ScheduledDelivery"


@dataclass(frozen=True)
class Price:
    """Money as it was sent, by either version of the API."""

    currency: str
    amount: str


@dataclass
class McfItem:
    """One line of an MCF order, in units."""

    item_id: str
    sku: str
    quantity: int
    # units taken out of the pool and not shipped yet
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
        """Return the units that are neither shipped, cancelled nor unfulfillable."""
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
    status: McfShipmentStatus = McfShipmentStatus.PENDING
    shipped_at: datetime | None = None
    packages: list[McfPackage] = field(default_factory=list)


@dataclass
class McfOrder:
    """An MCF order under the seller's own id, in the words of version 2020-07-01."""

    order_id: str
    seller_id: str
    marketplace_id: str
    created_at: datetime
    updated_at: datetime
    # the address as it was sent; both API versions use the same keys
    destination: Json
    items: list[McfItem]
    # the order id under which the Orders API lists it (NON_AMAZON)
    amazon_order_id: str
    displayable_id: str
    displayable_at: datetime
    comment: str = ""
    speed: McfSpeed = McfSpeed.STANDARD
    action: McfAction = McfAction.SHIP
    policy: McfPolicy = McfPolicy.FILL_OR_KILL
    status: McfStatus = McfStatus.NEW
    channel: str = ""
    emails: list[str] = field(default_factory=list)
    features: list[Json] = field(default_factory=list)
    delivery_notes: str = ""
    # false: Amazon finds the address wrong only when it validates the order, so the
    # order is accepted first and becomes INVALID later
    is_deliverable: bool = True
    shipments: list[McfShipment] = field(default_factory=list)
