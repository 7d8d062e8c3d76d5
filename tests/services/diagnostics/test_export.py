"""The cells of a file that spreadsheets open."""

from __future__ import annotations

import pytest

from channels_amazon.services.diagnostics.export import safe_cell


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"])
def test_cell_is_no_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_cell_keeps_numbers_and_plain_text() -> None:
    assert safe_cell(-3) == "-3"
    assert safe_cell("A-1") == "A-1"
    assert safe_cell(None) == ""
