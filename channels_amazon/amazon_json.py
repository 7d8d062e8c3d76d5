"""Reads JSON that others wrote into values which every database can keep.

It is the one door for JSON of Amazon's: answers, messages, tokens. Half a surrogate
pair and a NUL, which neither UTF-8 nor PostgreSQL can hold, become the replacement
character, as do bytes that are no UTF-8: one odd letter must not sink an order, or a
page of them. Nearly all of it has nothing odd and is read the quick way, in half the
time; the rest by the standard library, which can be told what to do with it.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The escape of such a letter, or of half a proper pair.
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# Digits of a whole number. A longer one is no count of anything, and Python refuses to
# read thousands of digits.
_MOST_DIGITS = 40
# With every digit the same one, a run of them is found by a plain search, and in every
# fourth byte as well as in all.
_STEP = 4
_SAME_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)

_read_usual = msgspec.json.Decoder().decode


def read_json(given: bytes | str) -> Any:
    """Return what the JSON says, with storable text only; raises ValueError.

    Numbers that no column and no sum can hold (NaN, Infinity, hundreds of digits) stay
    texts: whoever wants a number then finds none, and says so.
    """
    try:
        encoded = given.encode() if isinstance(given, str) else given
        if not _is_suspect(encoded):
            return _read_usual(encoded)
    except (ValueError, RecursionError):
        # Refused, it may be readable all the same.
        pass
    return read_odd_json(given)


def read_odd_json(given: bytes | str) -> Any:
    """Return what `read_json` returns, at its leisure, whatever letters are in it."""
    text = given if isinstance(given, str) else _decoded(given)
    try:
        value = json.loads(
            text,
            # A raw control character is no JSON, and harms nobody.
            strict=False,
            parse_int=_whole_number,
            parse_float=_number,
            parse_constant=str,
        )
        return _storable_value(value) if _has_unstorable(text) else value
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def storable(text: str) -> str:
    """Return the text without what no database can keep."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def _is_suspect(encoded: bytes) -> bool:
    """Tell whether the quick way would take what cannot be stored, or is too long.

    All else that is odd it refuses: half surrogates, NaN, bytes that are no UTF-8.
    """
    # One letter is found far quicker than two, and few answers hold an escape.
    if b"\\" in encoded and b"\\u0000" in encoded:
        return True
    sample = encoded[::_STEP].translate(_SAME_DIGIT)
    return b"0" * (_MOST_DIGITS // _STEP) in sample


def _has_unstorable(text: str) -> bool:
    """Tell whether a text in this JSON may hold what cannot be stored."""
    return _ESCAPED.search(text) is not None or _UNSTORABLE.search(text) is not None


def _decoded(given: bytes) -> str:
    return given.decode(json.detect_encoding(given), "replace")


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _number(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable_value(inner) for inner in value]
    if isinstance(value, dict):
        return {storable(key): _storable_value(inner) for key, inner in value.items()}
    return value
