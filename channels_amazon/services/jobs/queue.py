"""Hands tasks to the queue once the data they read is committed; services layer."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

from channels_amazon.spapi.redact import redact_text

logger = logging.getLogger(__name__)

DRAIN_TASK = "channels_amazon.tasks.drain"
BEAT_TASK = "channels_amazon.tasks.beat"
# A drain takes job after job: more of them waiting than workers bring nothing.
MAX_WAITING = max(8, int(settings.Q_CLUSTER["workers"]))
# The queue kills a task that takes longer, and with it the whole cluster. Whoever must
# end before that, or tell a dead process by it, derives its own limit from this one.
TASK_SECONDS = float(settings.Q_CLUSTER["timeout"])


def enqueue(dotted_path: str, *args: Any, unless_waiting: int | None = None) -> None:
    """Run the task `dotted_path` in a worker, after the open transaction commits.

    Pass primary keys, never rows or secrets: the queue's payload is readable. Nothing
    is sent while `unless_waiting` tasks or more wait already. A queue that cannot be
    reached is logged, and does not undo what was committed.
    """

    def send() -> None:
        if unless_waiting is not None and waiting_tasks() >= unless_waiting:
            return
        async_task(dotted_path, *args, task_name=dotted_path.rpartition(".")[2])
        logger.debug("enqueued task=%s", dotted_path)

    transaction.on_commit(send, robust=True)


def enqueue_drain() -> None:
    """Wake a worker after commit, unless enough wake-ups wait already."""
    enqueue(DRAIN_TASK, unless_waiting=MAX_WAITING)


def broker_error() -> str:
    """Return why the broker cannot be reached, "" where it can.

    One that swallows the question is given up after what shoplink/environment.py
    allows it.
    """
    # Its own savepoint: a broken broker table must not break the caller's work. Redis
    # is asked outside: on SQLite a transaction would hold the only write lock.
    own = nullcontext() if settings.REDIS_URL else transaction.atomic()
    try:
        with own:
            waiting_tasks()
    except (DatabaseError, RedisError, OSError) as error:
        return redact_text(str(error)) or type(error).__name__
    return ""


def waiting_tasks() -> int:
    """Return how many tasks wait for a worker; raises what the broker raises."""
    return int(get_broker().queue_size())
