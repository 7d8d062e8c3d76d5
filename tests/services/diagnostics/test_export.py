"""The cells of a file that spreadsheets open."""

from __future__ import annotations

import csv
import io

import pytest

from channels_amazon.services.diagnostics.export import csv_cell, safe_cell


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"])
def test_cell_is_no_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_cell_keeps_numbers_and_plain_text() -> None:
    assert safe_cell(-3) == "-3"
    assert safe_cell("A-1") == "A-1"
    assert safe_cell(None) == ""


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "text",
    [
        "a;=cmd|' /C calc'!A0",
        "a; =1",
        'a;"=1"',
        "a\n=1",
        "a\t@x",
        "a;;+1",
        "a;\u3000－1",
        "a;\n-1",
        "a\r\n=1",
        "a;\t\t|x",
    ],
)
def test_cell_of_a_csv_file_is_no_formula_by_another_separator(
    text: str, separator: str
) -> None:
    written = io.StringIO()
    csv.writer(written).writerow(["902", csv_cell(text), "x"])

    read = csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=separator)

    cells = [cell.strip().strip('"').lstrip() for row in read for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "－", "|")) for cell in cells)
    assert any("'" in cell for cell in cells)


@pytest.mark.parametrize(
    "text",
    [
        "2 × A-1; 1 × B;C, -1",
        "line1\r\nline2",
        "line1\n\nline2\n",
        "a;\tb",
        "a; b\r\n\t c",
        "",
    ],
)
def test_cell_of_a_csv_file_keeps_plain_text(text: str) -> None:
    assert csv_cell(text) == text
