"""Requests for multi-channel fulfilment, of both versions, with the status due."""

from __future__ import annotations

from tests.fidelity.judging import Case
from tests.fidelity.scene import DE, US

OLD = "/fba/outbound/2020-07-01/fulfillmentOrders"
TRACKING = "/fba/outbound/2020-07-01/tracking"
NEW = "/fulfillment/outbound/2026-07-04/orders"
PREVIEWS = "/fulfillment/outbound/2026-07-04/previews"
ADDRESS = {
    "name": "Testa Example",
    "addressLine1": "1 Example Street",
    "addressLine2": "Floor 2",
    "city": "Sampletown",
    "districtOrCounty": "None",
    "stateOrRegion": "WA",
    "postalCode": "98000",
    "countryCode": "US",
    "phone": "1",
}
OLD_MONEY = {"currencyCode": "USD", "value": "9.99"}
NEW_MONEY = {"currencyCode": "USD", "amount": "9.99"}
OLD_ITEM = {
    "sellerSku": "{fba_sku}",
    "sellerFulfillmentOrderItemId": "1",
    "quantity": 1,
    "perUnitDeclaredValue": OLD_MONEY,
}
OLD_PREVIEW = {
    "marketplaceId": US,
    "address": ADDRESS,
    "items": [OLD_ITEM],
    "shippingSpeedCategories": ["Standard", "Expedited"],
}
OLD_ORDER = {
    "marketplaceId": US,
    "sellerFulfillmentOrderId": "{order_id}",
    "displayableOrderId": "WEB 1",
    "displayableOrderDate": "{now}",
    "displayableOrderComment": "Thank you.",
    "shippingSpeedCategory": "Standard",
    "destinationAddress": ADDRESS,
    "fulfillmentAction": "Ship",
    "fulfillmentPolicy": "FillOrKill",
    "notificationEmails": ["test@shop.example"],
    "featureConstraints": [
        {"featureName": "BLANK_BOX", "featureFulfillmentPolicy": "Required"}
    ],
    "items": [
        OLD_ITEM
        | {
            "giftMessage": "For you",
            "displayableComment": "One of one",
            "perUnitPrice": OLD_MONEY,
            "perUnitTax": OLD_MONEY,
        }
    ],
}
NEW_LINE = {
    "product": {
        "productIdentifier": {"amazonSku": "{fba_sku}"},
        "perUnitDeclaredValue": NEW_MONEY,
    },
    "amount": {"unit": "EACHES", "value": "1.0"},
}
DELIVERY = {"deliveryAddress": ADDRESS | {"email": "test@shop.example"}}
LEVEL = {"serviceLevel": {"serviceTiers": ["STANDARD"]}}
NEW_PREVIEW = {
    "channel": "SHOP",
    "origin": {"countryCode": "US"},
    "destination": DELIVERY,
    "lineItems": [NEW_LINE],
    "fulfillmentConfiguration": LEVEL,
}
NEW_ORDER = {
    "orderId": "{order_id}",
    "channel": "SHOP",
    "origin": {"countryCode": "US"},
    "destination": DELIVERY | {"deliveryNotes": "Beware of the dog."},
    "lineItems": [NEW_LINE | {"lineItemId": "1"}],
    "fulfillmentConfiguration": LEVEL | {"action": "SHIP", "policy": "FILL_OR_KILL"},
}
TOO_MANY = {"unit": "EACHES", "value": "250"}
PREVIEW = f"{OLD}/preview"
HOLD = {"fulfillmentConfiguration": {"action": "HOLD"}}
CASES = {
    "preview": Case(200, "POST", PREVIEW, body=OLD_PREVIEW),
    "preview of too many": Case(
        200,
        "POST",
        PREVIEW,
        body=OLD_PREVIEW | {"items": [OLD_ITEM | {"quantity": 250}]},
    ),
    "preview to another country": Case(
        200,
        "POST",
        PREVIEW,
        body=OLD_PREVIEW | {"address": ADDRESS | {"countryCode": "DE"}},
    ),
    "preview of nothing": Case(400, "POST", PREVIEW, body={}),
    "create, id taken": Case(
        400, "POST", OLD, body=OLD_ORDER | {"sellerFulfillmentOrderId": "{shipped}"}
    ),
    "create, wrong site": Case(
        400, "POST", OLD, body=OLD_ORDER | {"marketplaceId": DE}
    ),
    "create, broken token": Case(403, "POST", OLD, body=OLD_ORDER, caller="broken"),
    "shipped order": Case(200, "GET", f"{OLD}/{{shipped}}"),
    "delivered order": Case(200, "GET", f"{OLD}/{{delivered}}"),
    "cancelled order": Case(200, "GET", f"{OLD}/{{cancelled}}"),
    "partial order": Case(200, "GET", f"{OLD}/{{partial}}"),
    "unknown order": Case(404, "GET", f"{OLD}/none"),
    "orders": Case(200, "GET", OLD),
    "orders since": Case(200, "GET", OLD, {"queryStartDate": "{now}"}),
    "orders since nonsense": Case(400, "GET", OLD, {"queryStartDate": "now"}),
    "update": Case(
        200,
        "PUT",
        f"{OLD}/{{held}}",
        body={
            "displayableOrderComment": "Changed.",
            "destinationAddress": ADDRESS,
            "items": [{"sellerFulfillmentOrderItemId": "1", "quantity": 1}],
        },
    ),
    "update too late": Case(400, "PUT", f"{OLD}/{{shipped}}", body={}),
    "cancel too late": Case(400, "PUT", f"{OLD}/{{shipped}}/cancel"),
    "cancel nobody's": Case(404, "PUT", f"{OLD}/none/cancel"),
    "tracking": Case(200, "GET", TRACKING, {"packageNumber": "{package}"}),
    "tracking of nothing": Case(404, "GET", TRACKING, {"packageNumber": "1"}),
    "tracking of a word": Case(400, "GET", TRACKING, {"packageNumber": "one"}),
    "newer preview": Case(200, "POST", PREVIEWS, body=NEW_PREVIEW),
    "newer preview, no fees": Case(
        200, "POST", PREVIEWS, body=NEW_PREVIEW | {"excludeEstimatedFees": True}
    ),
    "newer preview of too many": Case(
        200,
        "POST",
        PREVIEWS,
        body=NEW_PREVIEW | {"lineItems": [NEW_LINE | {"amount": TOO_MANY}]},
    ),
    "newer preview of nothing": Case(400, "POST", PREVIEWS, body={}),
    "newer create, id taken": Case(
        400, "POST", NEW, body=NEW_ORDER | {"orderId": "{shipped}"}
    ),
    "newer create, nothing": Case(400, "POST", NEW, body={}),
    "newer shipped order": Case(200, "GET", f"{NEW}/{{shipped}}"),
    "newer delivered order": Case(200, "GET", f"{NEW}/{{delivered}}"),
    "newer cancelled order": Case(200, "GET", f"{NEW}/{{cancelled}}"),
    "newer partial order": Case(200, "GET", f"{NEW}/{{partial}}"),
    "newer order, lean": Case(
        200, "GET", f"{NEW}/{{shipped}}", {"shipments": "EXCLUDE"}
    ),
    "newer unknown order": Case(404, "GET", f"{NEW}/none"),
    "newer orders": Case(200, "GET", NEW),
    "newer orders since": Case(200, "GET", NEW, {"updatedAfter": "{now}"}),
    "newer orders, broken token": Case(403, "GET", NEW, caller="broken"),
    "newer update": Case(202, "PUT", f"{NEW}/{{held}}", body=HOLD),
    "newer update too late": Case(400, "PUT", f"{NEW}/{{shipped}}", body=HOLD),
    "newer cancel too late": Case(400, "PUT", f"{NEW}/{{shipped}}/cancel"),
    "newer cancel, nobody's": Case(404, "PUT", f"{NEW}/none/cancel"),
}
