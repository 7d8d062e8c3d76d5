"""The worker: keeps a task queue cluster alive and ticking; worker layer.

It starts the cluster in a process group of its own, sends it a sign-of-life task
through the queue, and when none comes back, or a process of the group dies, ends the
whole group and starts another.
"""

from __future__ import annotations

import logging
import threading
import time
from types import FrameType

from django.conf import settings
from django.db import Error, close_old_connections, connections

from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.installation import presence
from channels_amazon.services.jobs import heartbeats, leases
from channels_amazon.worker import process_guard
from channels_amazon.worker.process_group import GRACE, ClusterGroup
from channels_amazon.worker.ticker import Ticker

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
LOST_ONE = "a process of it died"
STOOD_STILL = "its queue stood still"
PAUSED = "this installation is paused"
# How long the queue may be quiet before it counts as hung.
QUIET_SECONDS = 10.0
# A cluster imports the whole project before its first task.
START_SECONDS = 20.0
# Longer than a drain, so that work in progress is finished at a wanted end.
STOP_SECONDS = 25.0


class Supervisor:
    """Watches one cluster on this host until told to stop."""

    def __init__(
        self, command: list[str], *, quiet_seconds: float = QUIET_SECONDS
    ) -> None:
        self.command = command
        self.quiet_seconds = quiet_seconds
        self.ticker = Ticker()
        self.restarts = 0
        self.last_reason = ""
        # As it was read last; before the first time nothing is known.
        self._is_paused = True
        self._stopping = threading.Event()

    def run(self) -> None:
        """Supervise until SIGTERM, SIGINT or SIGHUP; let the tasks at work finish."""
        process_guard.on_end(self._stop)
        self._wait_while_paused()
        if self._stopping.is_set():
            return
        cluster = self._start()
        while not self._stopping.wait(TICK_SECONDS):
            self._tick(cluster)
            reason = self._reason_to_restart(cluster)
            if reason or self._look_whether_paused():
                reason = reason or PAUSED
                logger.error("cluster restarted pid=%s reason=%s", cluster.pid, reason)
                self.restarts += 1
                self.last_reason = reason
                # Whoever still works in it shows life; in a quiet one nobody does.
                cluster.end(0 if reason == STOOD_STILL else GRACE)
                self._free_jobs(cluster)
                self._wait_while_paused()
                cluster = self._start()
        cluster.end(STOP_SECONDS)
        try:
            heartbeats.end(Process.SUPERVISOR, Process.QUEUE)
        except Error as error:
            logger.warning("signs of life stay error=%s", type(error).__name__)
        connections.close_all()

    def _wait_while_paused(self) -> None:
        """Start no cluster where it would take the tasks of another installation.

        A copy of the database has the same settings: its cluster would take what the
        original put into their Redis. A queue in the database is a copy's own.
        """
        while self._look_whether_paused() and not self._stopping.wait(TICK_SECONDS):
            pass

    def _look_whether_paused(self) -> bool:
        """Tell whether the cluster must not run; unread, that is as it was before.

        So a database that is away for a moment ends no cluster that works, and one
        that was never asked starts none.
        """
        if not settings.REDIS_URL:
            return False
        try:
            close_old_connections()
            self._is_paused = not presence.beat().may_work
            if self._is_paused:
                heartbeats.beat(Process.SUPERVISOR, restarts=self.restarts)
        except Error as error:
            logger.warning("standing not read error=%s", type(error).__name__)
            connections.close_all()
        return self._is_paused

    def _start(self) -> ClusterGroup:
        self.ticker.expect_new_cluster()
        cluster = ClusterGroup(self.command)
        logger.info("cluster started pid=%s", cluster.pid)
        return cluster

    def _free_jobs(self, cluster: ClusterGroup) -> None:
        try:
            leases.expire_leases_of(cluster.members)
        except Error as error:
            # The leases run out by themselves, a little later.
            logger.warning("leases kept error=%s", type(error).__name__)

    def _tick(self, cluster: ClusterGroup) -> None:
        began = time.monotonic()
        try:
            close_old_connections()
            self.ticker.tick(
                cluster_pid=cluster.pid,
                restarts=self.restarts,
                last_reason=self.last_reason,
            )
        except Exception as error:  # noqa: BLE001 - the watch goes on without database
            logger.warning("tick failed error=%s", type(error).__name__)
            connections.close_all()
            # The queue cannot answer us: that says nothing about the cluster.
            self.ticker.forgive()
        # Nor does a database that kept us waiting: it keeps the cluster waiting, too.
        self.ticker.excuse(time.monotonic() - began)

    def _reason_to_restart(self, cluster: ClusterGroup) -> str:
        if cluster.has_lost_one():
            return LOST_ONE
        allowed = self.quiet_seconds
        if not self.ticker.has_beaten:
            allowed = max(allowed, START_SECONDS)
        # Whoever tried to beat and was not let in by a busy database lives as well.
        quiet = min(self.ticker.quiet_seconds, cluster.waited_seconds_ago)
        return STOOD_STILL if quiet > allowed else ""

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()
