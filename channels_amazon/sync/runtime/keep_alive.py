"""Repeats a small write in a thread while something longer goes on; sync layer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error, connections

logger = logging.getLogger(__name__)


@contextmanager
def repeating(
    function: Callable[[], object], *, seconds: float, limit: float
) -> Iterator[None]:
    """Call `function` every `seconds` during the block, for `limit` seconds at most.

    The limit keeps work that hangs for ever from looking alive for ever.
    """
    ended = threading.Event()
    thread = threading.Thread(
        target=_repeat, args=(function, ended, seconds, limit), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _repeat(
    function: Callable[[], object],
    ended: threading.Event,
    seconds: float,
    limit: float,
) -> None:
    until = time.monotonic() + limit
    try:
        while not ended.wait(seconds) and time.monotonic() < until:
            try:
                function()
            except Error as error:
                logger.warning("keep-alive missed error=%s", type(error).__name__)
                # The next one opens another connection: Django would keep a broken one.
                connections.close_all()
    finally:
        # This thread's own connection; nothing else would close it.
        connections.close_all()
