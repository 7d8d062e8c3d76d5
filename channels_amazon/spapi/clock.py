"""The passing of time, passed in wherever the client needs it; client layer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

# Returns the present as an aware UTC datetime.
Clock = Callable[[], datetime]
# Waits that many seconds.
Sleep = Callable[[float], object]


def utc_now() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(tz=UTC)
