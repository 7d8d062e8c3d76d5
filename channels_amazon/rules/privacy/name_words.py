"""Splits people's names into the words they are found by; pure, rules layer."""

from __future__ import annotations

import re
import unicodedata

# What one order may be found by, and what one search may ask for.
MOST_LETTERS = 400
MOST_WORDS = 200
MOST_ASKED = 12

# Scripts that write names without spaces: Chinese, Japanese, Korean.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_WORD = re.compile(f"[{_UNSPACED}]+|[^\\W_{_UNSPACED}]+")


def index_words(text: str) -> frozenset[str]:
    """Return the words that a name is kept under.

    Words of letters as they are; Chinese, Japanese and Korean ones as a whole and as
    pairs of letters, also across the space between two of them, which some write and
    others do not.
    """
    found: list[str] = []
    unspaced = ""
    for word in _words(text[:MOST_LETTERS]):
        if _UNSPACED_RUN.fullmatch(word):
            unspaced += word
            found += [word, *_pairs(word)]
            continue
        found += [unspaced, *_pairs(unspaced), word]
        unspaced = ""
    found += [unspaced, *_pairs(unspaced)]
    return frozenset(list(dict.fromkeys(filter(None, found)))[:MOST_WORDS])


def asked_words(text: str) -> frozenset[str]:
    """Return the words that a name must all have to be what `text` asks for."""
    found: list[str] = []
    for word in _words(text[:MOST_LETTERS]):
        is_unspaced = _UNSPACED_RUN.fullmatch(word) is not None
        found += (_pairs(word) or [word]) if is_unspaced else [word]
    return frozenset(found[:MOST_ASKED])


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _WORD.findall(unicodedata.normalize("NFKC", plain))


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]
