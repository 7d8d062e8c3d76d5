"""Reads numbers as people write them, and guesses no sign; storefronts layer.

Whether a comma is a decimal or parts thousands is certain for many numbers by
themselves (12,50 · 1.299,00), and for others by those: the form of the file. Where
neither says it (1,200 alone) the number is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

# Thousands, parted by one and the same sign, with or without decimals.
_GROUPED = re.compile(
    r"[0-9]{1,3}(?P<between>[.,' ])[0-9]{3}(?:(?P=between)[0-9]{3})*"
    r"(?:(?P<mark>(?!(?P=between))[.,])[0-9]+)?"
)
_DECIMAL = re.compile(r"[0-9]*(?P<mark>[.,])[0-9]+")
# As spreadsheets show a number that is too long for a cell, with some digits lost.
_CUT = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}", re.IGNORECASE)
_OTHER = {".": ",", ",": "."}
_PLAIN: dict[int, int | str] = {
    **str.maketrans("０１２３４５６７８９．，＋", "0123456789.,+"),
    **dict.fromkeys(map(ord, "−‐‑–—－"), "-"),
    ord("’"): "'",
}


class Mark(StrEnum):
    """Which decimal mark a number says that it has.

    NONE has no mark, and needs none to be read; OPEN may have either.
    """

    POINT = "."
    COMMA = ","
    NONE = ""
    OPEN = "?"


class NoNumber(ValueError):
    """The text is no number."""


class UncertainNumber(NoNumber):
    """The text may be two numbers; the file does not say which."""


def is_cut(text: str) -> bool:
    """Tell whether a spreadsheet has cut an id as if it were a number."""
    return _CUT.fullmatch(text) is not None


def decimal_mark(texts: Iterable[str]) -> Mark:
    """Return the decimal mark of a file by those of its numbers that say it.

    OPEN where none does, or some contradict others.
    """
    said = set()
    for text in texts:
        try:
            said.add(_mark_of(_parts(text)[1]))
        except NoNumber:
            continue
    known = said & {Mark.POINT, Mark.COMMA}
    return known.pop() if len(known) == 1 else Mark.OPEN


def number_of(text: str, of_file: Mark) -> Decimal:
    """Return the number; `of_file` is the file's decimal mark.

    Raises NoNumber, or UncertainNumber where it could be two.
    """
    sign, digits = _parts(text)
    mark = _mark_of(digits)
    if mark is Mark.OPEN:
        mark = of_file
    if mark is Mark.OPEN:
        raise UncertainNumber(text)
    kept = "".join(one for one in digits if one.isdigit() or one == mark)
    return Decimal(sign + kept.replace(",", "."))


def _parts(text: str) -> tuple[str, str]:
    """Return a text's sign, and the rest in plain digits, marks and spaces."""
    plain = " ".join(text.translate(_PLAIN).split())
    if plain[:1] in {"-", "+"}:
        return plain[0], plain[1:].lstrip()
    return "", plain


def _mark_of(digits: str) -> Mark:
    if re.fullmatch("[0-9]+", digits):
        return Mark.NONE
    if grouped := _GROUPED.fullmatch(digits):
        between, mark = grouped["between"], grouped["mark"]
        if mark:
            return Mark(mark)
        if between not in _OTHER:
            return Mark.NONE
        if digits.count(between) > 1:
            return Mark(_OTHER[between])
        # No thousands begin with a zero.
        return Mark(between) if digits.startswith("0") else Mark.OPEN
    if decimal := _DECIMAL.fullmatch(digits):
        return Mark(decimal["mark"])
    raise NoNumber(digits)
