"""Reads JSON that others wrote into values which every database can keep.

It is the one door for JSON of Amazon's: answers, messages, tokens. Half a surrogate
pair and a NUL, which neither UTF-8 nor PostgreSQL can hold, become the replacement
character, as do bytes that are no UTF-8: one odd letter must not sink an order, or a
page of them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The escape of such a letter, or of half a proper pair.
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# Digits of a whole number. A longer one is no count of anything, and Python refuses to
# read thousands of digits.
_MOST_DIGITS = 40


def read_json(given: bytes | str) -> Any:
    """Return what the JSON says, with storable text only; raises ValueError.

    Numbers that no column and no sum can hold (NaN, Infinity, hundreds of digits) stay
    texts: whoever wants a number then finds none, and says so.
    """
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
        return _storable_value(value) if _is_suspect(text) else value
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def storable(text: str) -> str:
    """Return the text without what no database can keep."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def _is_suspect(text: str) -> bool:
    """Tell whether a text in this JSON may hold what cannot be stored."""
    if "\\u" in text and _ESCAPED.search(text):
        return True
    return "\x00" in text or _has_surrogate(text)


def _has_surrogate(text: str) -> bool:
    # Several times quicker than a pattern, and each answer of Amazon's passes here.
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


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
