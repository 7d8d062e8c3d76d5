"""Reads a queue by as many messages as it holds, deletes beside the work; worker layer.

SQS gives ten messages a call, and each call is a way to Amazon and back. While the
queue is full, one such way after the other would be most of a batch's time; so several
calls go at once, what they bring is one batch, and the next batch does not wait until
the last one is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from channels_amazon.spapi.sqs import BATCH, Message, Queue, SqsError

logger = logging.getLogger(__name__)

# Calls made beside the first one while the queue is full. What they bring is one
# transaction, in which other writers wait.
CALLS_BESIDE = 3


class QueueReader:
    """One reader of `queue`, used by one thread."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        # As many to receive, and one to delete what came before.
        self._pool = ThreadPoolExecutor(CALLS_BESIDE + 1, thread_name_prefix="queue")
        self._deletes: list[Future[tuple[str, ...]]] = []

    def receive(self, seconds: int) -> list[Message]:
        """Return the messages at hand, waiting up to `seconds` for the first.

        They are one call's, or several calls' where the first was full. Raises
        SqsError, where nothing came.
        """
        messages = self._queue.receive(wait=seconds)
        if len(messages) < BATCH:
            return messages
        beside = [
            self._pool.submit(self._queue.receive, wait=0) for _ in range(CALLS_BESIDE)
        ]
        for call in beside:
            try:
                messages += call.result()
            except SqsError as error:
                # What came is taken in; a trouble that lasts meets the next call.
                logger.warning("queue call failed code=%s", error.aws_code)
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
            self._pool.submit(self._queue.delete, messages[start : start + BATCH])
            for start in range(0, len(messages), BATCH)
        ]
        for one in before:
            one.result()

    def close(self) -> None:
        """End the calls under way, then the connections."""
        self._pool.shutdown()
        self._queue.close()
