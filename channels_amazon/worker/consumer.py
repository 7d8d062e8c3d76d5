"""Reads the notification queue for ever and survives what comes; worker layer."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, Error, close_old_connections, connection
from django.utils import timezone

from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.installation import presence
from channels_amazon.services.jobs import heartbeats, key_holders
from channels_amazon.services.jobs.backoff import doubled
from channels_amazon.services.notifications.inbox import (
    Accepted,
    accept,
    queue_region,
)
from channels_amazon.spapi.sqs import HIDDEN_SECONDS, Message, Queue, SqsError
from channels_amazon.wording import sentence
from channels_amazon.worker.queue_reader import QueueReader

logger = logging.getLogger(__name__)

LONG_POLL = 20
_FIRST_REST = timedelta(seconds=1)
_LONGEST_REST = timedelta(seconds=20)
_LONGEST_HIDDEN = 300
# Of so many messages that failed it is known how often.
_MOST_FAILED = 1000
_IDLE_BEAT = 10.0
# Seconds between two looks whether it may read again.
_PAUSED_LOOK = 2.0
# Seconds between two looks whether its keys are the others'.
_KEYS_AGAIN = 60.0
# Under load there are many batches a second, and each beat is a write.
_BEAT_EVERY = 1.0
_FIX = {
    ConsumerState.CREDENTIALS: sentence(
        "Give the AWS key sqs:ReceiveMessage, sqs:DeleteMessage and "
        "sqs:GetQueueAttributes on the queue, and check the queue's address."
    ),
    ConsumerState.UNREACHABLE: sentence(
        "Check the network and SQS_QUEUE_URL; it is tried again by itself."
    ),
}


def _hide_failed(queue: QueueReader, taken: Sequence[Accepted]) -> None:
    """Let what failed again and again come more rarely each time.

    Where AWS refuses that, it comes as ever: the key may hold no right to it.
    """
    failed = [
        item.message for item in taken if not item.may_delete and item.message.tries > 1
    ]
    if not failed:
        return
    most = max(message.tries for message in failed)
    try:
        queue.hide(failed, min(HIDDEN_SECONDS << min(most - 1, 10), _LONGEST_HIDDEN))
    except SqsError as error:
        logger.warning("messages are not hidden longer code=%s", error.aws_code)


def open_queue() -> Queue:
    """Return the configured queue."""
    return Queue(settings.SQS_QUEUE_URL, queue_region())


@dataclass
class Consumer:
    """One reader of the queue; several may run at once.

    `stopped` ends the loop after the batch at hand. `until_empty` ends it when a poll
    brings nothing.
    """

    open: Callable[[], Queue] = open_queue
    wait: int = LONG_POLL
    until_empty: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)
    is_polling: bool = False
    _failures: int = 0
    _trouble: ConsumerState | None = None
    _beaten: ConsumerState | None = None
    _listened_at: str = ""
    _beat_at: float = 0.0
    _failed: dict[str, int] = field(default_factory=dict)
    _keys_held: bool = True
    _keys_at: float = float("-inf")

    def run(self) -> int:
        """Read until stopped; return how many messages were handled."""
        if not settings.SQS_QUEUE_URL:
            self._idle()
            return 0
        queue = QueueReader(self.open())
        handled = 0
        try:
            while not self.stopped.is_set():
                came = self._step(queue)
                handled += came or 0
                if self.until_empty and came == 0:
                    break
        finally:
            # Also where a signal ends it in the middle of a long poll. First that it
            # ends: calls under way may take some seconds.
            self._say_ended()
            queue.close()
        return handled

    def _say_ended(self) -> None:
        try:
            heartbeats.end(Process.CONSUMER)
        except Error as error:
            logger.warning("sign of life stays error=%s", type(error).__name__)

    def _idle(self) -> None:
        """Stay alive without a queue: the other processes must not be ended."""
        logger.warning("no queue is configured: set SQS_QUEUE_URL")
        while not self.stopped.is_set() and not self.until_empty:
            self._beat(ConsumerState.NOT_CONFIGURED)
            self.stopped.wait(_IDLE_BEAT)

    def _step(self, queue: QueueReader) -> int | None:
        """Take one batch in; None when something is down, after a rest."""
        try:
            close_old_connections()
            if not presence.beat().may_work:
                return self._pause(ConsumerState.PAUSED)
            if not self._holds_the_keys():
                return self._pause(ConsumerState.KEYS)
            self._beat(self._trouble or ConsumerState.LISTENING)
            messages = self._counted(self._poll(queue))
            with queue.kept(messages):
                taken = accept(messages)
            self._count(taken)
            _hide_failed(queue, taken)
            # Committed by now: what is not deleted comes again and is known.
            handled = [item.message for item in taken if item.may_delete]
            queue.delete(handled)
        except SqsError as error:
            self._rest(ConsumerState(error.code), error.message)
            return None
        except DatabaseError as error:
            connection.close()
            self._rest(ConsumerState.DATABASE, type(error).__name__)
            return None
        self._failures = 0
        self._trouble = None
        return len(handled)

    def _counted(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages, each with how often it was tried here, now included."""
        return [
            replace(one, tries=self._failed[one.id] + 1)
            if one.id in self._failed
            else one
            for one in messages
        ]

    def _count(self, taken: Sequence[Accepted]) -> None:
        """Remember what was tried and stays in the queue; it comes again."""
        for item in taken:
            message = item.message
            self._failed.pop(message.id, None)
            if not item.may_delete:
                self._failed[message.id] = message.tries
        while len(self._failed) > _MOST_FAILED:
            del self._failed[next(iter(self._failed))]

    def _holds_the_keys(self) -> bool:
        """Tell whether others can read what this process would keep of a message."""
        if self._keys_held and time.monotonic() - self._keys_at < _KEYS_AGAIN:
            return True
        self._keys_at = time.monotonic()
        held = key_holders.opens_what_is_stored()
        if self._keys_held and not held:
            logger.error("no message is read: FERNET_KEYS opens nothing that is stored")
        self._keys_held = held
        return held

    def _pause(self, state: ConsumerState) -> int:
        """Leave the messages to whoever may read them; look again after a while."""
        self._beat(state)
        if not self.until_empty:
            self.stopped.wait(_PAUSED_LOOK)
        return 0

    def _poll(self, queue: QueueReader) -> list[Message]:
        self.is_polling = True
        try:
            return queue.receive(self.wait)
        finally:
            self.is_polling = False

    def stop(self) -> None:
        """End after the batch at hand, and at once while only waiting for one.

        Raises SystemExit out of a long poll: whatever it was about to bring comes
        again.
        """
        self.stopped.set()
        if self.is_polling:
            raise SystemExit(0)

    def _rest(self, trouble: ConsumerState, message: str) -> None:
        """Say what is wrong, once, and wait longer each time."""
        logger.warning("consumer rests code=%s failures=%s", trouble, self._failures)
        if trouble != self._trouble and trouble in _FIX:
            self._tell(trouble, message)
        self._trouble = trouble
        self._beat(trouble)
        longest = doubled(_FIRST_REST, self._failures, _LONGEST_REST).total_seconds()
        self._failures += 1
        # Spread, so that several consumers do not come back at one moment.
        self.stopped.wait(longest * random.uniform(0.5, 1.0))  # noqa: S311

    def _tell(self, code: ConsumerState, message: str) -> None:
        entry = Entry(
            code=code,
            level=Level.ERROR,
            message=sentence(
                "The notification queue cannot be read: %(reason)s", reason=message
            ),
            fix=_FIX[code],
        )
        try:
            record(entry)
        except DatabaseError as error:
            logger.warning("entry not written error=%s", type(error).__name__)

    def _beat(self, state: ConsumerState) -> None:
        now = time.monotonic()
        if state == self._beaten and now - self._beat_at < _BEAT_EVERY:
            return
        self._beaten, self._beat_at = state, now
        if state == ConsumerState.LISTENING:
            self._listened_at = timezone.now().isoformat()
        try:
            heartbeats.beat(
                Process.CONSUMER, state=state, listened_at=self._listened_at
            )
        except DatabaseError as error:
            logger.warning("beat missed error=%s", type(error).__name__)
            connection.close()
