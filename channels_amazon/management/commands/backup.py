"""`manage.py backup`: writes a backup of the database; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.services.installation.backup import make_backup
from channels_amazon.services.installation.manifest import BackupError


class Command(BaseCommand):
    """Back the database up while Shoplink goes on."""

    help = (
        "Writes a consistent copy of the database with checksums into a folder that "
        "does not exist yet, while everything goes on. The keys (FERNET_KEYS, "
        "SECRET_KEY) are not in it: keep them apart; its manifest names their "
        "fingerprints."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder and the form of the answer."""
        parser.add_argument("folder", type=Path, help="A new or empty folder.")
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the backup; raises CommandError where it cannot be done."""
        try:
            made = make_backup(options["folder"])
        except BackupError as error:
            raise CommandError(f"{error.message} {error.fix}".strip()) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(made), indent=2))
            return
        self.stdout.write(f"Backed up into {options['folder']}.")
        self.stdout.write(
            "The keys are not in it. To read its secrets, FERNET_KEYS must hold the "
            f"keys with these fingerprints: {', '.join(made.keys)}."
        )
