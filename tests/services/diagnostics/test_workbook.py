"""The Excel workbook, read by a program that others wrote."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from channels_amazon.services.diagnostics import workbook
from channels_amazon.services.diagnostics.workbook import workbook_pieces

AT = datetime(2026, 11, 30, 12, 0, 0, 250_000, tzinfo=UTC)
NOTE = "This is not all."


def sheet(names: Sequence[str], rows: Any) -> list[tuple[Any, ...]]:
    """Return what the sheet shows, row by row."""
    whole = b"".join(workbook_pieces(names, rows, AT, cut_note=NOTE))
    book = load_workbook(io.BytesIO(whole))
    return list(book.worksheets[0].iter_rows(values_only=True))


def test_sheet_holds_names_numbers_texts_and_times() -> None:
    rows = [(7, 1.5, "Größe <&> 尺寸", None, AT), (-3, None, "", "x", None)]

    shown = sheet(["id", "rate", "text", "gap", "at"], rows)

    assert shown[0] == ("id", "rate", "text", "gap", "at")
    time = "2026-11-30T12:00:00.250+00:00"
    assert shown[1] == (7, 1.5, "Größe <&> 尺寸", None, time)
    assert shown[2] == (-3, None, None, "x", None)


def test_sheet_without_rows_holds_the_names() -> None:
    assert sheet(["id"], []) == [("id",)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =HYPERLINK(1)"])
def test_formula_is_a_text(text: str) -> None:
    whole = b"".join(workbook_pieces(["a"], [(text,)], AT, cut_note=NOTE))
    cell = load_workbook(io.BytesIO(whole)).worksheets[0]["A2"]

    assert cell.data_type in {"s", "inlineStr"}
    assert cell.value == f"'{text}"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\x00b\x0bc", "abc"),
        ("one\r\ntwo", "one\ntwo"),
        ("x" * 40_000, "x" * 16_382 + "…"),
        (10**17, "100000000000000000"),
        (float("nan"), "nan"),
        (True, "True"),
    ],
)
def test_what_a_cell_cannot_hold_is_made_to_fit(given: Any, shown: str) -> None:
    assert sheet(["a"], [(given,)])[1] == (shown,)


def test_text_that_looks_like_an_escape_stays_as_it_is() -> None:
    whole = b"".join(workbook_pieces(["a"], [("_x0041_",)], AT, cut_note=NOTE))
    with zipfile.ZipFile(io.BytesIO(whole)) as book:
        (name,) = [name for name in book.namelist() if "worksheets/" in name]
        written = book.read(name).decode()

    # In the file the escape's own sign is escaped; programs show it as it was given.
    assert "_x005F_x0041_" in written
    assert ">_x0041_" not in written


@pytest.mark.parametrize("count", [3, 4, 50])
def test_sheet_ends_at_its_last_row_and_says_so(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 4)
    read: list[int] = []

    def rows() -> Iterator[tuple[int]]:
        for number in range(count):
            read.append(number)
            yield (number,)

    shown = sheet(["id"], rows())

    whole = [("id",), (0,), (1,), (2,)]
    assert shown == (whole if count == 3 else [*whole[:3], (NOTE,)])
    # What has no room is not read either.
    assert len(read) <= 4


def test_sheet_that_grows_too_large_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_BYTES", 1000)

    shown = sheet(["id"], ((number,) for number in range(10_000)))

    assert shown[-1] == (NOTE,)
    assert len(shown) < 100
