"""Store orders in a CSV file, with what goes wrong in files."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.storefronts.catalogue import Rejected, StorefrontError
from channels_amazon.storefronts.store_order_file import (
    COLUMNS,
    FileLine,
    FileOrder,
    decoded,
    read_orders,
)
from tests.conftest import ROOT

HEAD = "order,sku,quantity,name,address1,city,postal_code,country,placed,total\n"


def rows(*lines: str, head: str = HEAD) -> list[FileOrder | Rejected]:
    """Return what a file of these rows holds."""
    return list(read_orders([head, *(f"{line}\n" for line in lines)]))


def test_example_file_is_read() -> None:
    path = Path(ROOT) / "static/channels_amazon/store_orders_example.csv"

    first, second = read_orders(decoded(path.read_bytes()))

    assert isinstance(first, FileOrder)
    assert isinstance(second, FileOrder)
    assert first.lines == (FileLine("1", "MUG-RED", 2), FileLine("2", "PAN-20", 1))
    assert first.placed_at == datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
    assert (first.total, first.destination["stateOrRegion"]) == (Decimal("39.80"), "WA")
    assert second.speed == "expedited"


def test_separator_byte_order_mark_and_quotes_are_taken() -> None:
    head = "\ufefforder;sku;quantity;name;address1;postal_code;country\n"
    text = head + '"1";A;2;"B; C";D;E;DE\n'

    (order,) = read_orders(decoded(text.encode()))

    assert isinstance(order, FileOrder)
    assert order.destination["name"] == "B; C"


def test_file_in_chinese_and_with_signs_within_a_line_is_read() -> None:
    text = HEAD + "1,A,1,王小明,深南大道1号,深圳,518000,CN,,\n"
    text += '2,A,1,Ann,"1 Test St\u2028Flat 2",Boston,\'02138,US,,\n'

    first, second = read_orders(decoded(text.encode()))
    lines = text.split("\n")[:2]
    (again,) = read_orders(decoded("\n".join(lines).encode("gb18030")))

    assert isinstance(first, FileOrder)
    assert isinstance(second, FileOrder)
    assert isinstance(again, FileOrder)
    assert again.destination == first.destination
    assert second.destination["addressLine1"] == "1 Test St\u2028Flat 2"
    assert second.destination["postalCode"] == "02138"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (",A,1,N,L,C,P,DE,,", "order number"),
        ("1,A,x,N,L,C,P,DE,,", "quantity"),
        ("1,A,-1,N,L,C,P,DE,,", "quantity"),
        ("1,A,1,N,L,C,P,DE,soon,", "time"),
        ("1,A,1,N,L,C,P,DE,,NaN", "total"),
        ("1,A,1,N,L,C,P,DE,,1.234", "total"),
        ("1,A,1,N,L,C,P,DE,,1,2", "more fields"),
    ],
)
def test_bad_row_rejects_its_order_alone(row: str, word: str) -> None:
    bad, good = rows(row, "2,A,1,N,L,C,P,DE,,")

    assert isinstance(bad, Rejected)
    assert word in bad.reason
    assert isinstance(good, FileOrder)


def test_rows_that_contradict_each_other_reject_the_order() -> None:
    (bad,) = rows("1,A,1,N,L,C,P,DE,,", "1,B,1,Other,,,,,,")

    assert isinstance(bad, Rejected)
    assert "Row 3" in bad.reason


@pytest.mark.parametrize(
    "head", ["", "order,sku\n", HEAD.replace("placed", "order"), '"order\n']
)
def test_file_without_its_columns_is_refused(head: str) -> None:
    with pytest.raises(StorefrontError):
        rows("1,A,1", head=head)


def test_file_that_is_no_text_or_too_long_is_refused() -> None:
    with pytest.raises(StorefrontError):
        decoded(b"\xff\xfe\x00")
    with pytest.raises(StorefrontError):
        rows(*["1,A,1,N,L,C,P,DE,,"] * 5001)


@pytest.mark.parametrize(
    ("zone", "placed", "at"),
    [
        (
            "Asia/Shanghai",
            "2026-11-25T14:30",
            datetime(2026, 11, 25, 6, 30, tzinfo=UTC),
        ),
        (
            "America/Los_Angeles",
            "2026-11-25 14:30",
            datetime(2026, 11, 25, 22, 30, tzinfo=UTC),
        ),
        # Its own offset comes first.
        (
            "Asia/Shanghai",
            "2026-11-25T14:30Z",
            datetime(2026, 11, 25, 14, 30, tzinfo=UTC),
        ),
        ("America/Los_Angeles", "2026-03-08T02:30", None),
        ("America/Los_Angeles", "9999-12-31T23:30", None),
        # Damaged data, some of it outside of the calendar in UTC.
        ("America/Los_Angeles", "0001-01-01T00:00:00+14:00", None),
        ("America/Los_Angeles", "9999-12-31T23:59:59-12:00", None),
        ("America/Los_Angeles", "0001-01-01T00:00:00Z", None),
        ("Asia/Shanghai", "9999-12-31T12:00", None),
        ("Asia/Shanghai", "1899-12-30", None),
    ],
)
def test_time_is_of_the_files_zone(zone: str, placed: str, at: datetime | None) -> None:
    lines = [f"{HEAD}", f"1,A,1,N,L,C,P,DE,{placed},\n"]

    (order,) = read_orders(lines, ZoneInfo(zone))

    assert getattr(order, "placed_at", None) == at
    assert isinstance(order, Rejected) == (at is None)


def test_impossible_time_refuses_its_order_alone() -> None:
    lines = [HEAD, "1,A,1,N,L,C,P,DE,0001-01-01,\n", "2,A,1,N,L,C,P,DE,2026-11-25,\n"]

    bad, good = read_orders(lines)

    assert isinstance(bad, Rejected)
    assert "0001-01-01" in bad.reason
    assert isinstance(good, FileOrder)


@given(st.lists(st.text(alphabet='A1,;"\n\t \x00', max_size=30), max_size=5))
def test_file_is_read_or_refused(lines: list[str]) -> None:
    text = ",".join(COLUMNS) + "\n" + "\n".join(lines)
    try:
        found = list(read_orders(decoded(text.encode())))
    except StorefrontError:
        return
    assert all(isinstance(item, FileOrder | Rejected) for item in found)
