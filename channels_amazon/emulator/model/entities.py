"""What exists in the emulated Amazon: sellers, listings, stock, orders; emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from .statuses import OfferStatus, ReportStatus, SalesChannel

Json = dict[str, Any]


@dataclass
class Seller:
    """One selling partner account in one region."""

    seller_id: str
    region: str
    store_name: str
    # marketplace ids the seller trades in, a subset of `places_of(region)`
    marketplace_ids: list[str]
    suspended: set[str] = field(default_factory=set)
    # listed by the Sellers API with isParticipating false
    not_participating: set[str] = field(default_factory=set)
    selling_plan: str = "PROFESSIONAL"
    business_type: str = "PRIVATE_LIMITED"


@dataclass
class EmulatedOffer:
    """A listing in one marketplace."""

    marketplace_id: str
    # what shoppers pay, audience ALL
    price: Decimal | None
    currency: str
    title: str
    status: list[str] = field(default_factory=lambda: list(OfferStatus))
    issues: list[Json] = field(default_factory=list)
    # the elements of purchasable_offer that the seller sent, by audience
    terms: dict[str, Json] = field(default_factory=dict)
    # Amazon takes the offer down at a price outside these
    lowest_price: Decimal | None = None
    highest_price: Decimal | None = None

    @property
    def is_blocked(self) -> bool:
        """Tell whether nobody can buy it, however many units there are."""
        actions = [
            action["action"]
            for issue in self.issues
            for action in issue.get("enforcements", {}).get("actions", [])
        ]
        return self.price is None or "LISTING_SUPPRESSED" in actions


@dataclass
class Drift:
    """What Amazon shows of a change in place of the number that it accepted."""

    quantity: int | None = None
    # of audience ALL in every marketplace that the change names
    price: Decimal | None = None
    # how many changes it still hits; None: each one
    left: int | None = 1


@dataclass
class EmulatedListing:
    """A seller SKU; its merchant quantity counts for all marketplaces."""

    seller_id: str
    sku: str
    asin: str
    product_type: str
    created_at: datetime
    updated_at: datetime
    offers: dict[str, EmulatedOffer] = field(default_factory=dict)
    # None: not offered as merchant-fulfilled (FBA only)
    quantity: int | None = None
    # None: Amazon's default handling time
    handling_days: int | None = None
    restock_date: str | None = None
    is_fba: bool = False
    fnsku: str | None = None
    barcode: str | None = None
    brand: str = ""
    condition: str = "new_new"
    # attributes patched by the seller, as sent; quantity and price have fields above
    attributes: Json = field(default_factory=dict)
    drift: Drift | None = None


@dataclass
class EmulatedFbaStock:
    """Units of one SKU in one FBA pool, by state."""

    seller_id: str
    sku: str
    pool: str
    updated_at: datetime
    fulfillable: int = 0
    inbound_working: int = 0
    inbound_shipped: int = 0
    inbound_receiving: int = 0
    pending_customer_orders: int = 0
    pending_transshipment: int = 0
    fc_processing: int = 0
    researching: int = 0
    customer_damaged: int = 0
    warehouse_damaged: int = 0
    defective: int = 0

    @property
    def reserved(self) -> int:
        """Return the units promised or moving."""
        return (
            self.pending_customer_orders
            + self.pending_transshipment
            + self.fc_processing
        )

    @property
    def unfulfillable(self) -> int:
        """Return the units that cannot be sold."""
        return self.customer_damaged + self.warehouse_damaged + self.defective

    @property
    def inbound(self) -> int:
        """Return the units on their way into the fulfilment centres."""
        return self.inbound_working + self.inbound_shipped + self.inbound_receiving

    @property
    def total(self) -> int:
        """Return every unit, whatever its state, as totalQuantity does."""
        return (
            self.fulfillable
            + self.inbound
            + self.reserved
            + self.researching
            + self.unfulfillable
        )


@dataclass
class Address:
    """Where a parcel goes."""

    name: str
    line1: str
    city: str
    state: str
    postal_code: str
    country_code: str
    phone: str
    line2: str = ""


@dataclass
class EmulatedOrderItem:
    """One line of an order."""

    order_item_id: str
    sku: str
    asin: str
    title: str
    quantity: int
    unit_price: Decimal
    shipped: int = 0
    # units cancelled; the order may go on with the others
    cancelled: int = 0
    cancel_requested: bool = False
    cancel_reason: str | None = None
    cancelled_by: str | None = None
    # FBA units reserved for this line: fewer than ordered where the pool ran out
    reserved: int = 0

    @property
    def left(self) -> int:
        """Return the units that are neither shipped nor cancelled."""
        return max(0, self.quantity - self.shipped - self.cancelled)


@dataclass
class EmulatedPackage:
    """A parcel the merchant confirmed, under the merchant's own reference."""

    reference_id: str
    created_at: datetime
    # the data set PACKAGES shows it from this moment on, as Amazon takes time
    visible_at: datetime
    carrier: str
    shipping_service: str
    tracking_number: str
    ship_time: datetime
    items: dict[str, int]
    status: str = "SHIPPED"
    # the version before an edit, shown until the edit becomes visible
    replaces: EmulatedPackage | None = None

    def shown_at(self, now: datetime) -> EmulatedPackage | None:
        """Return the parcel as PACKAGES shows it at a time, or None."""
        return self if self.visible_at <= now else self.replaces


@dataclass
class EmulatedOrder:
    """An order with its lines, parcels and buyer."""

    order_id: str
    seller_id: str
    marketplace_id: str
    created_at: datetime
    updated_at: datetime
    # an EmulatedOrderStatus, or any other word that a test asked for
    status: str
    fulfilled_by: str
    currency: str
    items: list[EmulatedOrderItem]
    buyer_name: str
    buyer_email: str
    address: Address
    earliest_ship: datetime
    latest_ship: datetime
    earliest_delivery: datetime
    latest_delivery: datetime
    service_level: str = "STANDARD"
    programs: list[str] = field(default_factory=list)
    channel_name: str = SalesChannel.AMAZON
    # the seller's own order id, for an order placed in another shop (MCF)
    seller_order_id: str = ""
    replacement_of: str | None = None
    shipping_price: Decimal = Decimal(0)
    # until when the seller should answer the buyer's cancellation request
    cancel_notify_at: datetime | None = None
    packages: list[EmulatedPackage] = field(default_factory=list)


@dataclass
class EmulatedReport:
    """A report the seller requested, from the queue to its document."""

    report_id: str
    seller_id: str
    report_type: str
    marketplace_ids: list[str]
    created_at: datetime
    data_start: datetime
    data_end: datetime
    status: ReportStatus = ReportStatus.IN_QUEUE
    started_at: datetime | None = None
    ended_at: datetime | None = None
    document_id: str | None = None


@dataclass(frozen=True)
class EmulatedReportDocument:
    """The content of a report, as the object store serves it."""

    document_id: str
    seller_id: str
    report_type: str
    content: bytes
    content_type: str
    is_gzip: bool


@dataclass(frozen=True)
class SignedUrl:
    """A pre-signed URL of a document: valid for anybody until it expires."""

    signature: str
    document_id: str
    expires_at: datetime
    # of the answer to a GET
    content_encoding: str = "identity"
    method: str = "GET"
    # what the header of a PUT must say
    content_type: str = ""


@dataclass
class EmulatedClientSecret:
    """A secret of the application; a rotated one stays valid for seven days."""

    value: str
    expires_at: datetime | None = None


@dataclass
class Application:
    """The developer's application as registered with Amazon."""

    application_id: str
    client_id: str
    name: str
    secrets: list[EmulatedClientSecret]
    roles: set[str]
    redirect_uris: list[str]
    login_uri: str = ""
    is_draft: bool = True
    is_listed: bool = False


@dataclass
class Authorization:
    """A seller's grant to the application; its roles are those at consent."""

    refresh_token: str
    application_id: str
    seller_id: str
    roles: set[str]
    granted_at: datetime
    expires_at: datetime
    revoked: bool = False


@dataclass
class EmulatedAccessToken:
    """A bearer token: of a seller, of a grantless scope, or a restricted one."""

    token: str
    application_id: str
    expires_at: datetime
    seller_id: str | None = None
    scope: str | None = None
    refresh_token: str | None = None
    # "METHOD path" of a restricted data token
    restricted_to: frozenset[str] = frozenset()


@dataclass
class AuthorizationCode:
    """An OAuth code: five minutes, single use, bound to its redirect URI."""

    code: str
    application_id: str
    seller_id: str
    redirect_uri: str
    expires_at: datetime
    used: bool = False


@dataclass
class EmulatedDestination:
    """A queue the application registered for notifications, in one region."""

    destination_id: str
    region: str
    name: str
    arn: str


@dataclass
class EmulatedSubscription:
    """A seller's subscription to one notification type."""

    subscription_id: str
    seller_id: str
    notification_type: str
    payload_version: str
    destination_id: str
    processing_directive: Json | None = None
