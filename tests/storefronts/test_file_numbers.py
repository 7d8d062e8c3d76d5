"""Numbers are read where their form is certain, and else refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.storefronts.file_numbers import (
    Mark,
    NoNumber,
    UncertainNumber,
    decimal_mark,
    is_cut,
    number_of,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", "7"),
        ("-2", "-2"),
        ("−2", "-2"),
        ("+4", "4"),
        ("１２", "12"),
        ("4.0", "4"),
        ("12,50", "12.5"),
        ("1.299,00", "1299"),
        ("1,299.00", "1299"),
        ("1,234,567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("1 200", "1200"),
        ("1\u00a0200,5", "1200.5"),
        ("1’200.50", "1200.5"),
        ("0,500", "0.5"),
        ("1234,500", "1234.5"),
        (".5", "0.5"),
    ],
)
def test_number_that_is_certain_is_read(text: str, number: str) -> None:
    assert number_of(text, Mark.OPEN) == Decimal(number)


def test_number_that_may_be_two_needs_the_file() -> None:
    with pytest.raises(UncertainNumber):
        number_of("1,200", Mark.OPEN)
    assert number_of("1,200", Mark.POINT) == 1200
    assert number_of("1,200", Mark.COMMA) == Decimal("1.2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "many",
        "1.2.3",
        "20.11.2026",
        "1,23.4",
        "1,2,3",
        "٣",
        "²",
        "1e3",
        "--1",
        "1 2",
    ],
)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NoNumber):
        number_of(text, Mark.POINT)


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["12.50", "1,200", "x"], Mark.POINT),
        (["12,50", "1.200"], Mark.COMMA),
        (["1,200", "7", "20.11.2026"], Mark.OPEN),
        (["12,50", "4.0"], Mark.OPEN),
        ([], Mark.OPEN),
    ],
)
def test_mark_of_a_file_is_what_its_numbers_say(texts: list[str], mark: Mark) -> None:
    assert decimal_mark(texts) is mark


@given(number=st.integers(-(10**12), 10**12), point=st.booleans())
def test_thousands_are_parted_or_not_for_the_same_number(
    number: int, point: bool
) -> None:
    mark = Mark.COMMA if point else Mark.POINT
    grouped = f"{number:,}".replace(",", "." if point else ",")

    assert number_of(grouped, mark) == number_of(str(number), mark) == number


@pytest.mark.parametrize(
    ("text", "cut"),
    [("3.40434E+19", True), ("3,4E+19", True), ("4E+12", True), ("12E5", False)],
)
def test_number_that_a_spreadsheet_cut_is_known(text: str, cut: bool) -> None:
    assert is_cut(text) is cut
