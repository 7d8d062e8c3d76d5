"""Which variant a counted row means: one for certain, or none."""

from __future__ import annotations

import pytest

from channels_amazon.models import Warehouse
from channels_amazon.services.stock.counted_variants import match_rows
from channels_amazon.storefronts.stock_file import read_counts
from tests.builders import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Warehouse:
    """Give a warehouse of a store with some variants."""
    place = make_warehouse(name="Hamburg", code="hh")
    for sku, barcode in (
        ("MUG-W", "4006381333931"),
        ("MUG-B", "012345678905"),
        ("POT-1", "999"),
        ("POT-2", "999"),
    ):
        make_variant(place.store, sku=sku, barcode=barcode)
    make_variant(sku="ELSEWHERE", barcode="555")
    return place


def matched(
    place: Warehouse, *rows: str, header: str = "sku,barcode,counted,warehouse"
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the lines with their SKUs, and those that are left out, with reasons."""
    counted, rejected = read_counts("\n".join((header, *rows)))
    assert rejected == []
    found, left_out = match_rows(place, counted)
    return (
        [(row.line, sku) for row, _pk, sku in found],
        [(one.line, str(one.reason)) for one in left_out],
    )


@pytest.mark.parametrize(
    ("row", "sku"),
    [
        ("MUG-W,,1,", "MUG-W"),
        ("ＭＵＧ－Ｗ,,1,", "MUG-W"),
        (",4006381333931,1,", "MUG-W"),
        ("4006381333931,,1,", "MUG-W"),
        # A spreadsheet took the zero in front away; a scanner adds one.
        (",12345678905,1,", "MUG-B"),
        (",0012345678905,1,", "MUG-B"),
        ("POT-1,999,1,", "POT-1"),
        ("MUG-W,unknown,1,", "MUG-W"),
        ("MUG-W,,1,Hamburg", "MUG-W"),
        ("MUG-W,,1,HH", "MUG-W"),
    ],
)
def test_row_finds_its_variant(place: Warehouse, row: str, sku: str) -> None:
    assert matched(place, row) == ([(2, sku)], [])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("NONE,,1,", "no variant “NONE”"),
        ("mug-w,,1,", "no variant"),
        (",777,1,", "no variant “777”"),
        (",999,1,", "several variants: POT-1, POT-2"),
        ("MUG-W,999,1,", "the barcode is of POT-1, POT-2"),
        ("ELSEWHERE,,1,", "no variant"),
        (",555,1,", "no variant"),
        ("MUG-W,,1,Main", "another warehouse than “Hamburg”"),
    ],
)
def test_row_that_names_none_for_certain_is_left_out(
    place: Warehouse, row: str, said: str
) -> None:
    found, ((line, reason),) = matched(place, row)

    assert (found, line) == ([], 2)
    assert said in reason


def test_variant_that_is_counted_twice_is_left_out_whole(place: Warehouse) -> None:
    found, left_out = matched(place, "MUG-W,,1,", "MUG-B,,2,", ",4006381333931,3,")

    assert found == [(3, "MUG-B")]
    assert [line for line, _reason in left_out] == [2, 4]
    assert "on the lines 2, 4" in left_out[0][1]
