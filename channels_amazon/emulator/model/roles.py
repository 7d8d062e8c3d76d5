"""Which role opens which operation and which personal field; emulator.

After the role mappings of the SP-API documentation: any one role of a set is enough.
"""

from __future__ import annotations

from .buckets import MCF_OPERATIONS

AMAZON_FULFILLMENT = "Amazon Fulfillment"
BUYER_COMMUNICATION = "Buyer Communication"
BUYER_SOLICITATION = "Buyer Solicitation"
D2C_SHIPPING = "Direct-to-Consumer Shipping"
FINANCE = "Finance and Accounting"
INVENTORY = "Inventory and Order Tracking"
ACCOUNT_INFORMATION = "Account Information Service Provider"
PRICING = "Pricing"
PRODUCT_LISTING = "Product Listing"
PROFESSIONAL_SERVICES = "Professional Services"
INSIGHTS = "Selling Partner Insights"
TAX_INVOICING = "Tax Invoicing"
TAX_REMITTANCE = "Tax Remittance"

ALL_ROLES = (
    ACCOUNT_INFORMATION,
    AMAZON_FULFILLMENT,
    "Amazon Warehousing and Distribution",
    "Brand Analytics",
    BUYER_COMMUNICATION,
    BUYER_SOLICITATION,
    D2C_SHIPPING,
    FINANCE,
    INVENTORY,
    "Notifications in Seller Central",
    "Payment Initiation Service Provider",
    PRICING,
    PRODUCT_LISTING,
    PROFESSIONAL_SERVICES,
    INSIGHTS,
    TAX_INVOICING,
    TAX_REMITTANCE,
)
# Amazon grants these to a developer only after a review of how personal data is kept.
RESTRICTED_ROLES = frozenset(
    {D2C_SHIPPING, PROFESSIONAL_SERVICES, TAX_INVOICING, TAX_REMITTANCE}
)
# The roles that an app like Shoplink usually has.
DEFAULT_ROLES = frozenset(
    {AMAZON_FULFILLMENT, D2C_SHIPPING, FINANCE, INVENTORY, PRICING, PRODUCT_LISTING}
)

_ORDER_READERS = frozenset(
    {
        AMAZON_FULFILLMENT,
        BUYER_COMMUNICATION,
        BUYER_SOLICITATION,
        FINANCE,
        INVENTORY,
        PRICING,
        PRODUCT_LISTING,
        PROFESSIONAL_SERVICES,
        INSIGHTS,
        D2C_SHIPPING,
        TAX_INVOICING,
        TAX_REMITTANCE,
    }
)
_LISTINGS = frozenset({PRODUCT_LISTING, INVENTORY})
_MCF = frozenset({AMAZON_FULFILLMENT})
_PARTICIPATIONS = frozenset({PRODUCT_LISTING, INSIGHTS})
_PARTICIPATIONS_FE = _PARTICIPATIONS | {
    AMAZON_FULFILLMENT,
    BUYER_COMMUNICATION,
    FINANCE,
    INVENTORY,
    PRICING,
}
_ORDER_CHANGE = frozenset({AMAZON_FULFILLMENT, D2C_SHIPPING, INVENTORY})

_OPENED_BY: dict[str, frozenset[str]] = {
    "searchOrders": _ORDER_READERS,
    "getOrder": _ORDER_READERS,
    "confirmShipment": frozenset({INVENTORY, D2C_SHIPPING}),
    "getMarketplaceParticipations": _PARTICIPATIONS,
    "getAccount": frozenset({ACCOUNT_INFORMATION, FINANCE}),
    "getInventorySummaries": frozenset({AMAZON_FULFILLMENT, PRODUCT_LISTING}),
    "getListingsItem": _LISTINGS,
    "putListingsItem": _LISTINGS,
    "patchListingsItem": _LISTINGS,
    "deleteListingsItem": _LISTINGS,
    "searchListingsItems": _LISTINGS,
    "searchCatalogItems": frozenset({PRODUCT_LISTING}),
    **dict.fromkeys(MCF_OPERATIONS, _MCF),
    "getShipment": frozenset({D2C_SHIPPING}),
    "getEligibleShipmentServices": frozenset({D2C_SHIPPING}),
}
NOTIFICATION_ROLES: dict[str, frozenset[str]] = {
    "ORDER_CHANGE": _ORDER_CHANGE,
    "FBA_INVENTORY_AVAILABILITY_CHANGES": _MCF,
    "FULFILLMENT_ORDER_STATUS": _MCF,
    # Any role may subscribe: REPORT_ROLES decides which reports it may request, and
    # FEED_ROLES which feeds it may submit.
    "REPORT_PROCESSING_FINISHED": frozenset(ALL_ROLES),
    "FEED_PROCESSING_FINISHED": frozenset(ALL_ROLES),
}
_ORDER_REPORTS = frozenset({INVENTORY, AMAZON_FULFILLMENT, PRICING})
REPORT_ROLES: dict[str, frozenset[str]] = {
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": _ORDER_REPORTS,
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": _ORDER_REPORTS,
    "GET_MERCHANT_LISTINGS_ALL_DATA": frozenset({PRODUCT_LISTING, PRICING}),
}
# The listing feeds of old times can still be submitted, and end FATAL.
OLD_LISTING_FEEDS = (
    "POST_PRODUCT_DATA",
    "POST_INVENTORY_AVAILABILITY_DATA",
    "POST_PRODUCT_OVERRIDES_DATA",
    "POST_PRODUCT_PRICING_DATA",
    "POST_PRODUCT_IMAGE_DATA",
    "POST_PRODUCT_RELATIONSHIP_DATA",
    "POST_FLAT_FILE_INVLOADER_DATA",
    "POST_FLAT_FILE_LISTINGS_DATA",
    "POST_FLAT_FILE_PRICEANDQUANTITYONLY_UPDATE_DATA",
)
JSON_LISTINGS_FEED = "JSON_LISTINGS_FEED"
FEED_ROLES: dict[str, frozenset[str]] = dict.fromkeys(
    (JSON_LISTINGS_FEED, *OLD_LISTING_FEEDS), _LISTINGS
)


def may_call(operation: str, roles: set[str], region: str) -> bool:
    """Tell whether the roles open an operation in a region."""
    if operation == "getAccount" and region != "eu":
        return False
    if operation == "getMarketplaceParticipations" and region == "fe":
        return bool(roles & _PARTICIPATIONS_FE)
    opened_by = _OPENED_BY.get(operation)
    return opened_by is None or bool(roles & opened_by)
