"""The task queue's cluster, as its own first process runs it; worker layer.

django-q2 replaces a process that died and goes on, but may hang for good then (see
`cluster_group`), and the supervisor cannot tell a death it never saw. So its guard,
which knows every process from its birth, ends the cluster at any death.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing.process import BaseProcess

from django_q import cluster

from channels_amazon.worker import process_guard
from channels_amazon.worker.process_group import GRACE


class _Guard(cluster.Sentinel):  # type: ignore[misc]
    """Lets the living finish their tasks for a moment when one has died."""

    def reincarnate(self, process: BaseProcess) -> None:
        """Stop the cluster instead of replacing `process`."""
        # The dead one may hold a lock that the others need to stop.
        deadline = threading.Timer(GRACE, _kill_own_group)
        deadline.daemon = True
        deadline.start()
        # One that is over its time instead of dead would not end by itself.
        process.terminate()
        self.stop_event.set()


def run() -> None:
    """Run the cluster until it is told to stop; end the whole group at any death."""
    process_guard.watch_pipe(_kill_own_group)
    # The library offers no other way to have a guard of one's own.
    cluster.Sentinel = _Guard
    running = cluster.Cluster()
    running.start()
    while running.sentinel.is_alive():
        time.sleep(0.2)
    # Told to stop, it has stopped; else a process of it has died, or its guard.
    if not running.has_stopped:
        _kill_own_group()


def _kill_own_group() -> None:
    os.killpg(0, signal.SIGKILL)
