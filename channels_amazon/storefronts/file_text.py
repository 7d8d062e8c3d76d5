"""Reads a file's bytes as text, whichever program wrote them; storefronts layer.

UTF-8 and UTF-16 say themselves what they are. Of the older encodings two are told apart
by what they make of the bytes: GB18030 (Chinese spreadsheets) and Windows-1252 (Western
European ones). Where both could be meant nothing is guessed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.wording import sentence

_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
# Letters with accents, and the signs that offices write: euro, quotes, dashes, degrees.
_WESTERN = frozenset(
    b"\x80\x84\x85\x8a\x8c\x8e\x91\x92\x93\x94\x95\x96\x97\x99\x9a\x9c\x9e\x9f"
    b"\xa0\xa1\xa3\xa7\xa9\xaa\xab\xae\xb0\xb1\xb2\xb3\xb4\xb5\xb7\xb9\xba\xbb\xbc\xbd"
    b"\xbe\xbf" + bytes(set(range(0xC0, 0x100)) - {0xD7, 0xF7})
)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# One such sign alone, or two or three within a word, as in Größe and créée.
_IN_WORD = re.compile(
    rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])"
    rb"|(?<=[A-Za-z])[\x80-\xff]{2,3}(?=[A-Za-z])"
)
# What a text of words has of one kind for each of the other, to be taken for that kind.
_CLEARLY = 4


def decode(content: bytes, *, kind: str) -> str:
    """Return the file's text, without its byte order mark.

    `kind` begins the error's code. Raises StorefrontError for what is no text, or may
    be two.
    """
    text = _decoded(content)
    if text is None or "\x00" in text:
        raise StorefrontError(
            f"{kind}.encoding",
            sentence("The file is not text: save it as CSV in UTF-8."),
        )
    if not text:
        raise StorefrontError(
            f"{kind}.encoding",
            sentence(
                "The letters of the file can be read in two ways: save it as CSV in "
                "UTF-8."
            ),
        )
    return text


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines with their ends; only line feed and carriage return end one.

    An address may hold other separators, such as U+2028, within its line.
    """
    return iter(io.StringIO(text, newline=""))


def _decoded(content: bytes) -> str | None:
    """Return the text, None for what is no text, "" where it may be two."""
    if content[:2] in _MARKS_16:
        return _strictly(content, "utf-16")
    text = _strictly(content, "utf-8-sig")
    if text is not None:
        # An empty file is a text, which names no columns.
        return text or "\n"
    chinese = _strictly(content, "gb18030")
    is_western = _is_western(content)
    if chinese is None:
        return content.decode("cp1252") if is_western else None
    common, rare = _common_and_rare(chinese)
    if common >= max(1, _CLEARLY * rare):
        return chinese
    if is_western and rare >= _CLEARLY * common:
        return content.decode("cp1252")
    return "" if is_western or common else None


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_western(content: bytes) -> bool:
    """Tell whether the bytes beyond ASCII are letters and signs, most within words."""
    runs = _HIGH_RUN.findall(content)
    if not all(byte in _WESTERN for run in runs for byte in run):
        return False
    return 2 * len(_IN_WORD.findall(content)) > len(runs)


def _common_and_rare(text: str) -> tuple[int, int]:
    """Return how many signs of the text everyday Chinese has, and how many it has not.

    Everyday are the 3,755 of GB 2312's first level and its marks and wide letters; what
    Western letters read as is nearly always outside of them.
    """
    common = rare = 0
    for sign in text:
        if sign.isascii():
            continue
        code = sign.encode("gb18030")
        is_everyday = len(code) == 2 and code[1] >= 0xA1
        if is_everyday and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3):
            common += 1
        else:
            rare += 1
    return common, rare
