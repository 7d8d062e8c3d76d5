"""Does once, at the end of many changes, what follows from each; services layer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Follow = Callable[[Collection[Any]], Any]

_gathered: ContextVar[dict[Follow, tuple[int, set[Any]]] | None] = ContextVar(
    "gathered", default=None
)


@contextmanager
def gathering() -> Iterator[None]:
    """Gather what follows from the changes inside, and do it before leaving.

    Open it inside the transaction of the changes. An error drops what was gathered,
    as the transaction drops the changes.
    """
    token = _gathered.set({})
    try:
        yield
        _follow_up()
    finally:
        _gathered.reset(token)


def put_off(follow: Follow, items: Collection[Any], *, rank: int = 0) -> bool:
    """Leave `follow(items)` to the end of the gathering; False when none is open.

    Those of a lower `rank` are done first, and may put off more of a higher one.
    """
    waiting = _gathered.get()
    if waiting is None:
        return False
    waiting.setdefault(follow, (rank, set()))[1].update(items)
    return True


def _follow_up() -> None:
    waiting = _gathered.get()
    while waiting:
        follow = min(waiting, key=lambda one: waiting[one][0])
        _rank, items = waiting.pop(follow)
        follow(sorted(items))
