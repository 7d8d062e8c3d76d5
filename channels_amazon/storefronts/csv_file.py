"""Reads a store's catalogue from a CSV file; storefronts layer.

Columns by name, in any order: sku, title, barcode, price, currency, category, stock,
warehouse, and for each language title_xx and url_xx (title_de, url_zh_hans). Only sku
and one title are needed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit

from channels_amazon.storefronts.catalogue import (
    CatalogueItem,
    Rejected,
    StorefrontError,
    Text,
)
from channels_amazon.storefronts.file_text import decode, lines_of
from channels_amazon.storefronts.table_file import cell_of
from channels_amazon.wording import Sentence, sentence

_PLAIN = frozenset(
    {
        "sku",
        "title",
        "barcode",
        "price",
        "currency",
        "category",
        "stock",
        "warehouse",
    }
)
# A title keeps its quotes; an id has none around it.
_IDS = frozenset({"sku", "barcode", "price", "stock"})
_LANGUAGE = re.compile(r"(title|url)_([a-z]{2,3}(?:[_-][a-z0-9]{2,4})?)\Z")
# Characters: the lengths of our columns.
_LONGEST = {"sku": 80, "barcode": 20, "category": 400, "warehouse": 80, "title": 300}
_LONGEST_URL = 500
_MOST_STOCK = 1_000_000_000
_MOST_PRICE = Decimal("9999999999.99")
_SEPARATORS = ",;\t"

Row = Mapping[str, str]


class _BadValue(ValueError):
    """One field of a row cannot be taken over."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


class _TooLong(_BadValue):
    """A field has more characters than are kept."""

    def __init__(self, column: str, longest: int) -> None:
        super().__init__(
            sentence(
                "%(column)s is longer than %(longest)d characters",
                column=column,
                longest=longest,
            )
        )


def read_file(path: Path) -> Iterator[CatalogueItem | Rejected]:
    """Yield the rows of the file, each taken over or rejected.

    Raises StorefrontError when the file cannot be read or has not the columns.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorefrontError(
            "catalogue.unreadable",
            sentence(
                "%(file)s cannot be read: %(why)s.",
                file=str(path),
                why=error.strerror or "",
            ),
        ) from error
    yield from read_lines(lines_of(decode(content, kind="catalogue")))


def read_lines(lines: Iterable[str]) -> Iterator[CatalogueItem | Rejected]:
    """Yield the rows of a CSV text, its first line naming the columns.

    Raises StorefrontError when a needed column is missing.
    """
    remaining = iter(lines)
    header = next(remaining, "")
    separator = max(_SEPARATORS, key=header.count)
    columns = [name.strip().lower() for name in _split(header, separator)]
    _check_columns(columns)
    reader = csv.reader(remaining, delimiter=separator)
    seen: dict[str, int] = {}
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            reason = sentence("the line is not CSV: %(why)s", why=str(error))
            yield Rejected(reader.line_num + 1, "", reason)
            continue
        if fields is None:
            return
        line = reader.line_num + 1
        if any(field.strip() for field in fields):
            yield _take_over(fields, columns, line, seen)


def _split(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error as error:
        raise StorefrontError(
            "catalogue.columns", sentence("The first line does not name the columns.")
        ) from error


def _check_columns(columns: list[str]) -> None:
    doubled = {name for name in columns if name and columns.count(name) > 1}
    if doubled:
        raise StorefrontError(
            "catalogue.columns",
            sentence("These columns come twice: %(names)s.", names=_join(doubled)),
        )
    has_title = any(n == "title" or n.startswith("title_") for n in columns)
    if "sku" not in columns or not has_title:
        raise StorefrontError(
            "catalogue.columns",
            sentence(
                "The first line must name the columns; sku and a title are needed."
            ),
            fix=sentence(
                "Known columns: %(names)s, and title_xx, url_xx by language.",
                names=_join(_PLAIN),
            ),
        )


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _take_over(
    fields: list[str], columns: list[str], line: int, seen: dict[str, int]
) -> CatalogueItem | Rejected:
    row = {
        name: cell_of(field) if name in _IDS else field.strip()
        for name, field in zip(columns, fields, strict=False)
    }
    sku = row.get("sku", "")
    if len(fields) > len(columns):
        reason = sentence("the line has more fields than the first line")
        return Rejected(line, sku, reason)
    if sku in seen:
        reason = sentence("the SKU is on line %(line)d already", line=seen[sku])
        return Rejected(line, sku, reason)
    try:
        item = _item(row, line)
    except _BadValue as error:
        return Rejected(line, sku, error.reason)
    seen[sku] = line
    return item


def _item(row: Row, line: int) -> CatalogueItem:
    for name, longest in _LONGEST.items():
        if len(row.get(name, "")) > longest:
            raise _TooLong(name, longest)
    if not row.get("sku"):
        raise _BadValue(sentence("sku is empty"))
    if any(ord(sign) < 32 for value in row.values() for sign in value if sign != "\n"):
        raise _BadValue(sentence("a field has characters that are not text"))
    texts = _texts(row)
    title = row.get("title") or next((t.title for t in texts.values() if t.title), "")
    if not title:
        raise _BadValue(sentence("no title is given"))
    return CatalogueItem(
        line=line,
        sku=row["sku"],
        title=title,
        barcode=row.get("barcode", ""),
        price=_price(row.get("price", "")),
        currency=_currency(row.get("currency", "")),
        category=row.get("category", ""),
        stock=_stock(row.get("stock", "")),
        warehouse=row.get("warehouse", ""),
        texts=tuple(texts.items()),
    )


def _texts(row: Row) -> dict[str, Text]:
    found: dict[str, dict[str, str]] = {}
    for name, value in row.items():
        match = _LANGUAGE.match(name)
        if match and value:
            kind, language = match.groups()
            found.setdefault(language.replace("_", "-"), {})[kind] = value
    texts = {language: Text(**values) for language, values in found.items()}
    for language, text in texts.items():
        if len(text.title) > _LONGEST["title"]:
            raise _TooLong(f"title_{language}", _LONGEST["title"])
        if text.url and not _is_web_address(text.url):
            raise _BadValue(
                sentence("%(column)s is not a web address", column=f"url_{language}")
            )
    return texts


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"} and bool(parts.netloc)
    return is_web and len(url) <= _LONGEST_URL


def _price(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise _BadValue(
            sentence("price is “%(text)s”: write it like 1234.50", text=text)
        ) from error
    if not price.is_finite() or not 0 <= price <= _MOST_PRICE:
        raise _BadValue(
            sentence("price is “%(text)s”: it must be 0 or more", text=text)
        )
    if price != round(price, 2):
        raise _BadValue(
            sentence(
                "price is “%(text)s”: it has more than two decimal places", text=text
            )
        )
    return round(price, 2)


def _currency(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z]{3}", text):
        raise _BadValue(
            sentence(
                "currency is “%(text)s”: three letters are needed, like EUR", text=text
            )
        )
    return text.upper()


def _stock(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > _MOST_STOCK:
        raise _BadValue(
            sentence(
                "stock is “%(text)s”: a whole number of units is needed", text=text
            )
        )
    return int(text)
