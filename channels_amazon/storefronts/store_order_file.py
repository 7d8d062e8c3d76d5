"""Reads store orders from a CSV file, one row a line of an order; storefronts layer.

Columns by name, in any order. The first row of an order holds its facts; its other
rows may leave them empty, and must not contradict them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from channels_amazon.rules.local_times import SkippedTimeError, moment_of
from channels_amazon.rules.orders.limits import is_possible_time
from channels_amazon.storefronts.catalogue import Rejected, StorefrontError
from channels_amazon.storefronts.file_text import decode, lines_of
from channels_amazon.storefronts.table_file import cell_of
from channels_amazon.wording import Sentence, sentence

# Column, and the part of the address that it is by Amazon's name.
ADDRESS = {
    "name": "name",
    "company": "companyName",
    "address1": "addressLine1",
    "address2": "addressLine2",
    "address3": "addressLine3",
    "city": "city",
    "district": "districtOrCounty",
    "state": "stateOrRegion",
    "postal_code": "postalCode",
    "country": "countryCode",
    "phone": "phone",
}
NEEDED = ("order", "sku", "quantity", "name", "address1", "postal_code", "country")
_FACTS = ("placed", "speed", "currency", "total", *ADDRESS)
# A name or an address keeps its quotes; an id has none around it.
_IDS = frozenset({"order", "line", "sku", "quantity", "postal_code", "phone"})
COLUMNS = ("order", "line", "sku", "quantity", *_FACTS)
MOST_ROWS = 5000
_SEPARATORS = ",;\t"
_MOST_TOTAL = Decimal("999999999999.99")

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line of an order; `number` is its place in the order where none is given."""

    number: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class FileOrder:
    """One order of the file; `row` is where it begins, `placed_at` None for now."""

    row: int
    number: str
    placed_at: datetime | None
    speed: str
    currency: str
    total: Decimal | None
    destination: Mapping[str, str] = field(repr=False)
    lines: tuple[FileLine, ...]


class _Bad(ValueError):
    """One field of a row cannot be taken over."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


def read_orders(
    lines: Iterable[str], zone: tzinfo = UTC
) -> Iterator[FileOrder | Rejected]:
    """Yield the orders of a CSV text, each whole or rejected with all its rows.

    Times without an offset are of `zone`. Raises StorefrontError when the columns are
    not there or the file is too long.
    """
    for number, rows in _grouped(lines).items():
        try:
            yield _order(number, rows, zone)
        except _Bad as error:
            yield Rejected(rows[0][0], number, error.message)


def decoded(content: bytes) -> list[str]:
    """Return the lines of a file; raises StorefrontError when it is no text."""
    return list(lines_of(decode(content, kind="store_orders")))


def _grouped(lines: Iterable[str]) -> dict[str, list[tuple[int, Row]]]:
    remaining = iter(lines)
    header = next(remaining, "")
    separator = max(_SEPARATORS, key=header.count)
    columns = _columns(header, separator)
    reader = csv.reader(remaining, delimiter=separator, strict=True)
    orders: dict[str, list[tuple[int, Row]]] = {}
    try:
        for fields in reader:
            place = reader.line_num + 1
            if not any(text.strip() for text in fields):
                continue
            if reader.line_num > MOST_ROWS:
                raise StorefrontError(
                    "store_orders.too_long",
                    sentence("The file has more than %(most)s rows.", most=MOST_ROWS),
                )
            row = {
                name: cell_of(text) if name in _IDS else text.strip()
                for name, text in zip(columns, fields, strict=False)
            }
            row["_extra"] = "yes" if len(fields) > len(columns) else ""
            orders.setdefault(row.get("order", ""), []).append((place, row))
    except csv.Error as error:
        raise StorefrontError(
            "store_orders.not_csv",
            sentence("Row %(row)s is not CSV.", row=reader.line_num + 1),
        ) from error
    return orders


def _columns(header: str, separator: str) -> list[str]:
    try:
        names = next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        names = []
    columns = [name.strip().lower() for name in names]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise StorefrontError(
            "store_orders.columns",
            sentence(
                "The first row must name the columns; these are missing: %(names)s.",
                names=", ".join(missing),
            ),
            fix=sentence("Begin with the example file."),
        )
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        raise StorefrontError(
            "store_orders.columns",
            sentence("These columns come twice: %(names)s.", names=", ".join(doubled)),
        )
    return columns


def _order(number: str, rows: list[tuple[int, Row]], zone: tzinfo) -> FileOrder:
    if not number:
        raise _Bad(sentence("A row has no order number."))
    facts = {name: rows[0][1].get(name, "") for name in _FACTS}
    for place, row in rows:
        if row["_extra"]:
            raise _Bad(
                sentence("Row %(row)s has more fields than the first row.", row=place)
            )
        for name in _FACTS:
            told = row.get(name, "")
            if told and told != facts[name]:
                raise _Bad(
                    sentence(
                        "Row %(row)s contradicts the order's first row in %(name)s.",
                        row=place,
                        name=name,
                    )
                )
    return FileOrder(
        row=rows[0][0],
        number=number,
        placed_at=_moment(facts["placed"], zone),
        speed=facts["speed"].lower() or "standard",
        currency=_currency(facts["currency"]),
        total=_total(facts["total"]),
        destination={ADDRESS[name]: facts[name] for name in ADDRESS if facts[name]},
        lines=tuple(
            FileLine(row.get("line") or str(n), row.get("sku", ""), _units(row, place))
            for n, (place, row) in enumerate(rows, 1)
        ),
    )


def _units(row: Row, place: int) -> int:
    text = row.get("quantity", "")
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise _Bad(
            sentence("Row %(row)s: the quantity is not a whole number.", row=place)
        )
    return int(text)


def _moment(text: str, zone: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        written = datetime.fromisoformat(text)
        is_aware = written.tzinfo is not None
        moment = written.astimezone(UTC) if is_aware else moment_of(written, zone)
    except SkippedTimeError:
        raise _Bad(
            sentence(
                "The clocks of the file's time zone skip this time, since summer time "
                "begins: %(text)s.",
                text=text,
            )
        ) from None
    except (ValueError, OverflowError):
        raise _Bad(
            sentence("The time is not like 2026-11-25T14:30:00Z: %(text)s.", text=text)
        ) from None
    if not is_possible_time(moment):
        raise _Bad(sentence("No order is of this year: %(text)s.", text=text))
    return moment


def _currency(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z]{3}", text):
        raise _Bad(sentence("The currency must be three letters, such as EUR."))
    return text.upper()


def _total(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        total = Decimal(text)
    except InvalidOperation:
        total = Decimal(-1)
    is_amount = total.is_finite() and 0 <= total <= _MOST_TOTAL
    if not is_amount or total != round(total, 2):
        raise _Bad(
            sentence("The total is not an amount like 1234.50: %(text)s.", text=text)
        )
    return round(total, 2)
