"""`manage.py rotate_keys`: encrypts secrets with the first key; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.services.jobs.maintenance import MaintenanceBusy
from channels_amazon.services.privacy.key_rotation import ModelResult, rotate_keys

# On a terminal; the JSON names every one.
_SHOWN = 20


class Command(BaseCommand):
    """Encrypt every token, secret and personal record with the first of FERNET_KEYS."""

    help = (
        "Encrypts all secrets anew with the first of FERNET_KEYS. Put the new key "
        "first and keep the old one behind it, restart every process, run this, then "
        "remove the old key. The hashes by which orders are found by name are made "
        "anew, too. It may be interrupted: run again, it goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the form of the answer."""
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate; raises CommandError when values are left that no key opens."""
        try:
            results = rotate_keys(tell=None if options["json"] else self._tell)
        except MaintenanceBusy as busy:
            raise CommandError(f"{busy.message} {busy.fix}") from None
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
                "FERNET_KEYS."
            )

    def _tell(self, result: ModelResult) -> None:
        self.stdout.write(
            f"{result.model}: {result.rows} rows, {result.rewritten} encrypted anew."
        )
        for value in result.unreadable[:_SHOWN]:
            self.stderr.write(f"No key opens {value.model} {value.pk}, {value.column}.")
        if len(result.unreadable) > _SHOWN:
            self.stderr.write(f"… and {len(result.unreadable) - _SHOWN} more.")
