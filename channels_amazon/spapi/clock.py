"""Clock and sleep, injected so that tests need not wait; client layer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

# Returns the current time as an aware UTC datetime.
Clock = Callable[[], datetime]
# Waits that many seconds; tests pass one that only moves their clock.
Sleep = Callable[[float], object]


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(tz=UTC)
