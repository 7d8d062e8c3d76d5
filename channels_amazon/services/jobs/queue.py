"""Hands tasks to the queue once the data they read is committed; services layer."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

DRAIN_TASK = "channels_amazon.tasks.drain"
BEAT_TASK = "channels_amazon.tasks.beat"
# A drain takes job after job: more of them waiting than workers bring nothing.
MAX_WAITING = 8


def enqueue(dotted_path: str, *args: Any) -> None:
    """Run the task `dotted_path` in a worker, after the open transaction commits.

    Pass primary keys, never rows or secrets: the queue's payload is readable. A
    queue that cannot be reached is logged, and does not undo what was committed.
    """
    transaction.on_commit(partial(_send, dotted_path, *args), robust=True)


def enqueue_drain() -> None:
    """Wake a worker after commit, unless enough wake-ups wait already."""
    transaction.on_commit(_send_drain, robust=True)


def waiting_tasks() -> int:
    """Return how many tasks wait for a worker; raises what the broker raises."""
    return int(get_broker().queue_size())


def _send_drain() -> None:
    if waiting_tasks() < MAX_WAITING:
        _send(DRAIN_TASK)


def _send(dotted_path: str, *args: Any) -> None:
    async_task(dotted_path, *args, task_name=dotted_path.rpartition(".")[2])
    logger.debug("enqueued task=%s", dotted_path)
