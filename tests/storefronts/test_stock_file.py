"""Files of counted units as people have them: read rightly, or refused by cell."""

from __future__ import annotations

import pytest

from channels_amazon.storefronts.file_text import decode
from channels_amazon.storefronts.stock_file import (
    MOST_ROWS,
    CountedRow,
    example,
    read_counts,
)

SHOPIFY = (
    "Handle,Title,Body (HTML),Variant SKU,Variant Inventory Qty,Variant Price,"
    "Variant Barcode\n"
    'mug,Mug,"<p>Holds\ncoffee</p>",MUG-W,5,12.50,\'4006381333931\n'
    "mug,,,MUG-B,-2,12.50,\n"
)


def counted(text: str) -> list[tuple[int, str, int]]:
    """Return the line, the variant and the units of each row; none is rejected."""
    rows, rejected = read_counts(text)
    assert rejected == []
    return [(row.line, row.sku or row.barcode, row.units) for row in rows]


@pytest.mark.parametrize(
    ("text", "encoding", "rows"),
    [
        (
            "商品编码,商品名称,库存数量,仓库\r\nMUG-01,陶瓷马克杯,8,深圳仓\r\n",
            "gb18030",
            [(2, "MUG-01", 8)],
        ),
        ("sku,title,stock\r\nA-1,Mug,4\r\n", "utf-8-sig", [(2, "A-1", 4)]),
        ("sep=;\r\nsku;title;stock\r\nA-1;Mug;4\r\n", "utf-8", [(3, "A-1", 4)]),
        ("sku\ttitle\tstock\r\nA-1\t陶瓷杯\t4\r\n", "utf-16", [(2, "A-1", 4)]),
        (
            'sku;title;price;stock\r\nA;Becher "weiß";12,50;1.200\r\nB;K;1.299,00;2',
            "cp1252",
            [(2, "A", 1200), (3, "B", 2)],
        ),
        ("sku;quantity\r\nKÖRBCHEN-1;1\r\n", "cp1252", [(2, "KÖRBCHEN-1", 1)]),
        (
            'sku,stock,price\nA,4.0,12.50\nB,"1,200",12.5000\n',
            "utf-8",
            [(2, "A", 4), (3, "B", 1200)],
        ),
        (SHOPIFY, "utf-8", [(2, "MUG-W", 5), (4, "MUG-B", 0)]),
        ("条码,实盘数量\n4006381333931,３\n", "utf-8", [(2, "4006381333931", 3)]),
    ],
)
def test_file_of_many_programs_is_read(
    text: str, encoding: str, rows: list[tuple[int, str, int]]
) -> None:
    assert counted(decode(text.encode(encoding), kind="stock_file")) == rows


def test_less_than_zero_is_none_and_is_said() -> None:
    rows, _rejected = read_counts("sku,stock\nA,-2\nB,0")

    assert [(row.units, row.was_negative) for row in rows] == [(0, True), (0, False)]


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("A,,1.5", "Qty", "not a whole number"),
        ('A,,"1,200"', "Qty", "two numbers"),
        ("A,,many", "Qty", "no number"),
        ("A,,", "Qty", "No units"),
        ("A,,99999999", "Qty", "10000000"),
        (",,3", "SKU", "names no variant"),
        (",4.00638E+12,3", "EAN", "cut this number"),
        (f"{'A' * 81},,3", "SKU", "longer than 80"),
    ],
)
def test_cell_that_cannot_be_taken_is_named(row: str, column: str, said: str) -> None:
    rows, (rejected,) = read_counts(f"SKU,EAN,Qty\nFIRST,,1\n{row}\n")

    assert [one.sku for one in rows] == ["FIRST"]
    assert (rejected.line, rejected.column) == (3, column)
    assert said in rejected.reason


def test_barcode_and_warehouse_are_read() -> None:
    (row,), _rejected = read_counts("sku,ean,qty,location\nA,400,2,Hamburg")

    assert row == CountedRow(2, "A", "400", 2, "Hamburg")


def test_example_is_read() -> None:
    assert counted(example().removeprefix("\ufeff")) == [
        (2, "MUG-W", 12),
        (3, "4006381333931", 3),
    ]


def test_largest_file_is_read_whole() -> None:
    lines = "".join(f"SKU-{n},{n}\n" for n in range(MOST_ROWS))

    assert len(counted(f"sku,stock\n{lines}")) == MOST_ROWS
