"""Tells one item that fails from an Amazon that is down; sync layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from channels_amazon.spapi.errors import ServiceUnavailable

_FIRST = timedelta(seconds=10)
_LONGEST = timedelta(hours=6)


@dataclass(slots=True)
class Streak:
    """Items that Amazon could not answer for, one after another.

    One such item is put off and the rest go on; `limit` in a row are an outage, and
    its error ends the run.
    """

    limit: int = 3
    length: int = 0
    is_answered: bool = False
    _last: ServiceUnavailable | None = None

    def add(self, error: ServiceUnavailable) -> None:
        """Count one; raises `error` when it makes an outage."""
        self.length += 1
        self._last = error
        if self.length >= self.limit:
            raise error

    def end(self) -> None:
        """Note that Amazon answered."""
        self.length = 0
        self.is_answered = True

    def hand_over(self) -> None:
        """End a run whose time is up; raises the last error if none was answered.

        The client repeats a failing call for seconds: in an outage a run has no time
        for `limit` items, and would begin again at once, for ever.
        """
        if self._last is not None and not self.is_answered:
            raise self._last


def put_off_by(attempts: int) -> timedelta:
    """Return how long an item rests after that many failures of its own."""
    doublings = min(max(attempts, 0), 20)
    return min(_FIRST * (1 << doublings), _LONGEST)
