"""Listings Items API 2021-08-01: what is offered, and changing parts; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_amazon.rules.orders.limits import (
    LONGEST_ASIN,
    LONGEST_MARKETPLACE_ID,
    LONGEST_SKU,
)
from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import Details, FieldError, JsonObject, Money
from channels_amazon.spapi.unreadable import UnreadableListing, try_listing
from channels_amazon.wording import sentence

DEFAULT_DATA = ("summaries", "issues", "offers", "fulfillmentAvailability")
# Amazon's name for the merchant's own stock; the others are FBA.
MERCHANT_CHANNEL = "DEFAULT"
# Amazon accepts this type for a change of price or quantity, whatever the listing's own
# product type is.
ANY_PRODUCT_TYPE = "PRODUCT"
# Amazon's maximum of pageSize.
LARGEST_PAGE = 20
# So many of a search's listings does Amazon show, page after page.
MOST_SHOWN = 1000
# The column of an offer's currency holds ISO 4217.
_LONGEST_CURRENCY = 3

_SKU = fields.identity(LONGEST_SKU)
# An FNSKU is as long as an ASIN.
_ASIN = fields.optional_identity(LONGEST_ASIN)
_MARKETPLACE_ID = fields.identity(LONGEST_MARKETPLACE_ID)


@dataclass(frozen=True, slots=True)
class Summary:
    """A listing in one marketplace; `statuses` keeps Amazon's words."""

    marketplace_id: str
    asin: str | None
    product_type: str
    condition: str | None
    statuses: tuple[str, ...]
    fn_sku: str | None
    item_name: str | None
    created_at: datetime | None
    last_updated_at: datetime | None
    image_url: str | None


@dataclass(frozen=True, slots=True)
class OfferPrice:
    """The price of a listing in one marketplace for one kind of buyer."""

    marketplace_id: str
    offer_type: str
    price: Money | None


@dataclass(frozen=True, slots=True)
class FulfillmentAvailability:
    """A fulfilment channel of the SKU: DEFAULT is the merchant, the others FBA.

    The quantity belongs to account and SKU, not to a marketplace.
    """

    channel_code: str
    quantity: int | None


@dataclass(frozen=True, slots=True)
class ListingIssue:
    """What Amazon finds wrong with a listing; `enforcements` is what it did."""

    code: str
    message: str
    severity: str
    attribute_names: tuple[str, ...]
    categories: tuple[str, ...]
    enforcements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListingsItem:
    """One SKU of an account with what was asked for about it.

    `unread` says what of Amazon's answer could not be read, and is left out here.
    """

    sku: str
    summaries: tuple[Summary, ...]
    offers: tuple[OfferPrice, ...]
    availability: tuple[FulfillmentAvailability, ...]
    issues: tuple[ListingIssue, ...]
    attributes: JsonObject
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingsPage:
    """Up to 20 SKUs, unreadable ones among them.

    `total` counts all, of which Amazon shows MOST_SHOWN; None where it cannot be read,
    which `unread` says. `no_token` is why nobody knows the next page, "" where that is
    known.
    """

    items: tuple[ListingsItem | UnreadableListing, ...]
    total: int | None
    next_token: str | None
    unread: tuple[str, ...] = ()
    no_token: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a change: ACCEPTED is queued only, INVALID was not taken."""

    sku: str
    status: str
    submission_id: str
    issues: tuple[ListingIssue, ...]

    @property
    def is_accepted(self) -> bool:
        """Tell whether Amazon has taken the change in."""
        return self.status == "ACCEPTED"


@dataclass(frozen=True, slots=True)
class ListingKey:
    """Names a listing: whose, which SKU, in which marketplaces of the region."""

    seller_id: str
    sku: str
    marketplace_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class ListingsSearch:
    """Filters of a search; identifiers want their type (SKU, ASIN, EAN …)."""

    seller_id: str
    marketplace_ids: Sequence[str]
    identifiers: Sequence[str] = ()
    identifiers_type: str | None = None
    last_updated_after: datetime | None = None
    included_data: Sequence[str] = DEFAULT_DATA
    page_size: int = LARGEST_PAGE
    sort_by: str | None = None
    sort_order: str | None = None


def get_listings_item(
    client: SpApiClient, key: ListingKey, included_data: Sequence[str] = DEFAULT_DATA
) -> ListingsItem:
    """Return one SKU; raises NotFound when the account does not list it."""
    answer = client.call(
        operations.GET_LISTINGS_ITEM,
        path={"sellerId": key.seller_id, "sku": key.sku},
        query={
            "marketplaceIds": tuple(key.marketplace_ids),
            "includedData": tuple(included_data),
        },
        marketplace_id=_only(key.marketplace_ids),
    )
    return fields.parse(answer, _item)


def search_listings_items(
    client: SpApiClient, search: ListingsSearch, page_token: str | None = None
) -> ListingsPage:
    """Return one page of an account's SKUs."""
    answer = client.call(
        operations.SEARCH_LISTINGS_ITEMS,
        path={"sellerId": search.seller_id},
        query={
            "marketplaceIds": tuple(search.marketplace_ids),
            "identifiers": tuple(search.identifiers) or None,
            "identifiersType": search.identifiers_type,
            "lastUpdatedAfter": search.last_updated_after,
            "includedData": tuple(search.included_data),
            "pageSize": search.page_size,
            "sortBy": search.sort_by,
            "sortOrder": search.sort_order,
            "pageToken": page_token,
        },
        marketplace_id=_only(search.marketplace_ids),
    )
    return fields.parse(answer, _page)


def patch_listings_item(
    client: SpApiClient,
    key: ListingKey,
    patches: Sequence[JsonObject],
    product_type: str = ANY_PRODUCT_TYPE,
) -> Submission:
    """Change attributes of a listing; `patches` is a JSON patch as Amazon reads it.

    A refusal of the values is a Submission with status INVALID, not an error.
    """
    body: dict[str, Any] = {"productType": product_type, "patches": list(patches)}
    answer = client.call(
        operations.PATCH_LISTINGS_ITEM,
        path={"sellerId": key.seller_id, "sku": key.sku},
        query={
            "marketplaceIds": tuple(key.marketplace_ids),
            "includedData": ("issues",),
        },
        body=body,
        marketplace_id=_only(key.marketplace_ids),
    )
    return fields.parse(answer, _submission)


def quantity_patch(
    quantity: int,
    handling_days: int | None,
    *,
    element: JsonObject | None = None,
    beside_fba: bool = False,
) -> JsonObject:
    """Return the patch that sets the merchant's own stock of a SKU.

    Amazon resets what is left out: pass the merchant's `element` as it was read, or at
    least the handling time the SKU has, and None only where it has none. Where Amazon
    fulfils the SKU too, `beside_fba` keeps its channel.
    """
    value: JsonObject = {
        **(element or {}),
        "fulfillment_channel_code": MERCHANT_CHANNEL,
        "quantity": quantity,
    }
    if handling_days is not None:
        value["lead_time_to_ship_max_days"] = handling_days
    return {
        # Not `replace`: that would remove every channel that the value does not name,
        # such as FBA.
        "op": "merge" if beside_fba else "replace",
        "path": "/attributes/fulfillment_availability",
        "value": [value],
    }


def merchant_element(item: ListingsItem) -> JsonObject | None:
    """Return the merchant's part of the SKU's fulfillment_availability, if it has one.

    Read the item with the data set `attributes`.
    """
    rows = item.attributes.get("fulfillment_availability")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            if row.get("fulfillment_channel_code") == MERCHANT_CHANNEL:
                return row
    return None


def _only(marketplace_ids: Sequence[str]) -> str:
    return marketplace_ids[0] if len(marketplace_ids) == 1 else ""


def _page(data: JsonObject) -> ListingsPage:
    listed = fields.entries(data, "items")
    next_token, no_token = fields.next_page(data)
    details = Details()
    return ListingsPage(
        items=tuple(try_listing(entry, "sku", _item) for entry in listed),
        total=details.of(fields.integer, data, "numberOfResults"),
        next_token=next_token,
        unread=tuple(details.unread),
        no_token=no_token,
    )


def _item(data: JsonObject) -> ListingsItem:
    """Return the listing; SKU, sites, statuses and units must be readable."""
    details = Details()
    summaries = fields.objects(data, "summaries")
    return ListingsItem(
        sku=_SKU(data, "sku"),
        summaries=tuple(_summary(entry, details) for entry in summaries),
        offers=details.each(_offer, data, "offers"),
        availability=tuple(
            map(_availability, fields.objects(data, "fulfillmentAvailability"))
        ),
        issues=details.each(_issue, data, "issues"),
        attributes=details.json_object(data, "attributes"),
        unread=tuple(details.unread),
    )


def _summary(data: JsonObject, details: Details) -> Summary:
    image = details.json_object(data, "mainImage")
    return Summary(
        marketplace_id=_MARKETPLACE_ID(data, "marketplaceId"),
        asin=details.of(_ASIN, data, "asin"),
        product_type=details.text(data, "productType") or "",
        condition=details.text(data, "conditionType"),
        statuses=fields.texts(data, "status"),
        fn_sku=details.of(_ASIN, data, "fnSku"),
        item_name=details.text(data, "itemName"),
        created_at=details.of(fields.optional_timestamp, data, "createdDate"),
        last_updated_at=details.of(fields.optional_timestamp, data, "lastUpdatedDate"),
        image_url=details.text(image, "link"),
    )


def _offer(data: JsonObject) -> OfferPrice:
    price = fields.money(data, "price")
    if price is not None and len(price.currency) > _LONGEST_CURRENCY:
        raise FieldError("price", sentence("is not an amount"))
    return OfferPrice(
        marketplace_id=fields.text(data, "marketplaceId"),
        offer_type=fields.text(data, "offerType"),
        price=price,
    )


def _availability(data: JsonObject) -> FulfillmentAvailability:
    return FulfillmentAvailability(
        channel_code=fields.text(data, "fulfillmentChannelCode"),
        quantity=fields.optional_units(data, "quantity", fields.MOST_IN_STOCK),
    )


def _issue(data: JsonObject) -> ListingIssue:
    actions = fields.objects(fields.json_object(data, "enforcements"), "actions")
    return ListingIssue(
        code=fields.text(data, "code"),
        message=fields.text(data, "message"),
        severity=fields.text(data, "severity"),
        attribute_names=fields.texts(data, "attributeNames"),
        categories=fields.texts(data, "categories"),
        enforcements=tuple(fields.text(action, "action") for action in actions),
    )


def _submission(data: JsonObject) -> Submission:
    return Submission(
        sku=fields.text(data, "sku"),
        status=fields.text(data, "status"),
        submission_id=fields.text(data, "submissionId"),
        issues=tuple(map(_issue, fields.objects(data, "issues"))),
    )
