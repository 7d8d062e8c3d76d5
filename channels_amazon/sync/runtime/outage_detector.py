"""Tells one item that fails from an Amazon that is down; sync layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.spapi.errors import ServiceUnavailable


@dataclass(slots=True)
class OutageDetector:
    """Counts the items in a row for which Amazon was not available.

    One such item backs off and the rest go on; `limit` in a row are an outage, whose
    error ends the run.
    """

    limit: int = 3
    failures_in_a_row: int = 0
    is_answered: bool = False
    _last: ServiceUnavailable | None = None

    def failed(self, error: ServiceUnavailable) -> None:
        """Count one failed item; raises `error` when it is the `limit`-th in a row."""
        self.failures_in_a_row += 1
        self._last = error
        if self.failures_in_a_row >= self.limit:
            raise error

    def answered(self) -> None:
        """Note that Amazon answered, whatever it said."""
        self.failures_in_a_row = 0
        self.is_answered = True

    def end_slice(self) -> None:
        """End a run whose time is up; raises the last error if none was answered.

        The client repeats a failing call for seconds: in an outage a run has no time
        for `limit` items, and would begin again at once, for ever.
        """
        if self._last is not None and not self.is_answered:
            raise self._last
