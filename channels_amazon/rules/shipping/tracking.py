"""How tracking numbers are written and compared; pure, rules layer."""

from __future__ import annotations

import unicodedata


def without_spaces(number: str) -> str:
    """Return a tracking number without the spaces that people put into it."""
    return "".join(number.split())


def number_key(number: str | None) -> str:
    """Return what the spellings of one tracking number share: letters and digits.

    Stores, carriers and Amazon write one number with hyphens, spaces or capital
    letters, or without them.
    """
    text = unicodedata.normalize("NFKC", without_spaces(number or "")).casefold()
    # Without a letter or digit the signs are the number.
    return "".join(filter(str.isalnum, text)) or text


def is_same_number(one: str | None, other: str | None) -> bool:
    """Tell whether two spellings are of one number."""
    return number_key(one) == number_key(other)
