"""Reads ahead while the queue is full, deletes beside the work; worker layer.

SQS gives ten messages a call, and each call is a way to Amazon and back. While many
messages wait, the next ones are fetched, by several calls at once, while those at hand
are taken in; and nobody waits until the last ones are deleted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from channels_amazon.spapi.sqs import BATCH, HIDDEN_SECONDS, Message, Queue, SqsError

logger = logging.getLogger(__name__)

# Calls made ahead after a full one. What they bring is one transaction, in which other
# writers wait.
CALLS_AHEAD = 4
# Seconds of one step of a call beside the work: whoever ends waits for it.
_PATIENCE = 5.0
# So often what is worked on is hidden anew: a call or two may fail before it shows.
_HIDE_AGAIN = 0.4 * HIDDEN_SECONDS


class QueueReader:
    """One reader of `queue`, used by one thread."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._beside = queue.hurried(_PATIENCE)
        # As many calls to receive, as many to delete what they brought, and who keeps.
        self._pool = ThreadPoolExecutor(2 * CALLS_AHEAD + 2, thread_name_prefix="queue")
        self._ahead: list[Future[list[Message]]] = []
        self._ahead_since = 0.0
        # When those at hand were asked for.
        self._received_at = 0.0
        self._deletes: list[Future[tuple[str, ...]]] = []

    def receive(self, seconds: int) -> list[Message]:
        """Return the messages at hand, waiting up to `seconds` for the first.

        Raises SqsError where none came.
        """
        self._received_at = self._ahead_since
        messages = self._fetched()
        if not messages:
            messages = self._queue.receive(wait=seconds)
            self._received_at = time.monotonic()
        if len(messages) >= BATCH:
            self._ahead_since = time.monotonic()
            self._ahead = [
                self._pool.submit(self._beside.receive, wait=0)
                for _ in range(CALLS_AHEAD)
            ]
        return messages

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Hide messages from other readers for so long from now; raises SqsError."""
        self._queue.hide(messages, seconds)

    @contextmanager
    def kept(self, messages: Sequence[Message]) -> Iterator[None]:
        """Keep messages from other readers for as long as the block works on them.

        They are hidden anew again and again, and from the time that is left of it
        where they were fetched ahead. So what a reader that dies held comes again at
        once, however often that happens, and one that only is slow is left in peace.
        """
        ended = threading.Event()
        if messages:
            age = time.monotonic() - self._received_at
            first = max(_HIDE_AGAIN - age, 0.0)
            self._pool.submit(self._keep, messages, ended, first)
        try:
            yield
        finally:
            ended.set()

    def _keep(
        self, messages: Sequence[Message], ended: threading.Event, rest: float
    ) -> None:
        while not ended.wait(rest):
            rest = _HIDE_AGAIN
            try:
                self._beside.hide(messages, HIDDEN_SECONDS)
            except SqsError as error:
                # The key may hold no right to it, which nothing else needs: then the
                # batch is taken in all the same, and perhaps by others as well.
                logger.warning("messages are not kept code=%s", error.aws_code)
                return

    def delete(self, messages: Sequence[Message]) -> None:
        """Have messages deleted while the work goes on.

        Raises SqsError where those before could not be: they come again, and are known.
        """
        before, self._deletes = self._deletes, []
        wait(before)
        self._deletes = [
            self._pool.submit(self._beside.delete, messages[start : start + BATCH])
            for start in range(0, len(messages), BATCH)
        ]
        for one in before:
            one.result()

    def close(self) -> None:
        """End the calls under way, give back what nobody took, close the connections.

        What cannot be given back comes again by itself.
        """
        left = self._fetched()
        if left:
            try:
                self._beside.hide(left, 0)
            except SqsError as error:
                logger.warning("messages come later code=%s", error.aws_code)
        self._pool.shutdown()
        self._beside.close()
        self._queue.close()

    def _fetched(self) -> list[Message]:
        """Return what was fetched ahead, unless it is in others' hands by now."""
        calls, self._ahead = self._ahead, []
        messages: list[Message] = []
        for call in calls:
            try:
                messages += call.result()
            except SqsError as error:
                # A trouble that lasts meets the next call, which raises it.
                logger.warning("queue call failed code=%s", error.aws_code)
        is_hidden = time.monotonic() - self._ahead_since < HIDDEN_SECONDS
        return messages if is_hidden else []
