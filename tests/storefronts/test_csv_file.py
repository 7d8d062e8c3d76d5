"""Tests of reading a store's catalogue from CSV."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from channels_amazon.storefronts.catalogue import (
    CatalogueItem,
    Rejected,
    StorefrontError,
    Text,
)
from channels_amazon.storefronts.csv_file import read_file, read_lines

HEADER = "sku,title,barcode,price,currency,category,stock,warehouse,title_de,url_de\n"


def read(*rows: str, header: str = HEADER) -> list[CatalogueItem | Rejected]:
    """Return what is read from the rows."""
    return list(read_lines([header, *(f"{row}\n" for row in rows)]))


def test_row_is_read_with_every_column() -> None:
    (item,) = read('A-1,"Mug, 350 ml",400,14.90,eur,Kitchen > Mugs,7,Hamburg,Becher,')
    assert item == CatalogueItem(
        line=2,
        sku="A-1",
        title="Mug, 350 ml",
        barcode="400",
        price=Decimal("14.90"),
        currency="EUR",
        category="Kitchen > Mugs",
        stock=7,
        warehouse="Hamburg",
        texts=(("de", Text("Becher")),),
    )


def test_title_of_a_language_serves_where_no_other_is() -> None:
    (item,) = read("A-1;;粗陶咖啡杯", header="sku;title_en;title_zh_hans\n")
    assert isinstance(item, CatalogueItem)
    assert item.title == "粗陶咖啡杯"
    assert item.texts == (("zh-hans", Text("粗陶咖啡杯")),)


def test_unknown_columns_and_empty_lines_are_passed_over() -> None:
    rows = read("A-1,Mug,red", "", ",,", "A-2,Cup,blue", header="sku,title,colour\n")
    assert [row.sku for row in rows] == ["A-1", "A-2"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Mug,,,,,,,,", "sku is empty"),
        ("A,,,,,,,,,", "no title"),
        ("A,Mug,,12.345,,,,,,", "two decimal places"),
        ("A,Mug,,-1,,,,,,", "0 or more"),
        ("A,Mug,,NaN,,,,,,", "0 or more"),
        ('A,Mug,,"1.234,50",,,,,,', "write it like"),
        ("A,Mug,,,Euro,,,,,", "three letters"),
        ("A,Mug,,,,,-3,,,", "whole number"),
        ("A,Mug,,,,,1.5,,,", "whole number"),
        ("A,Mug,,,,,٣,,,", "whole number"),
        ("A,Mug,,,,,,,,javascript:alert(1)", "not a web address"),
        (f"{'A' * 81},Mug,,,,,,,,", "longer than 80"),
        (f"A,{'M' * 301},,,,,,,,", "longer than 300"),
        ("A,Mu\x00g,,,,,,,,", "not text"),
        ("A,Mug,,,,,,,,,,", "more fields"),
    ],
)
def test_bad_row_is_rejected_by_line_and_the_rest_goes_on(
    row: str, reason: str
) -> None:
    bad, good = read(row, "B-1,Cup,,,,,,,,")
    assert isinstance(bad, Rejected)
    assert (bad.line, reason in bad.reason) == (2, True), bad.reason
    assert isinstance(good, CatalogueItem)


def test_second_row_of_one_sku_is_rejected() -> None:
    _first, second = read("A-1,Mug,,,,,,,,", "A-1,Cup,,,,,,,,")
    assert isinstance(second, Rejected)
    assert "line 2" in second.reason


@pytest.mark.parametrize(
    "header", ["", "title\n", "sku,price\n", "sku,title,SKU\n", "\x00\n"]
)
def test_file_without_its_columns_is_refused_as_a_whole(header: str) -> None:
    with pytest.raises(StorefrontError) as caught:
        read("A-1,Mug", header=header)
    assert caught.value.code == "catalogue.columns"


def test_field_that_never_ends_is_rejected() -> None:
    rows = read("A-1,Mug,,,,,,,,", f'A-2,"{"M" * 200_000}')
    assert isinstance(rows[-1], Rejected)
    assert "not CSV" in rows[-1].reason


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_bytes(b"\xef\xbb\xbfsku,title\r\nA-1,Mug\r\n")
    assert [row.sku for row in read_file(path)] == ["A-1"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_file_in_another_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_bytes("sku;title\n'007;Müsli \u2013 groß\n".encode(encoding))

    (item,) = read_file(path)

    assert isinstance(item, CatalogueItem)
    assert (item.sku, item.title) == ("007", "Müsli – groß")


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_bytes("sku,title\nA-1,ポップアップ".encode("cp932"))
    with pytest.raises(StorefrontError) as caught:
        list(read_file(path))
    assert caught.value.code == "catalogue.encoding"


def test_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(StorefrontError, match=r"none\.csv"):
        list(read_file(tmp_path / "none.csv"))
