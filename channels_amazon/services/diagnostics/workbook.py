"""Writes rows as an Excel workbook, row by row in constant memory; services layer.

By hand, since every library makes the whole file first: a million rows take it minutes,
and a proxy gives up after half of one. The parts are those that the form (ECMA-376)
cannot do without. Texts stand in their cells as texts (`inlineStr`), so that none is
ever a formula.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from channels_amazon.services.diagnostics.export import safe_cell
from channels_amazon.services.diagnostics.zip_stream import zip_pieces

# What a sheet and a cell can hold at most.
MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
# Bytes of the sheet, uncompressed: a little below what an archive of the plain form,
# which all programs read, can hold of one file.
MOST_BYTES = 2**31 - 2**20
# Spreadsheets count in floats: a longer number would lose its last digits.
_MOST_DIGITS = 10**15

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FRAME = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
        "<bookViews><workbookView/></bookViews>"
        '<sheets><sheet name="Shoplink" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
# The first row stays in view.
_SHEET_BEGIN = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_SHEET_END = "</sheetData></worksheet>"
# What XML cannot hold, and carriage returns, which it reads as line ends.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\r\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Programs read _x0041_ as an A: the underscore itself has to be written so.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def workbook_pieces(
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    made_at: datetime,
    *,
    cut_note: str,
) -> Iterator[bytes]:
    """Return the bytes of a workbook with one sheet: a row of names, then the rows.

    Where there are more than a sheet can hold, its last row says `cut_note` alone.
    """
    frame = [(name, [f"{_XML}{text}".encode()]) for name, text in _FRAME.items()]
    sheet = ("xl/worksheets/sheet1.xml", _sheet(names, rows, cut_note))
    return zip_pieces([*frame, sheet], made_at, may_be_huge=False)


def _sheet(
    names: Sequence[str], rows: Iterable[Sequence[Any]], cut_note: str
) -> Iterator[bytes]:
    head = f"{_SHEET_BEGIN}{_row(names)}".encode()
    yield head
    written, count = len(head), 1
    # One row behind, since the last one that has room is the note's if more follow.
    waiting = b""
    for row in rows:
        if waiting and (count + 1 >= MOST_ROWS or written >= MOST_BYTES):
            waiting = _row([cut_note]).encode()
            break
        if waiting:
            yield waiting
            written, count = written + len(waiting), count + 1
        waiting = _row(row).encode()
    yield waiting
    yield _SHEET_END.encode()


def _row(values: Sequence[Any]) -> str:
    return f"<row>{''.join(map(_cell, values))}</row>"


def _cell(value: Any) -> str:
    if value is None or value == "":
        # Its place is kept: cells are counted, not named.
        return "<c/>"
    if isinstance(value, int | float) and _is_exact(value):
        return f"<c><v>{value}</v></c>"
    text = _UNWRITABLE.sub("", safe_cell(value))
    if len(text) > MOST_CHARACTERS // 2:
        # Half, since characters beyond the first 65,536 count for two.
        text = f"{text[: MOST_CHARACTERS // 2 - 1]}…"
    text = _ESCAPE.sub("_x005F_", text)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escaped}</t></is></c>'


def _is_exact(value: float) -> bool:
    is_number = not isinstance(value, bool) and math.isfinite(value)
    return is_number and abs(value) < _MOST_DIGITS
