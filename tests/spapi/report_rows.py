"""Rows of the all-orders report, as Amazon writes them."""

from __future__ import annotations

import io

from channels_amazon.spapi.order_report import (
    OrderReportContent,
    ReportOrder,
    read_order_report,
)

DE, JP = "A1PA6795UKMFR9", "A1VC38T7YXB528"
ORDER = "902-1106328-1059050"
COLUMNS = (
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "ship-city",
    "is-business-order",
)


def row(**over: str) -> dict[str, str]:
    """Return one row's cells; underlines in names are dashes."""
    cells = {
        "amazon-order-id": ORDER,
        "merchant-order-id": "",
        "purchase-date": "2026-11-20T09:00:00+00:00",
        "last-updated-date": "2026-11-20T12:00:00+00:00",
        "order-status": "Shipped",
        "fulfillment-channel": "Merchant",
        "sales-channel": "Amazon.de",
        "product-name": "Schuh",
        "sku": "SKU-1",
        "asin": "B000000001",
        "item-status": "Shipped",
        "quantity": "1",
        "currency": "EUR",
        "item-price": "9.99",
        "ship-city": "Berlin",
        "is-business-order": "false",
    }
    return cells | {name.replace("_", "-"): text for name, text in over.items()}


def written(
    *rows: dict[str, str],
    columns: tuple[str, ...] = COLUMNS,
    encoding: str = "utf-8",
    end: str = "\r\n",
) -> bytes:
    """Return the file of these rows."""
    lines = ["\t".join(columns)]
    lines += ["\t".join(cells.get(name, "") for name in columns) for cells in rows]
    return "".join(line + end for line in lines).encode(encoding)


def read(content: bytes, marketplace_id: str = DE) -> OrderReportContent:
    """Read the file."""
    return read_order_report(io.BytesIO(content), marketplace_id=marketplace_id)


def only(report: OrderReportContent) -> ReportOrder:
    """Return the one order of a report in which nothing is wrong."""
    assert not report.quarantined
    (order,) = report.orders
    return order
