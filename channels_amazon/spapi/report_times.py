"""Reads the spellings of time that Amazon's reports use; pure, client layer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

# UTC offsets in hours. Only abbreviations with one meaning are here: CST, for instance,
# is American, Chinese and Cuban.
_ZONES: dict[str, float] = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "BST": 1,
    "WEST": 1,
    "CET": 1,
    "MET": 1,
    "CEST": 2,
    "MEST": 2,
    "EET": 2,
    "EEST": 3,
    "TRT": 3,
    "BRT": -3,
    "EST": -5,
    "EDT": -4,
    "PST": -8,
    "PDT": -7,
    "JST": 9,
    "SGT": 8,
    "AEST": 10,
    "AEDT": 11,
}
# 20.11.2026 is unambiguous. 10/11/2026 may be October or November, so it is not read.
_DAY_FIRST = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})\b")
_YEAR_FIRST = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})\b")
_ZONE_NAME = re.compile(r"\s*\b([A-Z]{1,4})(?:([+-][0-9]{2}:?[0-9]{2}))?$")


def read_time(text: str) -> datetime | None:
    """Return the time, aware, in UTC; None for what cannot be understood surely.

    A time without a zone is UTC, as everywhere at Amazon.
    """
    text = _DAY_FIRST.sub(r"\3-\2-\1", text.strip(), count=1)
    text = _YEAR_FIRST.sub(r"\1-\2-\3", text, count=1)
    offset: timezone | None = None
    named = _ZONE_NAME.search(text)
    if named:
        if named[1] not in _ZONES or (named[2] and _ZONES[named[1]]):
            return None
        offset = timezone(timedelta(hours=_ZONES[named[1]]))
        text = text[: named.start()] + (named[2] or "")
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            time = time.replace(tzinfo=offset or UTC)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
