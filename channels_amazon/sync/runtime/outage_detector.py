"""Tells one item that fails from an Amazon that is down; sync layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from channels_amazon.services.jobs.key_holders import SecretUnreadable
from channels_amazon.spapi.errors import Fault, ServiceUnavailable
from channels_amazon.sync.runtime.context import RunContext

# So many items in a row for which Amazon was not available are an outage; one more for
# each run that failed before, up to MOST_TRIED, so that some bad ones at the head of
# the line never hold up the rest.
FIRST_LIMIT = 3
MOST_TRIED = 10
# While no item was answered, a run goes on for so long past its time: only another item
# tells whether the first one is at fault.
DOUBT = timedelta(seconds=10)


@dataclass(slots=True)
class OutageDetector:
    """Counts the items in a row for which Amazon was not available.

    One such item rests and the others go on; many in a row are an outage, whose error
    ends the run. What then failed was not the items' fault: their rest is taken back.
    An item that no key of this process opens rests too, and fails the run at its end.
    """

    ctx: RunContext
    is_answered: bool = False
    _last: ServiceUnavailable | None = None
    # How to take back the rests of the items that failed since Amazon last answered.
    _rests: list[Callable[[], object]] = field(default_factory=list)
    _secret: SecretUnreadable | None = None
    # How many calls the run had made when the last item was done with.
    _calls: int = 0

    def failed(
        self, error: ServiceUnavailable, take_back: Callable[[], object]
    ) -> None:
        """Count one failed item, whose rest `take_back` ends.

        Raises `error` when they are too many in a row, or where the call never came so
        far that it could be about the item.
        """
        self._last = error
        self._has_called()
        self._rests.append(take_back)
        limit = min(FIRST_LIMIT - 1 + max(self.ctx.job.attempts, 1), MOST_TRIED)
        if error.fault is Fault.RUN or len(self._rests) >= limit:
            self._end(error)

    def answered(self) -> None:
        """Note that an item is done with: Amazon answered, whatever it said.

        One that needed no call says nothing of Amazon.
        """
        if self._has_called():
            self._rests.clear()
            self.is_answered = True

    def key_missing(self, error: SecretUnreadable) -> None:
        """Note an item that this process cannot read; the others go on."""
        self._secret = error

    def has_time(self) -> bool:
        """Tell whether the run may go on to another item."""
        is_in_doubt = bool(self._rests) and not self.is_answered
        ends_at = self.ctx.started_at + DOUBT
        return self.ctx.has_time() or (is_in_doubt and self.ctx.now() < ends_at)

    def end(self) -> None:
        """End a run; raises the last error if Amazon answered none of its items.

        It may have had only one, or time for no more: that Amazon is down is said all
        the same. So is that a key is missing.
        """
        if self._last is not None and not self.is_answered:
            self._end(self._last)
        if self._secret is not None:
            raise self._secret

    def _has_called(self) -> bool:
        """Tell whether Amazon was called since the last item."""
        before = self._calls
        self.ctx.count_calls()
        self._calls = self.ctx.counts.calls
        return self._calls > before

    def _end(self, error: ServiceUnavailable) -> None:
        for take_back in self._rests:
            take_back()
        self._rests.clear()
        raise error
