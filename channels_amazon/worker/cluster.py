"""The task queue's cluster, as its own first process runs it; worker layer.

django-q2 replaces a process that died and goes on, but may hang for good then (see
`cluster_group`), and the supervisor cannot tell a death it never saw. So its guard,
which knows every process from its birth, ends the cluster at any death.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import wraps
from multiprocessing.process import BaseProcess
from typing import Any

from django_q import cluster
from django_q.signals import post_execute_in_worker

from channels_amazon.spapi.redact import redact_text
from channels_amazon.worker import process_guard
from channels_amazon.worker.broker import queue_of_cluster
from channels_amazon.worker.process_group import GRACE

logger = logging.getLogger(__name__)


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
    # Who tells us to go on without a terminal tells the supervisor too, which ends us
    # as it should be; the processes that are forked ignore it as well.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # The library offers no other way to have a guard of one's own, nor one to log what
    # ends a process: it would stand as a bare traceback on standard error.
    cluster.Sentinel = _logged(_Guard)
    for name in ("worker", "monitor", "pusher"):
        setattr(cluster, name, _logged(getattr(cluster, name)))
    post_execute_in_worker.connect(_redact_result)
    running = cluster.Cluster(queue_of_cluster())
    running.start()
    while running.sentinel.is_alive():
        time.sleep(0.2)
    # Told to stop, it has stopped; else a process of it has died, or its guard.
    if not running.has_stopped:
        _kill_own_group()


def _logged(target: Callable[..., Any]) -> Callable[..., None]:
    """Return what a forked process is to run, which logs the error that ends it."""

    @wraps(target, updated=())
    def run_target(*arguments: Any) -> None:
        try:
            target(*arguments)
        except Exception:
            logger.exception("process of the cluster ended pid=%s", os.getpid())
            raise SystemExit(1) from None

    return run_target


def _redact_result(*, task: dict[str, Any], **_signal: Any) -> None:
    """Take secrets out of a failure before the queue stores its traceback."""
    if not task["success"]:
        task["result"] = redact_text(str(task["result"]))


def _kill_own_group() -> None:
    os.killpg(0, signal.SIGKILL)
