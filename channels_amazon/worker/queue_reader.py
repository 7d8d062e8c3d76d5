"""Reads ahead while the queue is full, deletes beside the work; worker layer.

SQS gives ten messages a call, and each call is a way to Amazon and back. While many
messages wait, the next ones are fetched, by several calls at once, while those at hand
are taken in; and nobody waits until the last ones are deleted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from channels_amazon.spapi.sqs import BATCH, HIDDEN_SECONDS, Message, Queue, SqsError

logger = logging.getLogger(__name__)

# Calls made ahead after a full one. What they bring is one transaction, in which other
# writers wait.
CALLS_AHEAD = 4
# Seconds of one step of a call beside the work: whoever ends waits for it.
_PATIENCE = 5.0


class QueueReader:
    """One reader of `queue`, used by one thread."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._beside = queue.hurried(_PATIENCE)
        # As many calls to receive, and as many to delete what they brought.
        self._pool = ThreadPoolExecutor(2 * CALLS_AHEAD, thread_name_prefix="queue")
        self._ahead: list[Future[list[Message]]] = []
        self._ahead_since = 0.0
        self._deletes: list[Future[tuple[str, ...]]] = []

    def receive(self, seconds: int) -> list[Message]:
        """Return the messages at hand, waiting up to `seconds` for the first.

        Raises SqsError where none came.
        """
        messages = self._fetched() or self._queue.receive(wait=seconds)
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
