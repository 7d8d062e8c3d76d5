"""Fulfillment Outbound API 2020-07-01: orders shipped from FBA stock; client layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import JsonObject


@dataclass(frozen=True, slots=True)
class FulfillmentOrder:
    """A multi-channel order at Amazon; `status` keeps Amazon's word."""

    seller_fulfillment_order_id: str
    status: str
    status_updated_at: datetime


def get_fulfillment_order(
    client: SpApiClient, seller_fulfillment_order_id: str
) -> FulfillmentOrder:
    """Return the order of our id; raises NotFound or InvalidRequest if unknown."""
    answer = client.call(
        operations.GET_FULFILLMENT_ORDER,
        path={"sellerFulfillmentOrderId": seller_fulfillment_order_id},
    )
    return fields.parse(answer, _order)


def _order(data: JsonObject) -> FulfillmentOrder:
    payload = fields.required_inner(data, "payload")
    order = fields.required_inner(payload, "fulfillmentOrder")
    return FulfillmentOrder(
        seller_fulfillment_order_id=fields.text(order, "sellerFulfillmentOrderId"),
        status=fields.text(order, "fulfillmentOrderStatus"),
        status_updated_at=fields.when(order, "statusUpdatedDate"),
    )
