"""Every operation the client knows, with its usage plan; client layer.

Rates (requests a second) and bursts are the defaults of Amazon's models; the bucket
store learns the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass

NOTIFICATIONS_SCOPE = "sellingpartnerapi::notifications"
# What probes of a permission ask for: well formed, and nobody's. Amazon's own order ids
# never begin so. That it knows no such thing, or refuses it, is the answer wanted.
UNKNOWN_ORDER = "000-0000000-0000000"
UNKNOWN_SKU = "shoplink-probe"
WANTED_OF_PROBES = (400, 404)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of Amazon: how it is called, how often, and how safely.

    A `write` changes something at Amazon; an `idempotent` write may be sent twice
    without harm. With a `scope` the call is grantless: it needs the application's own
    token instead of a seller's.
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    write: bool = False
    idempotent: bool = False
    scope: str | None = None

    @property
    def is_repeatable(self) -> bool:
        """Tell whether a call that may have arrived can be sent again."""
        return self.idempotent or not self.write


# Login with Amazon publishes no usage plan, so rate and burst are placeholders here. A
# code works once, so LWA_CODE is a write that is not idempotent: an exchange that may
# have arrived is not repeated.
LWA_TOKEN = Operation("lwa.token", "POST", "", 1.0, 10)
LWA_CODE = Operation("lwa.token", "POST", "", 1.0, 10, write=True)

_ORDERS = "/orders/2026-01-01/orders"
SEARCH_ORDERS = Operation("searchOrders", "GET", _ORDERS, 0.0056, 20)
GET_ORDER = Operation("getOrder", "GET", _ORDERS + "/{orderId}", 0.5, 30)
# Not idempotent: the same package number again edits the package, and an order that is
# shipped whole refuses it. So look with getOrder (PACKAGES) before repeating.
CONFIRM_SHIPMENT = Operation(
    "confirmShipment",
    "POST",
    "/orders/v0/orders/{orderId}/shipmentConfirmation",
    2.0,
    10,
    write=True,
)

GET_MARKETPLACE_PARTICIPATIONS = Operation(
    "getMarketplaceParticipations",
    "GET",
    "/sellers/v1/marketplaceParticipations",
    0.016,
    15,
)
GET_ACCOUNT = Operation("getAccount", "GET", "/sellers/v1/account", 0.016, 15)

_LISTINGS = "/listings/2021-08-01/items/{sellerId}"
SEARCH_LISTINGS_ITEMS = Operation("searchListingsItems", "GET", _LISTINGS, 5.0, 5)
GET_LISTINGS_ITEM = Operation("getListingsItem", "GET", _LISTINGS + "/{sku}", 5.0, 10)
# Idempotent: we send absolute values only (op replace or merge).
PATCH_LISTINGS_ITEM = Operation(
    "patchListingsItem",
    "PATCH",
    _LISTINGS + "/{sku}",
    5.0,
    5,
    write=True,
    idempotent=True,
)

GET_INVENTORY_SUMMARIES = Operation(
    "getInventorySummaries", "GET", "/fba/inventory/v1/summaries", 2.0, 2
)

SEARCH_CATALOG_ITEMS = Operation(
    "searchCatalogItems", "GET", "/catalog/2022-04-01/items", 2.0, 2
)

# A POST, but no write: it issues a token and changes nothing.
CREATE_RESTRICTED_DATA_TOKEN = Operation(
    "createRestrictedDataToken",
    "POST",
    "/tokens/2021-03-01/restrictedDataToken",
    1.0,
    10,
)

_REPORTS = "/reports/2021-06-30/reports"
# Not idempotent: a second call makes a second report, so look with getReports before
# repeating it.
CREATE_REPORT = Operation("createReport", "POST", _REPORTS, 0.0167, 15, write=True)
GET_REPORT = Operation("getReport", "GET", _REPORTS + "/{reportId}", 2.0, 15)
GET_REPORTS = Operation("getReports", "GET", _REPORTS, 0.0222, 10)
GET_REPORT_DOCUMENT = Operation(
    "getReportDocument",
    "GET",
    "/reports/2021-06-30/documents/{reportDocumentId}",
    0.0167,
    15,
)
# A document is downloaded from Amazon's object store, which has no usage plan.
REPORT_DOCUMENT = Operation("report.document", "GET", "", 1.0, 10)

_FEEDS = "/feeds/2021-06-30/feeds"
_FEED_DOCUMENTS = "/feeds/2021-06-30/documents"
# Idempotent: a document that is in no feed harms nobody, and Amazon drops it.
CREATE_FEED_DOCUMENT = Operation(
    "createFeedDocument",
    "POST",
    _FEED_DOCUMENTS,
    0.5,
    15,
    write=True,
    idempotent=True,
)
# Not idempotent: a second call makes a second feed, so look with getFeeds before
# repeating it. Of the type JSON_LISTINGS_FEED Amazon takes five in five minutes.
CREATE_FEED = Operation("createFeed", "POST", _FEEDS, 0.0083, 15, write=True)
GET_FEED = Operation("getFeed", "GET", _FEEDS + "/{feedId}", 2.0, 15)
GET_FEEDS = Operation("getFeeds", "GET", _FEEDS, 0.0222, 10)
CANCEL_FEED = Operation(
    "cancelFeed",
    "DELETE",
    _FEEDS + "/{feedId}",
    2.0,
    15,
    write=True,
    idempotent=True,
)
GET_FEED_DOCUMENT = Operation(
    "getFeedDocument", "GET", _FEED_DOCUMENTS + "/{feedDocumentId}", 0.0222, 10
)
# As of a report, from and to Amazon's object store; put twice it is the same document.
FEED_DOCUMENT = Operation("feed.document", "GET", "", 1.0, 10)
FEED_UPLOAD = Operation("feed.upload", "PUT", "", 1.0, 10, write=True, idempotent=True)

_OUTBOUND_2020 = "/fba/outbound/2020-07-01"
_FULFILLMENT_ORDER = _OUTBOUND_2020 + "/fulfillmentOrders/{sellerFulfillmentOrderId}"
GET_FULFILLMENT_PREVIEW = Operation(
    "getFulfillmentPreview",
    "POST",
    _OUTBOUND_2020 + "/fulfillmentOrders/preview",
    2.0,
    30,
)
# Not idempotent: Amazon refuses an order id it already knows, so look before repeating.
CREATE_FULFILLMENT_ORDER = Operation(
    "createFulfillmentOrder",
    "POST",
    _OUTBOUND_2020 + "/fulfillmentOrders",
    2.0,
    30,
    write=True,
)
GET_FULFILLMENT_ORDER = Operation(
    "getFulfillmentOrder", "GET", _FULFILLMENT_ORDER, 2.0, 30
)
CANCEL_FULFILLMENT_ORDER = Operation(
    "cancelFulfillmentOrder",
    "PUT",
    _FULFILLMENT_ORDER + "/cancel",
    2.0,
    30,
    write=True,
    idempotent=True,
)
GET_PACKAGE_TRACKING_DETAILS = Operation(
    "getPackageTrackingDetails", "GET", _OUTBOUND_2020 + "/tracking", 2.0, 30
)

# Amazon calls one of these getOrder, as in the Orders API, and each has a bucket of its
# own: the prefix `outbound.` keeps our names apart.
_OUTBOUND_2026 = "/fulfillment/outbound/2026-07-04"
OUTBOUND_GET_ORDER_PREVIEW = Operation(
    "outbound.getOrderPreview", "POST", _OUTBOUND_2026 + "/previews", 2.0, 30
)
OUTBOUND_CREATE_ORDER = Operation(
    "outbound.createOrder", "POST", _OUTBOUND_2026 + "/orders", 2.0, 30, write=True
)
OUTBOUND_GET_ORDER = Operation(
    "outbound.getOrder", "GET", _OUTBOUND_2026 + "/orders/{orderId}", 2.0, 30
)
OUTBOUND_CANCEL_ORDER = Operation(
    "outbound.cancelOrder",
    "PUT",
    _OUTBOUND_2026 + "/orders/{orderId}/cancel",
    2.0,
    30,
    write=True,
    idempotent=True,
)

_DESTINATIONS = "/notifications/v1/destinations"
_SUBSCRIPTIONS = "/notifications/v1/subscriptions/{notificationType}"
CREATE_DESTINATION = Operation(
    "createDestination",
    "POST",
    _DESTINATIONS,
    1.0,
    5,
    write=True,
    scope=NOTIFICATIONS_SCOPE,
)
GET_DESTINATIONS = Operation(
    "getDestinations", "GET", _DESTINATIONS, 1.0, 5, scope=NOTIFICATIONS_SCOPE
)
DELETE_DESTINATION = Operation(
    "deleteDestination",
    "DELETE",
    _DESTINATIONS + "/{destinationId}",
    1.0,
    5,
    write=True,
    idempotent=True,
    scope=NOTIFICATIONS_SCOPE,
)
CREATE_SUBSCRIPTION = Operation(
    "createSubscription", "POST", _SUBSCRIPTIONS, 1.0, 5, write=True
)
GET_SUBSCRIPTION = Operation("getSubscription", "GET", _SUBSCRIPTIONS, 1.0, 5)
DELETE_SUBSCRIPTION_BY_ID = Operation(
    "deleteSubscriptionById",
    "DELETE",
    _SUBSCRIPTIONS + "/{subscriptionId}",
    1.0,
    5,
    write=True,
    idempotent=True,
    scope=NOTIFICATIONS_SCOPE,
)

# What each of these is asked for in order to learn, by status (HTTP): that there is no
# such subscription, destination, MCF order or tracking (yet, or any more), or that
# another request of ours has made it already. Whoever asks goes on with that answer.
EXPECTED_REFUSALS: dict[int, tuple[Operation, ...]] = {
    400: (GET_PACKAGE_TRACKING_DETAILS,),
    404: (
        GET_SUBSCRIPTION,
        DELETE_SUBSCRIPTION_BY_ID,
        DELETE_DESTINATION,
        GET_FULFILLMENT_ORDER,
        OUTBOUND_GET_ORDER,
        GET_PACKAGE_TRACKING_DETAILS,
    ),
    409: (CREATE_SUBSCRIPTION, CREATE_DESTINATION),
}

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        SEARCH_ORDERS,
        GET_ORDER,
        CONFIRM_SHIPMENT,
        GET_MARKETPLACE_PARTICIPATIONS,
        GET_ACCOUNT,
        SEARCH_LISTINGS_ITEMS,
        GET_LISTINGS_ITEM,
        PATCH_LISTINGS_ITEM,
        GET_INVENTORY_SUMMARIES,
        SEARCH_CATALOG_ITEMS,
        CREATE_RESTRICTED_DATA_TOKEN,
        CREATE_REPORT,
        GET_REPORT,
        GET_REPORTS,
        GET_REPORT_DOCUMENT,
        CREATE_FEED_DOCUMENT,
        CREATE_FEED,
        GET_FEED,
        GET_FEEDS,
        CANCEL_FEED,
        GET_FEED_DOCUMENT,
        GET_FULFILLMENT_PREVIEW,
        CREATE_FULFILLMENT_ORDER,
        GET_FULFILLMENT_ORDER,
        CANCEL_FULFILLMENT_ORDER,
        GET_PACKAGE_TRACKING_DETAILS,
        OUTBOUND_GET_ORDER_PREVIEW,
        OUTBOUND_CREATE_ORDER,
        OUTBOUND_GET_ORDER,
        OUTBOUND_CANCEL_ORDER,
        CREATE_DESTINATION,
        GET_DESTINATIONS,
        DELETE_DESTINATION,
        CREATE_SUBSCRIPTION,
        GET_SUBSCRIPTION,
        DELETE_SUBSCRIPTION_BY_ID,
    )
}
