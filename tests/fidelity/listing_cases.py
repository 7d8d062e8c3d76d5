"""Requests about listings, with the status due."""

from __future__ import annotations

from tests.fidelity.judging import Case
from tests.fidelity.scene import US

ITEM = "/listings/2021-08-01/items/{seller}/{sku}"
EVERY_LISTING_DATA = (
    "summaries,attributes,issues,offers,fulfillmentAvailability,"
    "procurement,relationships,productTypes"
)
SITES = {"marketplaceIds": US}
QUANTITY = {
    "op": "replace",
    "path": "/attributes/fulfillment_availability",
    "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
}
PRICE = {
    "marketplace_id": US,
    "currency": "USD",
    "our_price": [{"schedule": [{"value_with_tax": 9.5}]}],
}
NEW = {
    "productType": "PRODUCT",
    "requirements": "LISTING_OFFER_ONLY",
    "attributes": {
        "merchant_suggested_asin": [{"value": "{asin}", "marketplace_id": US}],
        "purchasable_offer": [PRICE, PRICE | {"audience": "B2B"}],
        "fulfillment_availability": QUANTITY["value"],
        "child_parent_sku_relationship": [{"parent_sku": "{sku}"}],
    },
}
NEW_ITEM = "/listings/2021-08-01/items/{seller}/NEW"
PREVIEW = SITES | {"mode": "VALIDATION_PREVIEW", "includedData": "identifiers,issues"}
# In this order: the last ones are about the SKU that the first of them makes.
CASES = {
    "listing": Case(200, "GET", ITEM, SITES | {"includedData": EVERY_LISTING_DATA}),
    "unknown listing": Case(
        404, "GET", "/listings/2021-08-01/items/{seller}/NO%2FSUCH", SITES
    ),
    "listing, no site": Case(400, "GET", ITEM),
    "listings": Case(
        200,
        "GET",
        "/listings/2021-08-01/items/{seller}",
        SITES | {"pageSize": "3", "includedData": EVERY_LISTING_DATA},
    ),
    "listings, bad page size": Case(
        400, "GET", "/listings/2021-08-01/items/{seller}", SITES | {"pageSize": "21"}
    ),
    "patch": Case(
        200, "PATCH", ITEM, SITES, {"productType": "PRODUCT", "patches": [QUANTITY]}
    ),
    "patch previewed": Case(
        200,
        "PATCH",
        ITEM,
        SITES | {"mode": "VALIDATION_PREVIEW", "includedData": "identifiers,issues"},
        {"productType": "PRODUCT", "patches": [QUANTITY]},
    ),
    "patch of an unknown listing": Case(
        200,
        "PATCH",
        "/listings/2021-08-01/items/{seller}/NO-SUCH",
        SITES,
        {"productType": "PRODUCT", "patches": [QUANTITY]},
    ),
    "patch without patches": Case(400, "PATCH", ITEM, SITES, {"productType": "P"}),
    "put": Case(
        200,
        "PUT",
        ITEM,
        SITES,
        {
            "productType": "PRODUCT",
            "attributes": {"fulfillment_availability": QUANTITY["value"]},
        },
    ),
    "put previewed": Case(200, "PUT", NEW_ITEM, PREVIEW, NEW),
    "put of nothing": Case(
        400, "PUT", ITEM, SITES, {"productType": "PRODUCT", "attributes": {}}
    ),
    "put with other requirements": Case(
        400, "PUT", ITEM, SITES, NEW | {"requirements": "NONSENSE"}
    ),
    "put with identifiers": Case(
        400, "PUT", ITEM, SITES | {"includedData": "identifiers"}, NEW
    ),
    "put of too little": Case(
        200,
        "PUT",
        "/listings/2021-08-01/items/{seller}/LITTLE",
        SITES,
        NEW | {"attributes": {"purchasable_offer": [PRICE]}},
    ),
    "put of a bad price": Case(
        200,
        "PUT",
        ITEM,
        SITES,
        NEW | {"attributes": {"purchasable_offer": [PRICE | {"our_price": []}]}},
    ),
    "put, broken token": Case(403, "PUT", NEW_ITEM, SITES, NEW, caller="broken"),
    "new listing put": Case(200, "PUT", NEW_ITEM, SITES, NEW),
    "new listing": Case(
        200, "GET", NEW_ITEM, SITES | {"includedData": EVERY_LISTING_DATA}
    ),
    "parent of the new listing": Case(
        200, "GET", ITEM, SITES | {"includedData": "relationships"}
    ),
    "family": Case(
        200,
        "GET",
        "/listings/2021-08-01/items/{seller}",
        SITES | {"variationParentSku": "{sku}"},
    ),
    "family and identifiers": Case(
        400,
        "GET",
        "/listings/2021-08-01/items/{seller}",
        SITES
        | {
            "variationParentSku": "{sku}",
            "identifiers": "{sku}",
            "identifiersType": "SKU",
        },
    ),
    "delete": Case(200, "DELETE", NEW_ITEM, SITES),
    "delete of an unknown listing": Case(
        200, "DELETE", "/listings/2021-08-01/items/{seller}/NO-SUCH", SITES
    ),
    "delete, no site": Case(400, "DELETE", NEW_ITEM),
}
