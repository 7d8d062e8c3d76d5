"""`manage.py rotate_keys`: encrypts secrets with the first key; management layer."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.services.jobs.maintenance import MaintenanceBusy
from channels_amazon.services.privacy.key_rotation import (
    KeyNotEverywhere,
    ModelResult,
    rotate_keys,
)

# On a terminal; the JSON names every one.
_SHOWN = 20
# docs/deploy.md and .env.example give the same steps: a test compares and walks them.
STEPS = (
    "Put the new key first in FERNET_KEYS and keep the old one behind it.",
    "Restart every process on every host: web, worker, notifications.",
    "Run manage.py rotate_keys, which refuses while a process lacks the new key.",
    "Once it says that every secret is under the first key, remove the old key and "
    "restart every process again.",
)
# Seconds: one that was killed counts as alive for a minute.
WAIT = 75.0
_LOOK_AGAIN = 2.0


class Command(BaseCommand):
    """Encrypt every token, secret and personal record with the first of FERNET_KEYS."""

    help = (
        "Encrypts all secrets anew with the first of FERNET_KEYS. "
        + " ".join(f"{number}. {step}" for number, step in enumerate(STEPS, 1))
        + " The hashes by which orders are found by name are made anew, too. It may be "
        "interrupted: run again, it goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the form of the answer, and how patient to be."""
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")
        parser.add_argument(
            "--wait",
            type=float,
            default=WAIT,
            metavar="SECONDS",
            help="How long to wait for processes that lack the new key to end.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate; raises CommandError when values are left that no key opens."""
        results = self._rotate(options["wait"], is_json=options["json"])
        unreadable = sum(len(result.unreadable) for result in results)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(result) for result in results]))
        if unreadable:
            raise CommandError(
                f"{unreadable} values cannot be opened by any of FERNET_KEYS. Add the "
                "key that encrypted them as the last one and run this again, or "
                "authorise the accounts concerned again."
            )
        if not options["json"]:
            self.stdout.write(
                "Every secret is under the first key. The others may be removed from "
                "FERNET_KEYS; restart every process after that."
            )

    def _rotate(self, seconds: float, *, is_json: bool) -> list[ModelResult]:
        until = time.monotonic() + seconds
        is_told = False
        while True:
            try:
                return rotate_keys(tell=None if is_json else self._tell)
            except MaintenanceBusy as busy:
                raise CommandError(f"{busy.message} {busy.fix}") from None
            except KeyNotEverywhere as lacking:
                if time.monotonic() >= until:
                    raise CommandError(f"{lacking.message} {lacking.fix}") from None
                if not is_told:
                    self.stderr.write(f"{lacking.message} Waiting for them to end …")
                is_told = True
            time.sleep(_LOOK_AGAIN)

    def _tell(self, result: ModelResult) -> None:
        self.stdout.write(
            f"{result.model}: {result.rows} rows, {result.rewritten} encrypted anew."
        )
        for value in result.unreadable[:_SHOWN]:
            self.stderr.write(f"No key opens {value.model} {value.pk}, {value.column}.")
        if len(result.unreadable) > _SHOWN:
            self.stderr.write(f"… and {len(result.unreadable) - _SHOWN} more.")
