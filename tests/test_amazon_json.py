"""JSON of others becomes values that every database can keep."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.amazon_json import read_json, storable

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("given_json", "value"),
    [
        (rb'"\ud800"', "\ufffd"),
        (rb'"\uDFFF and \u0000"', "\ufffd and \ufffd"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\\ud800"', r"\ud800"),
        (rb'"\\u0000"', r"\u0000"),
        (b'"a\x00b"', "a\ufffdb"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
        (b'"\xff"', "\ufffd"),
        (rb'{"\ud800": ["\ud800"]}', {"\ufffd": ["\ufffd"]}),
        (
            b"[NaN, Infinity, -Infinity, 1e999]",
            ["NaN", "Infinity", "-Infinity", "1e999"],
        ),
        (b"9" * 41, "9" * 41),
        (b"-12", -12),
        (b'\xef\xbb\xbf"bom"', "bom"),
    ],
)
def test_read_json_keeps_only_what_can_be_stored(given_json: bytes, value: Any) -> None:
    assert read_json(given_json) == value


@pytest.mark.parametrize("text", ["", "{", "<html>", "[" * 100_000, b"\x00"])
def test_read_json_refuses_what_is_none(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        read_json(text)


@given(ANY_JSON)
def test_any_json_can_be_stored_afterwards(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        kept = json.dumps(read_json(text), ensure_ascii=False)
        assert kept.encode()
        assert "\\u0000" not in kept.replace("\\\\", "")


@given(st.text())
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert read_json(json.dumps(text)) == storable(text)
