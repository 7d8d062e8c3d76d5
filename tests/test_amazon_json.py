"""JSON of others becomes values that every database can keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.amazon_json import read_json, read_odd_json, storable

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=8,
)
# What JSON is made of, and what it should not be: whole, cut, and of others' making.
PIECES = st.sampled_from(
    [
        *rb'{ } [ ] , : " "a" "a":1 \ \\ / \/ \n \x'.split(),
        *rb"\u0000 \ud83d \ude00 \u00e9".split(),
        *b"true false null nul NaN Infinity -Infinity".split(),
        *b"0 -0 -0.0 1.50 1e5 1E-7 1e999 -1e999 1e-999 01 1. .5 +1 - 0.1e".split(),
        *b"18446744073709551616 -9223372036854775809 9007199254740993.0".split(),
        *(b"1" * digits for digits in (18, 19, 20, 39, 40, 41, 400, 5000)),
        *(b"\xc3\xa9", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
        *(b" ", b"\n", b"\x00", b"\x01", b"\x7f"),
    ]
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


def outcome(read: Callable[[bytes | str], Any], text: bytes | str) -> str:
    """Return what `read` makes of it; repr tells 1 from 1.0 and True, and order."""
    try:
        return repr(read(text))
    except ValueError:
        return "refused"


@given(st.lists(PIECES, max_size=8))
def test_the_quick_way_reads_pieces_as_the_other(pieces: list[bytes]) -> None:
    for text in (b"".join(pieces), b"[" + b",".join(pieces) + b"]"):
        assert outcome(read_json, text) == outcome(read_odd_json, text)


@given(ANY_JSON, st.integers(0, 200), st.binary(max_size=2))
def test_the_quick_way_reads_damage_as_the_other(
    value: Any, place: int, damage: bytes
) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        raw = text.encode("utf-8", "surrogatepass")
        for given_json in (text, raw, raw[:place] + damage + raw[place:], raw[:place]):
            assert outcome(read_json, given_json) == outcome(read_odd_json, given_json)


@given(st.integers(-(10**45), 10**45), st.integers(0, 60))
def test_a_long_number_is_found_wherever_it_stands(number: int, place: int) -> None:
    text = json.dumps(["x" * place, number, number])

    assert outcome(read_json, text) == outcome(read_odd_json, text)


@pytest.mark.parametrize("depth", [1, 100, 400])
def test_both_ways_read_as_deep(depth: int) -> None:
    text = "[" * depth + "]" * depth

    assert outcome(read_json, text) == outcome(read_odd_json, text) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_json_is_read(encoding: str) -> None:
    assert read_json('{"a": "\u00e9"}'.encode(encoding)) == {"a": "\u00e9"}


def test_of_a_key_named_twice_the_last_counts() -> None:
    assert list(read_json('{"a": 1, "b": 2, "a": 3}').items()) == [("a", 3), ("b", 2)]
