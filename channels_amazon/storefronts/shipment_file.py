"""Reads parcels of a store from a file of columns; storefronts layer.

The first line names the columns, in English or Chinese, in any order: order id, carrier
and tracking number are needed; method, ship date, SKU and quantity may be there. A
parcel with several SKUs has a line for each. Commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from channels_amazon.rules.local_times import SkippedTimeError, last_second, moment_of
from channels_amazon.rules.orders.limits import is_possible_time
from channels_amazon.rules.pasted_ids import PastedId, WrongForm, read
from channels_amazon.rules.shipping.templates import MOST_UNITS
from channels_amazon.rules.shipping.tracking import number_key, without_spaces
from channels_amazon.storefronts import file_text
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.file_numbers import is_cut
from channels_amazon.storefronts.table_file import cell_of
from channels_amazon.wording import Sentence, sentence

MOST_LINES = 10_000
# Bytes. The page sends the text back in a form, whose limit is 2.5 MB (Django's
# DATA_UPLOAD_MAX_MEMORY_SIZE), and URL-encoding makes it longer.
MOST_BYTES = 1_500_000

ORDER, CARRIER, METHOD = "order id", "carrier", "method"
TRACKING, SHIP_DATE, SKU, QUANTITY = "tracking number", "ship date", "sku", "quantity"
COLUMNS = (ORDER, CARRIER, METHOD, TRACKING, SHIP_DATE, SKU, QUANTITY)
_NEEDED = (ORDER, CARRIER, TRACKING)
EXAMPLE = (
    COLUMNS,
    ("902-1234567-1234567", "UPS", "Ground", "1Z999AA10123456784", "", "", ""),
    ("902-7654321-7654321", "DHL", "", "JJD000390001", "2026-03-01 15:30", "A-1", "2"),
    ("902-7654321-7654321", "DHL", "", "JJD000390001", "2026-03-01 15:30", "B-7", "1"),
)

# Accepted column names, folded: without case, spaces, dashes and underscores.
_NAMES: dict[str, str] = {
    **dict.fromkeys(
        ("orderid", "amazonorderid", "order", "ordernumber", "orderno"), ORDER
    ),
    **dict.fromkeys(("订单号", "订单编号", "亚马逊订单号", "订单id", "订单"), ORDER),
    **dict.fromkeys(
        ("carrier", "carriername", "carriercode", "shippingcarrier"), CARRIER
    ),
    **dict.fromkeys(
        ("承运商", "承运人", "物流商", "物流公司", "快递公司", "快递"), CARRIER
    ),
    **dict.fromkeys(("method", "shipmethod", "shippingmethod", "service"), METHOD),
    **dict.fromkeys(("配送方式", "物流方式", "运输方式", "发货方式", "服务"), METHOD),
    **dict.fromkeys(
        ("trackingnumber", "tracking", "trackingno", "trackingid"), TRACKING
    ),
    **dict.fromkeys(
        ("运单号", "物流单号", "快递单号", "跟踪号", "追踪号", "追踪编号"), TRACKING
    ),
    **dict.fromkeys(
        ("shipdate", "shippedat", "shipped", "date", "shippingdate"), SHIP_DATE
    ),
    **dict.fromkeys(("发货日期", "发货时间", "发货", "日期"), SHIP_DATE),
    **dict.fromkeys(("sku", "sellersku", "merchantsku", "itemsku"), SKU),
    **dict.fromkeys(("卖家sku", "商品sku", "商品编码", "货号"), SKU),
    **dict.fromkeys(("quantity", "qty", "units", "count"), QUANTITY),
    **dict.fromkeys(("数量", "件数", "发货数量"), QUANTITY),
}
_LONGEST = {ORDER: 40, CARRIER: 80, METHOD: 80, TRACKING: 80, SKU: 80}
_SEPARATORS = "\t;,"
# Year first: 03/04/2026 would be two days, depending on the country.
_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?\Z"
)

Row = Mapping[str, str]


@dataclass(slots=True)
class FileParcel:
    """One parcel of the file; `lines` are where it stands, `shipped_at` may be None."""

    amazon_order_id: str
    carrier: str
    method: str
    tracking_number: str
    shipped_at: datetime | None
    contents: dict[str, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that is not a parcel, and why."""

    line: int
    order_id: str
    reason: Sentence


@dataclass(frozen=True, slots=True)
class _Clock:
    """The present time, and the zone of ship dates that say none."""

    now: datetime
    zone: tzinfo


class _BadCell(ValueError):
    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def decode(content: bytes) -> str:
    """Return the file's text, whichever of the usual encodings it is in.

    Raises StorefrontError for one that is too large or no text.
    """
    if len(content) > MOST_BYTES:
        raise StorefrontError(
            "shipment_file.too_large",
            sentence("The file is larger than 1.5 MB: split it."),
        )
    return file_text.decode(content, kind="shipment_file")


def read_text(
    text: str, *, now: datetime, zone: tzinfo = UTC
) -> tuple[list[FileParcel], list[RejectedLine]]:
    """Return the file's parcels and the lines that were rejected.

    Ship dates without an offset are of `zone`; one without an hour ends with its day,
    or `now`, which is aware. Raises StorefrontError when needed columns are missing or
    there is too much.
    """
    clock = _Clock(now, zone)
    header, _newline, _rest = text.partition("\n")
    separator = max(_SEPARATORS, key=header.count)
    # Keep the line ends: a quoted field may contain one.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns = _columns(_first(reader))
    parcels: dict[tuple[str, str], FileParcel] = {}
    rejected: list[RejectedLine] = []
    for line, fields in _lines(reader, rejected):
        row = {
            name: cell_of(value)
            for name, value in zip(columns, fields, strict=False)
            if name
        }
        try:
            if any(value.strip() for value in fields[len(columns) :]):
                raise _BadCell(
                    sentence("The line has more fields than the first line.")
                )
            _take_over(_checked(_with_order_id(row)), line, parcels, clock)
        except _BadCell as error:
            rejected.append(RejectedLine(line, row.get(ORDER, ""), error.reason))
    return list(parcels.values()), rejected


def example() -> str:
    """Return a file to begin with, with a byte order mark for spreadsheets."""
    out = io.StringIO()
    csv.writer(out).writerows(EXAMPLE)
    return "\ufeff" + out.getvalue()


def _first(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next(reader, [])
    except csv.Error:
        return []


def _lines(
    reader: Iterator[list[str]], rejected: list[RejectedLine]
) -> Iterator[tuple[int, list[str]]]:
    count = 0
    line = 1
    while True:
        line = int(getattr(reader, "line_num", line)) + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            rejected.append(RejectedLine(line, "", sentence("The line is not CSV.")))
            continue
        if not any(field.strip() for field in fields):
            continue
        count += 1
        if count > MOST_LINES:
            raise StorefrontError(
                "shipment_file.too_long",
                sentence(
                    "The file has more than %(most)d lines: split it.", most=MOST_LINES
                ),
            )
        yield line, fields


def _columns(names: Sequence[str]) -> list[str]:
    columns = [_NAMES.get(_plain(name), "") for name in names]
    doubled = {name for name in columns if name and columns.count(name) > 1}
    if doubled:
        raise StorefrontError(
            "shipment_file.columns",
            sentence("These columns are there twice: %(names)s.", names=_join(doubled)),
        )
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise StorefrontError(
            "shipment_file.columns",
            sentence(
                "The first line must name the columns. Missing: %(names)s.",
                names=_join(missing),
            ),
        )
    return columns


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.#:：\ufeff]", "", name).casefold()


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _checked(row: Row) -> Row:
    for name in _NEEDED:
        if not row.get(name):
            raise _BadCell(sentence("%(column)s is empty.", column=name))
    for name, longest in _LONGEST.items():
        value = row.get(name, "")
        if len(value) > longest or not value.isprintable():
            raise _BadCell(
                sentence(
                    "%(column)s is longer than %(longest)d characters, or no text.",
                    column=name,
                    longest=longest,
                )
            )
    if is_cut(row[TRACKING]):
        raise _BadCell(
            sentence(
                "The tracking number was cut by a spreadsheet: format the column as "
                "text before you save."
            )
        )
    return row


def _with_order_id(row: Row) -> Row:
    """Return the row with its order id, if there is one, as Amazon writes it."""
    if not row.get(ORDER):
        return row
    try:
        return {**row, ORDER: read(PastedId.ORDER_ID, row[ORDER])}
    except WrongForm as error:
        raise _BadCell(
            sentence(
                "“%(text)s” is no order id of Amazon: one looks like %(example)s.",
                text=row[ORDER],
                example=error.example,
            )
        ) from error


def _take_over(
    row: Row, line: int, parcels: dict[tuple[str, str], FileParcel], clock: _Clock
) -> None:
    """Add the line to its parcel, which it may begin."""
    sku, units = row.get(SKU, ""), _units(row)
    tracking = without_spaces(row[TRACKING])
    shipped_at = _shipped_at(row.get(SHIP_DATE, ""), clock)
    key = (row[ORDER], number_key(tracking))
    parcel = parcels.get(key)
    if parcel is None:
        parcel = parcels[key] = FileParcel(
            row[ORDER], row[CARRIER], row.get(METHOD, ""), tracking, shipped_at
        )
    else:
        _check_same(parcel, row, sku)
    if sku:
        parcel.contents[sku] = parcel.contents.get(sku, 0) + units
    parcel.lines.append(line)


def _check_same(parcel: FileParcel, row: Row, sku: str) -> None:
    if (parcel.carrier, parcel.method) != (row[CARRIER], row.get(METHOD, "")):
        raise _BadCell(
            sentence(
                "Line %(line)d has the same tracking number with another carrier.",
                line=parcel.lines[0],
            )
        )
    if not sku or not parcel.contents or sku in parcel.contents:
        raise _BadCell(
            sentence("Line %(line)d is the same parcel.", line=parcel.lines[0])
        )


def _units(row: Row) -> int:
    text = row.get(QUANTITY, "")
    if text and not row.get(SKU):
        raise _BadCell(sentence("A quantity needs its SKU on the line."))
    if not text:
        return 1
    # Spreadsheets may write 2 as 2.0.
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text):
        raise _BadCell(
            sentence("quantity is “%(text)s”: a whole number is needed.", text=text)
        )
    units = int(text.partition(".")[0])
    if not 0 < units <= MOST_UNITS:
        raise _BadCell(
            sentence("quantity is “%(text)s”: it must be 1 or more.", text=text)
        )
    return units


def _shipped_at(text: str, clock: _Clock) -> datetime | None:
    moment = _moment(text, clock)
    if moment is not None and not is_possible_time(moment):
        raise _BadCell(
            sentence(
                "ship date is “%(text)s”: no parcel is of this year.", text=text[:40]
            )
        )
    return moment


def _moment(text: str, clock: _Clock) -> datetime | None:
    if not text:
        return None
    match = _MOMENT.match(text)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day, hour, minute, second, zone = match.groups()
        on = date(int(year), int(month), int(day))
        if hour is None:
            # The order may be of the same day: the end of the day is never before it.
            end = last_second(on, clock.zone)
            is_over = on <= clock.now.astimezone(clock.zone).date()
            return min(end, clock.now) if is_over else end
        wall = datetime.combine(on, time(int(hour), int(minute), int(second or 0)))
        if zone:
            return wall.replace(tzinfo=UTC) - _offset(zone)
        return moment_of(wall, clock.zone)
    except SkippedTimeError as error:
        raise _BadCell(
            sentence(
                "ship date is “%(text)s”: the clocks of its time zone skip this time, "
                "since summer time begins.",
                text=text[:40],
            )
        ) from error
    except (ValueError, OverflowError) as error:
        raise _BadCell(
            sentence(
                "ship date is “%(text)s”: write it like 2026-03-01 15:30.",
                text=text[:40],
            )
        ) from error


def _offset(zone: str) -> timedelta:
    if zone in {"Z", "UTC"}:
        return timedelta(0)
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
