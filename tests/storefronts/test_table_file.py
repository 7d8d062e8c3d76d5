"""A file's rows are whole, know their lines, and none is lost in silence."""

from __future__ import annotations

from typing import Final

import pytest

from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.table_file import (
    Columns,
    Table,
    cell_of,
    folded,
    names_of,
    read_table,
)

FILE: Final = Columns(
    kind="file",
    names=names_of({"sku": ("商品编码", "seller sku"), "units": ("数量",)}),
    needed=(("sku",), ("units",)),
    most_rows=3,
)


def rows(table: Table) -> list[tuple[int, str, str]]:
    """Return the line and the two cells of each row."""
    return [(row.line, row.cells["sku"], row.cells["units"]) for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        "sku,units\nA,1\n",
        "Seller-SKU;Units\r\nA;1\r\n",
        "商品编码\t数量\nA\t1",
        "UNITS,colour,Seller_SKU\n1,red,A",
        'sku,units\n"=""A""",\'1\n',
        "sku,units\r\u200bA\u00a0,１\u3000\r".replace("１", "1"),
    ],
)
def test_columns_are_known_by_name(text: str) -> None:
    assert rows(read_table(text, FILE)) == [(2, "A", "1")]


def test_lines_are_those_of_the_file() -> None:
    table = read_table('\nsep=;\nsku;units\n\n"A\nB";1\n;;\nC;2\n', FILE)

    assert rows(table) == [(5, "A\nB", "1"), (8, "C", "2")]


def test_row_with_more_fields_is_rejected_and_the_rest_goes_on() -> None:
    table = read_table('sku,units\nA,1,2\n"B"x,1\nC,3,\n', FILE)

    assert rows(table) == [(4, "C", "3")]
    assert [one.line for one in table.rejected] == [2, 3]
    assert "more fields" in table.rejected[0].reason


def test_quote_that_is_never_closed_says_how_much_is_not_read() -> None:
    table = read_table('sku,units\nA,1\nB,"2\nC,3\nD,4\n', FILE)

    (rejected,) = table.rejected
    assert rows(table) == [(2, "A", "1")]
    assert rejected.line == 3
    assert "the 2 below it are not read" in rejected.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Missing: sku, units"),
        ("A,1\nB,2", "Missing: sku, units"),
        ("sku\nA", "Missing: units"),
        ("sku,商品编码,units\nA,A,1", "mean the same: sku, 商品编码"),
        ("sku,units\nA,1\nA,1\nA,1\nA,1", "more than 3 lines"),
        ('"sku,units\nA,1', "Missing"),
    ],
)
def test_file_that_is_none_is_refused_as_a_whole(text: str, said: str) -> None:
    with pytest.raises(StorefrontError) as caught:
        read_table(text, FILE)

    assert said in caught.value.message


def test_cell_loses_what_spreadsheets_put_around_it() -> None:
    assert [cell_of(one) for one in ('="007"', "'02138", "\ufeffA ", "O'Neil")] == [
        "007",
        "02138",
        "A",
        "O'Neil",
    ]


def test_heading_is_known_without_case_and_signs() -> None:
    assert folded("Variant  SKU：") == folded("variant_sku") == "variantsku"
