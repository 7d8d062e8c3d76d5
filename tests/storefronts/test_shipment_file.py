"""Files of parcels: any order of columns, any usual encoding, errors by line."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.shipment_file import (
    MOST_BYTES,
    MOST_LINES,
    FileParcel,
    decode,
    example,
    read_text,
)

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ID = "902-0000001-0000001"
HEADER = "order id,carrier,method,tracking number,ship date,sku,quantity\n"


def parcels(text: str) -> list[FileParcel]:
    """Return the parcels of a text that has no bad line."""
    found, rejected = read_text(text, now=NOW)
    assert rejected == []
    return found


def reason(line: str) -> str:
    """Return why the only line is rejected."""
    found, (rejected,) = read_text(HEADER + line, now=NOW)
    assert (found, rejected.line) == ([], 2)
    return rejected.reason


def test_line_is_read_with_every_column() -> None:
    (parcel,) = parcels(
        HEADER + "902-0000001-0000001,UPS,Ground,1Z 99,2026-02-28 15:30,A-1,2\n"
    )

    assert parcel == FileParcel(
        "902-0000001-0000001",
        "UPS",
        "Ground",
        "1Z99",
        datetime(2026, 2, 28, 15, 30, tzinfo=UTC),
        {"A-1": 2},
        [2],
    )


def test_lines_of_one_tracking_number_are_one_parcel() -> None:
    rows = f"{ID},UPS,,1Z,,A,2\n902-0000001-0000002,UPS,,1Z,,A,\n\n{ID},UPS,,1-z,,B,1\n"

    first, second = parcels(HEADER + rows)

    assert (first.contents, first.lines) == ({"A": 2, "B": 1}, [2, 5])
    assert (second.contents, second.shipped_at) == ({"A": 1}, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_chinese_columns_in_any_encoding_and_order(
    encoding: str, separator: str
) -> None:
    rows = [
        ["数量", "快递单号", "备注", "订单编号", "物流公司", "卖家SKU", "发货日期"],
        [
            "3",
            "SF123",
            "易碎",
            "902-0000001-0000001",
            "顺丰速运",
            "杯子-1",
            "2026年2月28日",
        ],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)

    (parcel,) = parcels(decode(text.encode(encoding)))

    assert (parcel.carrier, parcel.contents) == ("顺丰速运", {"杯子-1": 3})
    assert parcel.shipped_at == datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


def test_western_letters_are_not_taken_for_chinese() -> None:
    text = f"order id;carrier;tracking number;sku\n{ID};Österreichische Post;1;KÖRB"

    (parcel,) = parcels(decode(text.encode("cp1252")))

    assert (parcel.carrier, parcel.contents) == ("Österreichische Post", {"KÖRB": 1})


def test_cell_loses_what_a_spreadsheet_put_around_it() -> None:
    rows = f'\u200b{ID}\u00a0,UPS\u00a0,,\'YT26,,"=""A-1""",2\n'

    (parcel,) = parcels(HEADER + rows)

    assert (parcel.carrier, parcel.tracking_number) == ("UPS", "YT26")
    assert parcel.contents == {"A-1": 2}


def test_columns_of_amazons_own_spelling_are_known() -> None:
    (parcel,) = parcels(
        "amazon-order-id,Carrier_Name,Tracking No.\n902-0000001-0000001,DHL,JJD\n"
    )

    assert (parcel.amazon_order_id, parcel.tracking_number) == (
        "902-0000001-0000001",
        "JJD",
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-02-28T15:30:10Z", datetime(2026, 2, 28, 15, 30, 10, tzinfo=UTC)),
        ("2026/2/28 15:30 +08:00", datetime(2026, 2, 28, 7, 30, tzinfo=UTC)),
        ("2026-03-01", NOW),
        ("2026-03-02", datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)),
        ("", None),
    ],
)
def test_ship_date_is_read(text: str, at: datetime | None) -> None:
    (parcel,) = parcels(HEADER + f"902-0000001-0000001,UPS,,1Z,{text},,\n")

    assert parcel.shipped_at == at


@pytest.mark.parametrize(
    ("zone", "text", "at"),
    [
        ("Asia/Shanghai", "2026-02-28 15:30", datetime(2026, 2, 28, 7, 30, tzinfo=UTC)),
        (
            "America/Los_Angeles",
            "2026-02-28 15:30",
            datetime(2026, 2, 28, 23, 30, tzinfo=UTC),
        ),
        # Its own offset comes first.
        (
            "Asia/Shanghai",
            "2026-02-28 15:30Z",
            datetime(2026, 2, 28, 15, 30, tzinfo=UTC),
        ),
        # The last second of the day there.
        (
            "Asia/Shanghai",
            "2026-02-28",
            datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC),
        ),
        # Shown twice: the earlier.
        (
            "America/Los_Angeles",
            "2025-11-02 01:30",
            datetime(2025, 11, 2, 8, 30, tzinfo=UTC),
        ),
    ],
)
def test_ship_date_is_of_the_files_zone(zone: str, text: str, at: datetime) -> None:
    (parcel,), _rejected = read_text(
        HEADER + f"902-0000001-0000001,UPS,,1Z,{text},,\n",
        now=NOW,
        zone=ZoneInfo(zone),
    )

    assert parcel.shipped_at == at


def test_day_of_the_file_that_is_not_over_is_now() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    line = f"902-0000001-0000001,UPS,,1Z,{NOW.astimezone(zone):%Y-%m-%d},,\n"

    (parcel,), _rejected = read_text(HEADER + line, now=NOW, zone=zone)

    assert parcel.shipped_at == NOW


def test_ship_date_that_clocks_skip_is_rejected() -> None:
    _parcels, (rejected,) = read_text(
        HEADER + "902-0000001-0000001,UPS,,1Z,2026-03-08 02:30,,\n",
        now=NOW,
        zone=ZoneInfo("America/Los_Angeles"),
    )

    assert "skip this time" in rejected.reason


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (",UPS,,1Z,,,", "order id is empty"),
        ("902-0000001-0000001,,,1Z,,,", "carrier is empty"),
        ("902-0000001-0000001,UPS,,,,,", "tracking number is empty"),
        ("902-0000001-0000001,UPS,,1.23E+11,,,", "spreadsheet"),
        ('902-0000001-0000001,UPS,,"3,40434E+19",,,', "spreadsheet"),
        ("902-0000001-0000001,UPS,,1\x07Z,,,", "no text"),
        (f"902-0000001-0000001,UPS,,{'1' * 81},,,", "longer"),
        ("902-0000001-0000001,UPS,,1Z,01/03/2026,,", "ship date"),
        ("902-0000001-0000001,UPS,,1Z,2026-02-30,,", "ship date"),
        ("902-0000001-0000001,UPS,,1Z,0001-01-01 00:00 +09:00,,", "ship date"),
        ("902-0000001-0000001,UPS,,1Z,0001-01-01 00:00Z,,", "no parcel is of this"),
        ("902-0000001-0000001,UPS,,1Z,9999-12-30,,", "no parcel is of this"),
        ("902-0000001-0000001,UPS,,1Z,,,2", "SKU"),
        ("902-0000001-0000001,UPS,,1Z,,A,two", "whole number"),
        ("902-0000001-0000001,UPS,,1Z,,A,0", "1 or more"),
        ("902-0000001-0000001,UPS,,1Z,,A,-1", "whole number"),
        ("902-0000001-0000001,UPS,,1Z,,A,1,more", "more fields"),
    ],
)
def test_bad_line_says_why(line: str, word: str) -> None:
    assert word in reason(line)


def test_contradicting_lines_name_the_first() -> None:
    rows = f"{ID},UPS,,1Z,,A,1\n{ID},DHL,,1Z,,B,1\n{ID},UPS,,1Z,,A,1\n"

    (parcel,), rejected = read_text(HEADER + rows, now=NOW)

    assert (parcel.contents, [one.line for one in rejected]) == ({"A": 1}, [3, 4])
    assert all("Line 2" in one.reason for one in rejected)


@pytest.mark.parametrize(
    "text",
    ["", "order id,carrier\n1,2\n", HEADER.replace("sku", "订单号"), "a,b,c\n1,2,3\n"],
)
def test_file_without_its_columns_is_refused(text: str) -> None:
    with pytest.raises(StorefrontError):
        read_text(text, now=NOW)


def test_too_large_or_binary_file_is_refused() -> None:
    for content in (
        b"a" * (MOST_BYTES + 1),
        b"PK\x03\x04\x00\xff\xfe",
        b"\xff\xfe\x00",
    ):
        with pytest.raises(StorefrontError):
            decode(content)
    rows = "902-0000001-0000001,UPS,,1Z,,,\n" * (MOST_LINES + 1)
    with pytest.raises(StorefrontError):
        read_text(HEADER + rows, now=NOW)


def test_example_can_be_read_again() -> None:
    text = decode(example().encode("utf-8"))

    assert example().encode().startswith(codecs.BOM_UTF8)
    assert [len(parcel.lines) for parcel in parcels(text)] == [1, 2]


@given(st.text(alphabet='ab,"\n\r;\t订\x00 1', max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    found, rejected = read_text(HEADER + text, now=NOW)

    assert all(one.tracking_number for one in found)
    assert all(one.reason for one in rejected)


@pytest.mark.parametrize(
    "pasted",
    [
        " 902-0000001-0000001\u200b",
        "“902-0000001-0000001”",
        "９０２－００００００１－００００００１",
        "902–0000001–0000001",
        "902%2D0000001%2D0000001",
    ],
)
def test_order_id_is_read_however_it_was_pasted(pasted: str) -> None:
    (parcel,) = parcels(f"order id,carrier,tracking number\n{pasted},UPS,1Z\n")

    assert parcel.amazon_order_id == "902-0000001-0000001"


def test_order_id_of_another_form_is_refused_with_an_example() -> None:
    assert "one looks like 902-3159896-1390916" in reason("902-1,UPS,,1Z,,,")
