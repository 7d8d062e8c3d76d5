"""Reads orders from the all-orders report by column names; pure, client layer.

Columns about the recipient are never read: they are personal data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import IO, TypeVar

from channels_amazon.rules.orders.limits import (
    LONGEST_ASIN,
    LONGEST_SKU,
    MOST_UNITS,
    is_order_id,
    is_possible_time,
)
from channels_amazon.spapi import errors
from channels_amazon.spapi.errors import Evidence
from channels_amazon.spapi.operations import REPORT_DOCUMENT
from channels_amazon.spapi.report_table import BadRow, ReportTable, open_table
from channels_amazon.spapi.report_times import read_time
from channels_amazon.wording import listed, sentence

REQUIRED = ("amazon-order-id", "purchase-date", "last-updated-date", "order-status")
# Other spellings that Amazon has used for the same column.
_OTHER_NAMES = {
    "order-id": "amazon-order-id",
    "last-update-date": "last-updated-date",
    "seller-sku": "sku",
    "quantity-purchased": "quantity",
}
# Rows that are read into memory: each takes about 1 kB, so this is 200 MB. Whoever
# needs more has to request a shorter range of dates.
MOST_ROWS = 200_000
# Columns that the error about a missing one lists.
_MOST_SHOWN = 12
_AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6}|,[0-9]{1,2})?")
_UNITS = re.compile(r"[0-9]{1,7}")
_LONGEST_CURRENCY = 3
_FULFILLED_BY = {
    "amazon": "AMAZON",
    "afn": "AMAZON",
    "merchant": "MERCHANT",
    "mfn": "MERCHANT",
    "default": "MERCHANT",
}
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One row's item. Amounts are as the row has them, None where it has none."""

    sku: str
    asin: str
    quantity: int | None
    item_status: str
    currency: str
    item_price: Decimal | None
    item_tax: Decimal | None
    shipping_price: Decimal | None


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """An order with its lines; times are aware UTC.

    `status` keeps Amazon's word, `fulfilled_by` is AMAZON or MERCHANT where that is
    understood, else Amazon's word, "" where the column is missing.
    """

    order_id: str
    merchant_order_id: str
    status: str
    fulfilled_by: str
    sales_channel: str
    purchased_at: datetime
    updated_at: datetime
    is_business: bool
    lines: tuple[ReportLine, ...]

    @property
    def is_non_amazon(self) -> bool:
        """Tell whether it was sold elsewhere and only shipped by Amazon."""
        return self.sales_channel.lower().startswith("non-amazon")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row as it was read: its line in the file, and an order of one line.

    `unread` is what of it cannot be read and is left out, "" for nothing.
    """

    line: int
    order: ReportOrder
    unread: str = ""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that cannot be read, why, and the order it seems to belong to, or ""."""

    line: int
    reason: str
    order_id: str


@dataclass(frozen=True, slots=True)
class OrderReportContent:
    """The report's orders, in the order of first mention, and its encoding.

    `unread` are the rows that were taken without a detail, and what that is.
    """

    encoding: str
    orders: tuple[ReportOrder, ...]
    quarantined: tuple[QuarantinedRow, ...]
    unread: tuple[QuarantinedRow, ...] = ()


def read_order_report(
    file: IO[bytes],
    *,
    charset: str = "",
    marketplace_id: str = "",
    most_rows: int = MOST_ROWS,
) -> OrderReportContent:
    """Return the orders of a seekable file, whose rows may lie apart.

    `charset` is what the document's store says, used where it is not UTF-8; without
    it the marketplace tells. A row that is not understood is quarantined and stops
    nothing. Raises UnexpectedResponse, with a code, when columns are missing or there
    are too many rows to hold in memory.
    """
    table = open_table(file, charset=charset, marketplace_id=marketplace_id)
    orders: dict[str, ReportOrder] = {}
    # Orders with more units than one can have: no later row of theirs is another one.
    refused: set[str] = set()
    quarantined: list[QuarantinedRow] = []
    unread: list[QuarantinedRow] = []
    for count, row in enumerate(iterate_rows(table), start=1):
        if count > most_rows:
            message = sentence(
                "The report has more than %(count)s rows.", count=most_rows
            )
            raise _unexpected("reports.too_many_rows", message)
        if isinstance(row, QuarantinedRow):
            quarantined.append(row)
            continue
        order_id = row.order.order_id
        if order_id in refused:
            continue
        if row.unread:
            unread.append(QuarantinedRow(row.line, row.unread, order_id))
        known = orders.get(order_id)
        orders[order_id] = _joined(known, row.order) if known else row.order
        if _units_of(orders[order_id]) > MOST_UNITS:
            reason = sentence("the order has more units than one can have")
            quarantined.append(QuarantinedRow(row.line, reason, order_id))
            refused.add(order_id)
            del orders[order_id]
    return OrderReportContent(
        table.encoding, tuple(orders.values()), tuple(quarantined), tuple(unread)
    )


def iterate_rows(table: ReportTable) -> Iterator[ReportRow | QuarantinedRow]:
    """Yield row by row, in constant memory; raises as `read_order_report` does."""
    indexes = _column_indexes(table.columns)
    for row in table.rows():
        if isinstance(row, BadRow):
            order_id = _order_id(row.cells, indexes)
            yield QuarantinedRow(row.line, row.reason, order_id)
            continue
        cells = _Cells(row.cells, indexes)
        try:
            order = _order(cells)
        except _BadCell as bad:
            order_id = _order_id(row.cells, indexes)
            yield QuarantinedRow(row.line, bad.reason, order_id)
            continue
        yield ReportRow(row.line, order, listed(cells.unread))


def _units_of(order: ReportOrder) -> int:
    return sum(line.quantity or 0 for line in order.lines)


def _joined(known: ReportOrder, other: ReportOrder) -> ReportOrder:
    """Return the lines of both rows under the fields of the row updated last."""
    newest = other if other.updated_at > known.updated_at else known
    return replace(newest, lines=known.lines + other.lines)


def _column_indexes(columns: tuple[str, ...]) -> dict[str, int]:
    indexes: dict[str, int] = {}
    for index, name in enumerate(columns):
        indexes.setdefault(_OTHER_NAMES.get(name, name), index)
    missing = [name for name in REQUIRED if name not in indexes]
    if missing:
        message = sentence(
            "The report has no column %(missing)s; its columns are: %(found)s.",
            missing=listed(missing),
            found=listed([name[:40] for name in columns[:_MOST_SHOWN]]) or "-",
        )
        raise _unexpected("reports.columns_missing", message)
    return indexes


def _unexpected(code: str, message: str) -> errors.UnexpectedResponse:
    return errors.UnexpectedResponse(message, Evidence(REPORT_DOCUMENT.name), code=code)


class _BadCell(ValueError):
    """A cell holds something else than its column says."""

    def __init__(self, name: str) -> None:
        self.reason = sentence("the column %(name)s is not readable", name=name)
        super().__init__(self.reason)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a row, by name of column."""

    cells: list[str]
    indexes: Mapping[str, int]
    # Why details of the row cannot be read.
    unread: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """Return the text, "" where the column or the text is missing."""
        index = self.indexes.get(name)
        return "" if index is None else self.cells[index].strip()

    def required(self, name: str, read: Callable[[str], Value | None]) -> Value:
        """Return what `read` makes of the text; raises _BadCell for None."""
        value = read(self.text(name))
        if value is None:
            raise _BadCell(name)
        return value

    def optional(self, name: str, read: Callable[[str], Value | None]) -> Value | None:
        """Return what `read` makes of the text, None where there is none."""
        return self.required(name, read) if self.text(name) else None

    def detail(self, name: str, read: Callable[[str], Value | None]) -> Value | None:
        """Return what `read` makes of the text, None where that is nothing.

        Nothing hangs on it: the row is taken without it, and `unread` says why.
        """
        try:
            return self.optional(name, read)
        except _BadCell as bad:
            self.unread.append(bad.reason)
            return None


def _order(cells: _Cells) -> ReportOrder:
    channel = cells.text("fulfillment-channel")
    return ReportOrder(
        order_id=cells.required("amazon-order-id", _id),
        merchant_order_id=cells.text("merchant-order-id"),
        status=cells.required("order-status", _word),
        fulfilled_by=_FULFILLED_BY.get(channel.lower().partition("_")[0], channel),
        sales_channel=cells.text("sales-channel"),
        purchased_at=cells.required("purchase-date", _time),
        updated_at=cells.required("last-updated-date", _time),
        is_business=cells.text("is-business-order").lower() in {"true", "yes", "1"},
        lines=(_line(cells),),
    )


def _line(cells: _Cells) -> ReportLine:
    return ReportLine(
        sku=cells.optional("sku", _sku) or "",
        asin=cells.detail("asin", _asin) or "",
        quantity=cells.optional("quantity", _units),
        item_status=cells.text("item-status"),
        currency=cells.detail("currency", _currency) or "",
        item_price=cells.detail("item-price", _amount),
        item_tax=cells.detail("item-tax", _amount),
        shipping_price=cells.detail("shipping-price", _amount),
    )


def _word(text: str) -> str | None:
    return text if 0 < len(text) <= 60 else None


def _id(text: str) -> str | None:
    return text if is_order_id(text) else None


def _sku(text: str) -> str | None:
    return text if len(text) <= LONGEST_SKU else None


def _asin(text: str) -> str | None:
    return text if len(text) <= LONGEST_ASIN else None


def _currency(text: str) -> str | None:
    return text if len(text) <= _LONGEST_CURRENCY else None


def _time(text: str) -> datetime | None:
    time = read_time(text)
    return time if time is not None and is_possible_time(time) else None


def _units(text: str) -> int | None:
    units = int(text) if _UNITS.fullmatch(text) else None
    return None if units is None or units > MOST_UNITS else units


def _amount(text: str) -> Decimal | None:
    """Return an amount; three digits behind a comma could be thousands: None."""
    return Decimal(text.replace(",", ".")) if _AMOUNT.fullmatch(text) else None


def _order_id(cells: list[str], indexes: Mapping[str, int]) -> str:
    """Return the id of a bad row if what stands in its place is one."""
    index = indexes["amazon-order-id"]
    text = cells[index].strip() if index < len(cells) else ""
    return text if is_order_id(text) else ""
