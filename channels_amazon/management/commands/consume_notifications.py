"""`manage.py consume_notifications`: reads Amazon's events; management layer."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from channels_amazon.worker import process_guard
from channels_amazon.worker.consumer import LONG_POLL, Consumer


class Command(BaseCommand):
    """Read the notification queue until stopped."""

    help = (
        "Reads Amazon's notifications from the queue until it is stopped. Several may "
        "run at once; one that is killed is back by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how long to poll and whether to end on an empty queue."""
        parser.add_argument(
            "--wait",
            type=int,
            default=LONG_POLL,
            help="Seconds of one long poll, at most 20 (%(default)s).",
        )
        parser.add_argument(
            "--until-empty",
            action="store_true",
            help="End when the queue is empty, and say how many messages there were.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Consume until SIGTERM, SIGINT or SIGHUP, or until the queue is empty."""
        consumer = Consumer(
            wait=min(max(options["wait"], 0), LONG_POLL),
            until_empty=options["until_empty"],
        )
        if consumer.until_empty:
            self.stdout.write(f"{consumer.run()} messages")
            return
        process_guard.run_guarded(settings.LOG_FORMAT)
        process_guard.on_end(lambda *_: consumer.stop())
        consumer.run()
