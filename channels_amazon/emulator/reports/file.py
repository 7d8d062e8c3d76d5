"""The all-orders report: its rows and the bytes of its file; emulator.

Tab separated, one row an item, in the words of the older Orders API.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from ..model.entities import EmulatedOrder, EmulatedOrderItem, EmulatedReport
from ..model.places import PLACES
from ..model.state import World
from ..model.statuses import EmulatedOrderStatus, FulfillmentChannel, SalesChannel

BY_UPDATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
COLUMNS = (
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "order-channel",
    "ship-service-level",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
    "is-business-order",
    "purchase-order-number",
    "price-designation",
)
# Columns that only some real files have, depending on marketplace and age.
SPARSE = frozenset(
    {
        "merchant-order-id",
        "order-channel",
        "gift-wrap-price",
        "gift-wrap-tax",
        "item-tax",
        "promotion-ids",
        "is-business-order",
        "purchase-order-number",
        "price-designation",
    }
)
EXTRA = "url"


@dataclass(frozen=True)
class Layout:
    """The columns of a file: all, those that some files lack, and an unknown one."""

    columns: tuple[str, ...]
    sparse: frozenset[str]
    extra: str


ORDER_LAYOUT = Layout(COLUMNS, SPARSE, EXTRA)
# Python's name of each encoding, and the charset in Amazon's content type.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "cp1252": "Cp1252",
    "shift_jis": "Shift_JIS",
}
_STATUSES: dict[str, str] = {
    EmulatedOrderStatus.PENDING_AVAILABILITY: "Pending",
    EmulatedOrderStatus.PENDING: "Pending",
    EmulatedOrderStatus.UNSHIPPED: "Unshipped",
    EmulatedOrderStatus.PARTIALLY_SHIPPED: "PartiallyShipped",
    EmulatedOrderStatus.SHIPPED: "Shipped",
    EmulatedOrderStatus.CANCELLED: "Cancelled",
    EmulatedOrderStatus.UNFULFILLABLE: "Unfulfillable",
}
_UNPRICED = {"Pending", "Cancelled"}


def order_rows(world: World, report: EmulatedReport) -> list[dict[str, str]]:
    """Return a row for each item of the orders in the report's range."""
    by_update = report.report_type == BY_UPDATE
    found = [
        (order.updated_at if by_update else order.created_at, order)
        for order in world.seller_orders(report.seller_id)
        if order.marketplace_id in report.marketplace_ids
    ]
    found = [each for each in found if report.data_start <= each[0] <= report.data_end]
    found.sort(key=lambda each: (each[0], each[1].order_id))
    orders = [order for _, order in found]
    left_out = _left_out(world, report, orders)
    return [
        _row(order, item)
        for order in orders
        if order.order_id not in left_out
        for item in order.items
    ]


def encode(
    world: World, report: EmulatedReport, layout: Layout, rows: list[dict[str, str]]
) -> tuple[bytes, str]:
    """Return the file's bytes and its content type, as the switches want them."""
    switches = world.switches.reports
    columns = [
        name
        for name in layout.columns
        if not (switches.sparse and name in layout.sparse)
    ]
    columns += [layout.extra] * switches.extra_column
    if switches.shuffle:
        random.Random(report.report_id).shuffle(columns)
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(name, "") for name in columns) for row in rows]
    text = "\r\n".join(lines) + "\r\n"
    content = text.encode(switches.encoding, errors="replace")
    content_type = "text/tab-separated-values"
    if switches.charset:
        content_type += f"; charset={ENCODINGS[switches.encoding]}"
    return (gzip.compress(content, 6) if switches.gzip else content), content_type


def _left_out(
    world: World, report: EmulatedReport, orders: list[EmulatedOrder]
) -> set[str]:
    """Choose the orders that the switch omit_orders leaves out of this report."""
    count = min(world.switches.reports.omit_orders, len(orders))
    ids = [order.order_id for order in orders]
    return set(random.Random(report.report_id).sample(ids, count))


def _row(order: EmulatedOrder, item: EmulatedOrderItem) -> dict[str, str]:
    place = PLACES[order.marketplace_id]
    status = _STATUSES.get(order.status, order.status)
    is_shown = status != "Pending"
    is_amazon_sale = order.channel_name == SalesChannel.AMAZON
    row = {
        "amazon-order-id": order.order_id,
        "merchant-order-id": order.seller_order_id or order.order_id,
        "purchase-date": _time(order.created_at),
        "last-updated-date": _time(order.updated_at),
        "order-status": status,
        "fulfillment-channel": "Amazon"
        if order.fulfilled_by == FulfillmentChannel.AMAZON
        else "Merchant",
        "sales-channel": place.name
        if is_amazon_sale
        else f"Non-Amazon {place.country_code}",
        "ship-service-level": order.service_level.title(),
        "product-name": item.title,
        "sku": item.sku,
        "asin": item.asin,
        "item-status": _item_status(order, item),
        "quantity": str(item.quantity),
        "is-business-order": str("AMAZON_BUSINESS" in order.programs).lower(),
    }
    if is_shown:
        row |= {
            "ship-city": order.address.city,
            "ship-state": order.address.state,
            "ship-postal-code": order.address.postal_code,
            "ship-country": order.address.country_code,
        }
    if status not in _UNPRICED and is_amazon_sale:
        row |= _prices(order, item)
    return {name: " ".join(text.split()) for name, text in row.items()}


def _prices(order: EmulatedOrder, item: EmulatedOrderItem) -> dict[str, str]:
    """Return the money of a line: for all its units, shipping on the first line."""
    is_first = item is order.items[0]
    shipping = order.shipping_price if is_first else Decimal(0)
    return {
        "currency": order.currency,
        "item-price": _money(item.unit_price * item.quantity, order.currency),
        "item-tax": _money(Decimal(0), order.currency),
        "shipping-price": _money(shipping, order.currency) if shipping else "",
    }


def _item_status(order: EmulatedOrder, item: EmulatedOrderItem) -> str:
    if order.status == EmulatedOrderStatus.CANCELLED or item.cancelled >= item.quantity:
        return "Cancelled"
    return "Unshipped" if item.left else "Shipped"


def _money(amount: Decimal, currency: str) -> str:
    exponent = Decimal(1) if currency == "JPY" else Decimal("0.01")
    return str(amount.quantize(exponent))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
