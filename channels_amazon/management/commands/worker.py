"""`manage.py worker`: does the background work; management layer."""

from __future__ import annotations

import os
import signal
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django_q.cluster import Cluster

from channels_amazon.sync import keeper
from channels_amazon.sync.supervisor import QUIET_SECONDS, Supervisor


class Command(BaseCommand):
    """Run the task queue under a supervisor that heals it."""

    help = (
        "Runs the background work until it is stopped. Any of its processes may be "
        "killed: it is back at work by itself within half a minute."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how long a silent queue is waited for."""
        parser.add_argument(
            "--quiet-seconds",
            type=float,
            default=QUIET_SECONDS,
            help="Restart the queue when it shows no life for so long (%(default)s).",
        )
        parser.add_argument(
            "--cluster", action="store_true", help="Used by the supervisor itself."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Become the keeper, the supervisor or the cluster, whichever is asked for."""
        if options["cluster"]:
            keeper.watch_pipe(_kill_own_group)
            _run_cluster()
            return
        keeper.stay_kept()
        command = [sys.executable, sys.argv[0], "worker", "--cluster", "--skip-checks"]
        Supervisor(command, quiet_seconds=options["quiet_seconds"]).run()


def _run_cluster() -> None:
    cluster = Cluster()
    cluster.start()
    # The guard is gone only when the cluster was told to stop, or the guard killed.
    while cluster.sentinel.is_alive():
        time.sleep(0.2)
    if not cluster.has_stopped:
        _kill_own_group()


def _kill_own_group() -> None:
    os.killpg(0, signal.SIGKILL)
