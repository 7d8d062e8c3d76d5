"""Reads the counted units of a warehouse from a file of columns; storefronts layer.

A row names its variant by SKU or barcode, and says how many units were counted. A
shop's export of its products is such a file too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channels_amazon.storefronts.file_numbers import (
    Mark,
    NoNumber,
    UncertainNumber,
    decimal_mark,
    is_cut,
    number_of,
)
from channels_amazon.storefronts.table_file import (
    Columns,
    FileRow,
    RejectedCell,
    names_of,
    read_table,
)
from channels_amazon.wording import Sentence, sentence

MOST_ROWS = 20_000
# Bytes. What is pasted is sent as text in a form, whose limit is Django's
# DATA_UPLOAD_MAX_MEMORY_SIZE of 2.5 MB.
MOST_BYTES = 2_000_000
# Units: no shelf holds more.
MOST_UNITS = 10_000_000

SKU, BARCODE, COUNTED, WAREHOUSE = "sku", "barcode", "counted", "warehouse"
COLUMNS = (SKU, BARCODE, COUNTED, WAREHOUSE)
# Prices are not taken, but they say how the file writes its numbers.
_PRICE = "price"
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    SKU: (
        *("seller sku", "merchant sku", "item sku", "variant sku", "商品编码"),
        *("货号", "卖家sku", "商品sku", "商家编码", "规格编码"),
    ),
    BARCODE: (
        *("ean", "ean13", "upc", "gtin", "variant barcode"),
        *("条码", "条形码", "商品条码"),
    ),
    COUNTED: (
        *("count", "quantity", "qty", "units", "stock", "on hand", "inventory"),
        *("variant inventory qty", "counted units", "数量", "件数", "库存"),
        *("库存数量", "盘点数量", "实盘数量", "实盘数", "现有库存"),
    ),
    WAREHOUSE: ("location", "仓库", "仓库名称"),
    _PRICE: ("variant price", "价格", "单价", "售价"),
}
FILE: Final = Columns(
    kind="stock_file",
    names=names_of(_HEADINGS),
    needed=((SKU, BARCODE), (COUNTED,)),
    most_rows=MOST_ROWS,
)
_LONGEST = {SKU: 80, BARCODE: 20, WAREHOUSE: 80}
EXAMPLE = (
    (SKU, BARCODE, COUNTED),
    ("MUG-W", "", "12"),
    ("", "4006381333931", "3"),
)


@dataclass(frozen=True, slots=True)
class CountedRow:
    """Units of a variant that were counted; `sku` or `barcode` may be "".

    `was_negative` says that the file has less than zero, which is read as none.
    """

    line: int
    sku: str
    barcode: str
    units: int
    warehouse: str = ""
    was_negative: bool = False


class _BadCell(ValueError):
    def __init__(self, column: str, reason: Sentence) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def read_counts(text: str) -> tuple[list[CountedRow], list[RejectedCell]]:
    """Return what was counted, and the cells for which a row cannot be taken.

    Raises StorefrontError where the file as a whole is no such file.
    """
    table = read_table(text, FILE)
    numbers = (
        row.cells[column]
        for row in table.rows
        for column in (COUNTED, _PRICE)
        if row.cells.get(column)
    )
    mark = decimal_mark(numbers)
    counted: list[CountedRow] = []
    rejected = list(table.rejected)
    for row in table.rows:
        try:
            counted.append(_counted(row, mark))
        except _BadCell as error:
            heading = table.headings.get(error.column, error.column)
            value = row.cells.get(error.column, "")[:80]
            rejected.append(RejectedCell(row.line, heading, value, error.reason))
    return counted, sorted(rejected, key=lambda one: one.line)


def example() -> str:
    """Return a file to begin with, with a byte order mark for spreadsheets."""
    out = io.StringIO()
    csv.writer(out).writerows(EXAMPLE)
    return "\ufeff" + out.getvalue()


def _counted(row: FileRow, mark: Mark) -> CountedRow:
    cells = row.cells
    for column, longest in _LONGEST.items():
        value = cells.get(column, "")
        if len(value) > longest or not value.isprintable():
            raise _BadCell(
                column,
                sentence(
                    "%(column)s is longer than %(longest)d characters, or no text.",
                    column=column,
                    longest=longest,
                ),
            )
    for column in (SKU, BARCODE):
        if is_cut(cells.get(column, "")):
            raise _BadCell(
                column,
                sentence(
                    "A spreadsheet has cut this number: format the column as text "
                    "before you save."
                ),
            )
    if not cells.get(SKU) and not cells.get(BARCODE):
        raise _BadCell(
            SKU if SKU in cells else BARCODE,
            sentence("The row names no variant, neither by SKU nor by barcode."),
        )
    units = _units(cells[COUNTED], mark)
    return CountedRow(
        line=row.line,
        sku=cells.get(SKU, ""),
        barcode=cells.get(BARCODE, ""),
        units=max(0, units),
        warehouse=cells.get(WAREHOUSE, ""),
        was_negative=units < 0,
    )


def _units(text: str, mark: Mark) -> int:
    if not text:
        raise _BadCell(COUNTED, sentence("No units are counted on this row."))
    try:
        number = number_of(text, mark)
    except UncertainNumber as error:
        raise _BadCell(
            COUNTED,
            sentence(
                "“%(text)s” may be two numbers, with thousands or with decimals: "
                "write it without a sign.",
                text=text[:40],
            ),
        ) from error
    except NoNumber as error:
        raise _BadCell(
            COUNTED, sentence("“%(text)s” is no number.", text=text[:40])
        ) from error
    units = int(number)
    if number != units or abs(units) > MOST_UNITS:
        raise _BadCell(
            COUNTED,
            sentence(
                "“%(text)s” is not a whole number of units from 0 to %(most)d.",
                text=text[:40],
                most=MOST_UNITS,
            ),
        )
    return units
