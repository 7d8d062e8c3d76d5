"""Does once, at the end of many changes, what follows from each; services layer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any, Final, Self

from channels_amazon.services.jobs import lifecycle

# Takes all items that were added for it, sorted, and what it is a part of.
Action = Callable[[Collection[Any], "FollowUps"], Any]


class FollowUps:
    """What follows from the changes of one transaction, done when they are complete.

    Open it inside the transaction and hand it to whatever changes something: an error
    drops it, as the transaction drops the changes. Jobs are woken last of all: locks
    are taken in one order by everybody (orders, levels of stock, jobs), and a worker
    that gives such a job back waits for our commit.
    """

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._waiting: dict[Action, set[Any]] = {}
        self._jobs: set[tuple[int, str]] = set()

    def add(self, action: Action, items: Collection[Any]) -> None:
        """Leave `action(items, self)` to the end, once for the items of all changes."""
        self._waiting.setdefault(action, set()).update(items)

    def wake(self, account_id: int, kind: str, *more: str) -> None:
        """Leave it to the end to make the account's jobs of these kinds due."""
        self._jobs.update((account_id, one) for one in (kind, *more))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        # An action may add to another one, or to the jobs.
        while self._waiting:
            action = next(iter(self._waiting))
            action(sorted(self._waiting.pop(action)), self)
        if self._jobs:
            lifecycle.wake_pairs(sorted(self._jobs))


class _AtOnce(FollowUps):
    """For a single change: what follows from it follows at once."""

    def add(self, action: Action, items: Collection[Any]) -> None:
        action(items, self)

    def wake(self, account_id: int, kind: str, *more: str) -> None:
        lifecycle.wake(account_id, kind, *more)


AT_ONCE: Final[FollowUps] = _AtOnce()
