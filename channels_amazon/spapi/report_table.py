"""Reads a tab separated report: encoding, columns, rows; pure, client layer.

Amazon quotes nothing in these files, so a quotation mark is a letter like any other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from channels_amazon.amazon_json import storable
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.wording import sentence

UTF_8 = "utf-8"
# Amazon's "Shift_JIS" files use Microsoft's extension of it (Windows-31J), which
# Python calls cp932; its plain shift_jis codec refuses those extra characters.
SHIFT_JIS = "cp932"
WINDOWS_1252 = "cp1252"
_NAMES = {
    "shift-jis": SHIFT_JIS,
    "sjis": SHIFT_JIS,
    "windows-31j": SHIFT_JIS,
    "cp932": SHIFT_JIS,
    "cp1252": WINDOWS_1252,
    "windows-1252": WINDOWS_1252,
    # A superset of ISO 8859-1 but for control characters; browsers do the same.
    "iso-8859-1": WINDOWS_1252,
}
# Bytes. A line that does not end within 1 MiB is quarantined: no row of Amazon's is
# that long, and a file without line ends must not be read into memory whole.
_LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row with a cell for every column; `line` counts from 1, the header's."""

    line: int
    cells: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, why, and its cells as far as they can be told apart.

    Bytes that are no letters are written there as `\\x81`.
    """

    line: int
    reason: str
    cells: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A report on disk: `encoding` is the one used, `columns` are in plain spelling.

    Plain is lower case with dashes, as in `amazon-order-id`.
    """

    file: IO[bytes] = field(repr=False)
    encoding: str
    columns: tuple[str, ...]
    first_line: int

    def rows(self) -> Iterator[TableRow | BadRow]:
        """Yield the rows below the header, good and bad, from the first each time."""
        for line, raw in _lines(self.file):
            if line > self.first_line:
                yield self._row(line, raw)

    def _row(self, line: int, raw: bytes) -> TableRow | BadRow:
        try:
            cells = storable(raw.decode(self.encoding)).split("\t")
        except UnicodeDecodeError:
            shown = storable(raw.decode("ascii", "backslashreplace")).split("\t")
            reason = sentence("the row is not %(encoding)s", encoding=self.encoding)
            return BadRow(line, reason, shown)
        if len(raw) >= _LONGEST_LINE:
            return BadRow(line, sentence("the row is too long"), cells)
        if len(cells) != len(self.columns):
            reason = sentence(
                "the row has another number of fields (%(found)s) than the first "
                "one (%(expected)s)",
                found=len(cells),
                expected=len(self.columns),
            )
            return BadRow(line, reason, cells)
        return TableRow(line, cells)


def open_table(
    file: IO[bytes], *, charset: str = "", marketplace_id: str = ""
) -> ReportTable:
    """Return the table in a seekable file; without a header it has no columns.

    What the document's store says, else the marketplace, tells which encoding to
    expect where it is not UTF-8.
    """
    encoding = find_encoding(file, charset=charset, marketplace_id=marketplace_id)
    for line, raw in _lines(file):
        # The names of the columns we read are ASCII, so bytes that cannot be decoded
        # are in the name of another one and do no harm.
        names = raw.decode(encoding, "backslashreplace").split("\t")
        return ReportTable(file, encoding, tuple(map(_plain, names)), line)
    return ReportTable(file, encoding, (), 0)


def find_encoding(
    file: IO[bytes], *, charset: str = "", marketplace_id: str = ""
) -> str:
    """Return the encoding of a seekable file.

    UTF-8 if at least half of the lines that are not pure ASCII decode as such: a single
    damaged line must not make us misread all the others.
    """
    valid = broken = 0
    for _, raw in _lines(file):
        if raw.isascii():
            continue
        try:
            raw.decode(UTF_8)
            valid += 1
        except UnicodeDecodeError:
            broken += 1
    if broken <= valid:
        return UTF_8
    if named := _NAMES.get(charset.lower().replace("_", "-")):
        return named
    marketplace = MARKETPLACES.get(marketplace_id)
    is_japan = marketplace is not None and marketplace.country_code == "JP"
    return SHIFT_JIS if is_japan else WINDOWS_1252


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of every line that is not blank, without a BOM.

    Of a line longer than _LONGEST_LINE bytes only that much is yielded.
    """
    file.seek(0)
    number, is_rest = 1, False
    while raw := file.readline(_LONGEST_LINE):
        ends = raw.endswith(b"\n")
        if number == 1 and not is_rest:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if not is_rest and raw.strip():
            yield number, raw.rstrip(b"\r\n")
        number += ends
        is_rest = not ends


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", "-", name.strip(" \t\"'\u00a0\ufeff").lower())
