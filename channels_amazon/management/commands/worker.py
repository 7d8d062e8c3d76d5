"""`manage.py worker`: does the background work; management layer."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from channels_amazon.worker import cluster, process_guard
from channels_amazon.worker.supervisor import QUIET_SECONDS, Supervisor


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
        """Become the guard, the supervisor or the cluster, whichever is asked for."""
        if options["cluster"]:
            cluster.run()
            return
        process_guard.run_guarded(settings.LOG_FORMAT)
        command = [sys.executable, sys.argv[0], "worker", "--cluster", "--skip-checks"]
        Supervisor(command, quiet_seconds=options["quiet_seconds"]).run()
