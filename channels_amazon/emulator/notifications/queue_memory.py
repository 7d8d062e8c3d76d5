"""A queue of the local SQS that stays quick when thousands of messages wait; emulator.

Moto walks through all messages of a queue at each send, receive and delete.
"""

from __future__ import annotations

import threading
import time
import uuid
from itertools import islice

from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, sqs_backends

# SQS returns at most 10 messages for one receive.
MOST_RECEIVED = 10
# Real seconds, far longer than moto takes from looking at messages to marking them.
SHOWN_SECONDS = 0.5


class FastQueue(Queue):
    """Keep messages in order; those in flight are at the front and are few."""

    def __init__(self, name: str, region: str, account_id: str) -> None:
        super().__init__(name, region, account_id)
        # Which thread was shown a message, and until when it is that thread's to take.
        self._shown: dict[Message, tuple[int, float]] = {}

    @property
    def messages(self) -> list[Message]:
        """Return as many visible messages as one receive may take.

        Moto marks them as received only after this: calls at one moment would all take
        the same ones.
        """
        me, now = threading.get_ident(), time.monotonic()
        with self._messages_lock:
            visible = (
                message
                for message in self._messages
                if message.visible and not self._is_anothers(message, me, now)
            )
            found = list(islice(visible, MOST_RECEIVED))
            self._shown |= dict.fromkeys(found, (me, now + SHOWN_SECONDS))
            return found

    def _is_anothers(self, message: Message, me: int, now: float) -> bool:
        thread, until = self._shown.get(message, (me, 0.0))
        return thread != me and now < until

    @property
    def approximate_number_of_messages(self) -> int:
        """Return how many messages wait."""
        return len(self._messages) - self.approximate_number_of_messages_not_visible

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        """Return how many messages are in flight."""
        return sum(not message.visible for message in set(self._pending_messages))

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        """Return 0: delayed events wait in the world's schedule, not in the queue."""
        return 0

    def delete_message(self, receipt_handle: str) -> None:
        """Take a message off the queue, by any handle it ever had."""
        if receipt_handle in self.deleted_messages:
            return
        with self._messages_lock:
            for place, message in enumerate(self._messages):
                if message.had_receipt_handle(receipt_handle):
                    del self._messages[place]
                    self._shown.pop(message, None)
                    self._pending_messages.discard(message)
                    handles = filter(None, message.all_receipt_handles)
                    self.deleted_messages.update(handles)
                    return
        raise ReceiptHandleIsInvalid


def make_queue(account: str, region: str, name: str) -> FastQueue:
    """Make an empty queue that the SQS of this process serves under its name."""
    # Moto leaves methods abstract that an SQS queue alone does not need.
    queue = FastQueue(name, region, account)  # type: ignore[abstract]
    sqs_backends[account][region].queues[name] = queue
    return queue


def add_message(queue: Queue, body: str) -> None:
    """Send a message without the way through HTTP."""
    message = Message(str(uuid.uuid4()), body, None)
    message.mark_sent()
    queue.add_message(message)


def clear_queue(queue: FastQueue) -> None:
    """Take every message off a queue, those in flight too."""
    with queue._messages_lock:
        queue._messages = []
        queue._pending_messages = set()
        queue._shown = {}


def drop_queue(account: str, region: str, name: str) -> None:
    """Forget a queue with its messages."""
    sqs_backends[account][region].queues.pop(name, None)
