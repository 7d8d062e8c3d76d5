"""Tests of reading the all-orders report with all its oddities."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.spapi.errors import UnexpectedResponse
from channels_amazon.spapi.order_report import (
    QuarantinedRow,
    ReportRow,
    iterate_rows,
    read_order_report,
)
from channels_amazon.spapi.report_table import open_table
from tests.spapi.report_rows import COLUMNS, DE, JP, ORDER, only, read, row, written

WRONG_COUNT = "the row has another number of fields (%d) than the first one (16)"


def test_report_is_read_whole() -> None:
    order = only(read(written(row(is_business_order="true", quantity="3"))))

    assert (order.order_id, order.status) == (ORDER, "Shipped")
    assert (order.fulfilled_by, order.sales_channel) == ("MERCHANT", "Amazon.de")
    assert order.purchased_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert (order.is_business, order.is_non_amazon) == (True, False)
    line = order.lines[0]
    assert (line.sku, line.quantity, line.currency) == ("SKU-1", 3, "EUR")
    assert (line.item_price, line.item_tax) == (Decimal("9.99"), None)


def test_rows_of_an_order_may_lie_apart() -> None:
    report = read(
        written(
            row(sku="A", order_status="Unshipped"),
            row(amazon_order_id="902-0000000-0000001", sku="B"),
            row(sku="C", last_updated_date="2026-11-20T13:00:00Z"),
        )
    )

    first, second = report.orders
    assert [line.sku for line in first.lines] == ["A", "C"]
    assert (first.status, first.updated_at.hour) == ("Shipped", 13)
    assert [line.sku for line in second.lines] == ["B"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\n\r\n"])
def test_line_ends_and_blank_lines_do_not_matter(end: str) -> None:
    assert only(read(written(row(), end=end))).lines[0].quantity == 1


def test_last_line_needs_no_end() -> None:
    assert only(read(written(row()).rstrip())).order_id == ORDER


@pytest.mark.parametrize("change", [str.upper, str.title, lambda name: f'"{name}"'])
def test_columns_are_found_however_they_are_spelt(change: Callable[[str], str]) -> None:
    header, _, rest = written(row()).decode().partition("\r\n")
    spelt = "\t".join(change(name).replace("-", " ") for name in header.split("\t"))

    assert only(read(f"{spelt}\r\n{rest}".encode())).lines[0].sku == "SKU-1"


def test_columns_may_be_missing_and_others_come() -> None:
    columns = ("last-updated-date", "new-thing", "purchase-date", "order-status")
    content = written(row(new_thing="x"), columns=(*columns, "amazon-order-id"))

    order = only(read(content))

    assert (order.fulfilled_by, order.is_business) == ("", False)
    assert (order.lines[0].sku, order.lines[0].quantity) == ("", None)


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (b"", "amazon-order-id and purchase-date"),
        (b"Bestellnummer\tDatum\r\n1\t2\r\n", "amazon-order-id"),
        (written(columns=COLUMNS[1:]), "amazon-order-id"),
        (written(columns=COLUMNS[:4]), "order-status"),
        ("\t".join(COLUMNS).encode("utf-16"), "amazon-order-id"),
        (b"<html>503</html>", "order-status"),
    ],
)
def test_missing_columns_are_named(content: bytes, missing: str) -> None:
    with pytest.raises(UnexpectedResponse) as caught:
        read(content)

    assert caught.value.code == "reports.columns_missing"
    assert missing.split(" ")[0] in caught.value.message


def test_quotation_marks_are_letters() -> None:
    report = read(
        written(row(product_name='"Schuh'), row(sku='15" TV', product_name='"x"'))
    )

    assert [line.sku for line in only(report).lines] == ["SKU-1", '15" TV']


@pytest.mark.parametrize(
    ("encoding", "marketplace_id", "text", "used"),
    [
        ("utf-8", DE, "Größe", "utf-8"),
        ("utf-8-sig", DE, "Größe", "utf-8"),
        ("utf-8", JP, "靴", "utf-8"),
        ("cp1252", DE, "Größe €", "cp1252"),
        ("cp1252", "", "Größe €", "cp1252"),
        ("shift_jis", JP, "靴ソ表", "cp932"),
        ("ascii", JP, "shoe", "utf-8"),
    ],
)
def test_encoding_is_found_and_told(
    encoding: str, marketplace_id: str, text: str, used: str
) -> None:
    report = read(written(row(sku=text), encoding=encoding), marketplace_id)

    assert only(report).lines[0].sku == text
    assert report.encoding == used


@pytest.mark.parametrize(
    ("encoding", "charset", "marketplace_id", "used"),
    [
        ("cp1252", "Cp1252", JP, "cp1252"),
        ("shift_jis", "Shift_JIS", "", "cp932"),
        ("utf-8", "Cp1252", DE, "utf-8"),
        ("cp1252", "UTF-8", DE, "cp1252"),
        ("cp1252", "rot13", DE, "cp1252"),
    ],
)
def test_charset_of_the_store_counts_where_it_is_not_utf8(
    encoding: str, charset: str, marketplace_id: str, used: str
) -> None:
    text = "靴" if encoding == "shift_jis" else "Größe"
    content = io.BytesIO(written(row(sku=text), encoding=encoding))

    report = read_order_report(content, charset=charset, marketplace_id=marketplace_id)

    assert (report.encoding, only(report).lines[0].sku) == (used, text)


def test_damaged_line_does_not_turn_the_others_into_nonsense() -> None:
    good = written(row(sku="Größe"), row(sku="Maß"))
    bad = written(row(sku="x")).split(b"\r\n")[1].replace(b"\tx\t", b"\t\xc3\t")

    report = read(good + bad + b"\r\n")

    assert [line.sku for line in report.orders[0].lines] == ["Größe", "Maß"]
    assert report.quarantined == (QuarantinedRow(4, "the row is not utf-8", ORDER),)


def test_byte_that_is_no_letter_quarantines_its_row() -> None:
    good = written(row(sku="Größe"), row(sku="Maß"), encoding="cp1252")
    bad = good.split(b"\r\n")[1].replace(b"Berlin", b"\x81")

    report = read(good + bad)

    assert (report.encoding, len(report.orders[0].lines)) == ("cp1252", 2)
    assert report.quarantined[0].reason == "the row is not cp1252"


@pytest.mark.parametrize(
    ("cells", "reason", "order_id"),
    [
        (f"{ORDER}\tx", WRONG_COUNT % 2, ORDER),
        ("rest of a name\t1", WRONG_COUNT % 2, ""),
        ("\t".join([ORDER, *"x" * 16]), WRONG_COUNT % 17, ORDER),
        ("z" * 2_000_000, "the row is too long", ""),
    ],
)
def test_misshapen_row_is_quarantined(cells: str, reason: str, order_id: str) -> None:
    content = written(row()) + cells.encode() + b"\r\n" + written(row())

    report = read(content)

    # The header that comes again is a row with no time in it.
    assert report.quarantined[0] == QuarantinedRow(3, reason, order_id)
    assert [row.line for row in report.quarantined] == [3, 4]
    assert len(report.orders[0].lines) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("quantity", "-1"),
        ("quantity", "1.5"),
        ("quantity", "many"),
        ("quantity", "99999999"),
        ("quantity", "1000001"),
        ("sku", "S" * 81),
        ("purchase-date", ""),
        ("purchase-date", "yesterday"),
        ("last-updated-date", "10/11/2026 12:00:00 UTC"),
        ("order-status", ""),
        ("amazon-order-id", ""),
        ("amazon-order-id", "x" * 61),
        ("amazon-order-id", "903-1"),
    ],
)
def test_unreadable_cell_is_named(name: str, text: str) -> None:
    report = read(written(row() | {name: text}, row()))

    (bad,) = report.quarantined
    assert (bad.line, bad.reason) == (2, f"the column {name} is not readable")
    assert bad.order_id == ("" if name == "amazon-order-id" else ORDER)
    assert len(report.orders) == 1


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("9.99", "9.99"),
        ("9,99", "9.99"),
        ("-1.5", "-1.5"),
        (" 3 ", "3"),
        ("1234", "1234"),
        ("", None),
    ],
)
def test_amount_is_read(text: str, amount: str | None) -> None:
    line = only(read(written(row(item_price=text)))).lines[0]

    assert line.item_price == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Amazon", "AMAZON"),
        ("AFN", "AMAZON"),
        ("AMAZON_EU", "AMAZON"),
        ("Merchant", "MERCHANT"),
        ("MFN", "MERCHANT"),
        ("DEFAULT", "MERCHANT"),
        ("Teleport", "Teleport"),
    ],
)
def test_who_fulfils_is_understood(word: str, meaning: str) -> None:
    assert only(read(written(row(fulfillment_channel=word)))).fulfilled_by == meaning


def test_order_sold_elsewhere_is_known() -> None:
    order = only(read(written(row(sales_channel="Non-Amazon DE"))))

    assert order.is_non_amazon


def test_rows_past_the_limit_are_refused() -> None:
    content = io.BytesIO(written(row(), row(), row()))

    with pytest.raises(UnexpectedResponse) as caught:
        read_order_report(content, most_rows=2)

    assert caught.value.code == "reports.too_many_rows"


def test_row_shows_nothing_of_the_recipient() -> None:
    rows = list(iterate_rows(open_table(io.BytesIO(written(row(), {"sku": "x"})))))

    assert [type(one) for one in rows] == [ReportRow, QuarantinedRow]
    assert "Berlin" not in repr(rows)


letters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
words = st.text(letters, min_size=1, max_size=12).map(str.strip).filter(bool)
lines = st.tuples(
    st.integers(0, 5),
    words,
    st.integers(0, 999),
    st.decimals(0, 9999, places=2),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)


@settings(deadline=None)
@given(st.lists(lines, max_size=8), st.permutations(COLUMNS), st.booleans())
def test_whatever_is_written_is_read_again(
    told: list[tuple[int, str, int, Decimal, datetime]],
    columns: list[str],
    has_bom: bool,
) -> None:
    rows = [
        row(
            amazon_order_id=f"902-0000000-{which:07}",
            sku=sku,
            quantity=str(quantity),
            item_price=str(price),
            last_updated_date=time.isoformat(),
        )
        for which, sku, quantity, price, time in told
    ]
    content = written(
        *rows, columns=tuple(columns), encoding="utf-8-sig" if has_bom else "utf-8"
    )

    report = read(content)

    assert not report.quarantined
    for which in {entry[0] for entry in told}:
        mine = [entry for entry in told if entry[0] == which]
        (order,) = [
            one for one in report.orders if one.order_id == f"902-0000000-{which:07}"
        ]
        assert [(line.sku, line.quantity, line.item_price) for line in order.lines] == [
            entry[1:4] for entry in mine
        ]
        assert order.updated_at == max(entry[4] for entry in mine)


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([DE, JP, ""]))
def test_no_rubbish_below_the_header_breaks_the_report(
    rubbish: bytes, marketplace_id: str
) -> None:
    content = written(row()) + rubbish + b"\r\n" + written(row())

    report = read(content, marketplace_id)

    assert sum(len(order.lines) for order in report.orders) >= 2
    told = sum(len(order.lines) for order in report.orders) + len(report.quarantined)
    rows = open_table(io.BytesIO(content), marketplace_id=marketplace_id).rows()
    assert told == sum(1 for _row in rows)
