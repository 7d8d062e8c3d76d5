"""How tracking numbers are written and compared; pure, rules layer."""

from __future__ import annotations


def without_spaces(number: str) -> str:
    """Return a tracking number without the spaces that people put into it."""
    return "".join(number.split())


def is_same_number(one: str | None, other: str | None) -> bool:
    """Tell whether two spellings are of one number: letters and digits alone count.

    Amazon shows some numbers with hyphens, or in capital letters, that we sent without.
    """
    return _plain(one) == _plain(other)


def _plain(number: str | None) -> str:
    return "".join(filter(str.isalnum, number or "")).casefold()
