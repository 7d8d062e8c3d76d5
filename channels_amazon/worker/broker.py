"""The queue in the database, patient while the database is busy; worker layer.

django-q2 takes any error of its queue for the end of it: the process that pulls tasks
ends, and with it the cluster. That a lock did not come in time is no end.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, connections
from django_q.brokers import Broker
from django_q.brokers.orm import ORM

from channels_amazon.services.health import write_proof
from channels_amazon.services.jobs import life_sign

logger = logging.getLogger(__name__)


class PatientQueue(ORM):  # type: ignore[misc]
    """Pull and give back tasks; what a busy database hinders is tried again.

    Used by one process: its connection waits for a lock for a moment only, so that it
    says often that it lives.
    """

    _hurried: Any = None

    def dequeue(self) -> Any:
        """Return the next tasks, None where there are none or no lock came."""
        try:
            self._hurry()
            return super().dequeue()
        except OperationalError as error:
            _pass_if_busy(error)
            return None

    def _hurry(self) -> None:
        connection.ensure_connection()
        if connection.connection is not self._hurried:
            write_proof.limit_waits()
            self._hurried = connection.connection

    def acknowledge(self, task_id: Any) -> Any:
        """Take a task that ended off the queue; else it comes, and is run, again."""
        try:
            return super().acknowledge(task_id)
        except OperationalError as error:
            _pass_if_busy(error)
            return None


def queue_of_cluster() -> Broker | None:
    """Return the queue from which a cluster pulls, None for the library's own."""
    if settings.REDIS_URL:
        return None
    queue = PatientQueue()
    # The processes that are forked must not have this one's connection.
    connections.close_all()
    return queue


def _pass_if_busy(error: OperationalError) -> None:
    if not life_sign.is_busy(error):
        raise error
    life_sign.show()
    logger.warning("queue waits for the database error=%s", type(error).__name__)
