"""`manage.py restore`: puts a backup in the database's place; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.services.installation import decisions, guard
from channels_amazon.services.installation.backup import restore_backup
from channels_amazon.services.installation.manifest import BackupError

ACTOR = "manage.py restore"


class Command(BaseCommand):
    """Restore a backup, to go on from it."""

    help = (
        "Verifies a backup (checksums, version, keys) and puts it in the place of the "
        "database that DATABASE_URL names. Stop Shoplink first. When it starts again, "
        "it reads what was sold since, and raises no quantity before that is done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder, what may be replaced and the form of the answer."""
        parser.add_argument("folder", type=Path, help="What `backup` wrote.")
        parser.add_argument(
            "--replace", action="store_true", help="Replace a database with tables."
        )
        parser.add_argument(
            "--confirm",
            action="store_true",
            help="This host with its database is the installation now.",
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore; raises CommandError where it cannot be done."""
        try:
            found = restore_backup(
                options["folder"], replace=options["replace"], actor=ACTOR
            )
        except BackupError as error:
            raise CommandError(f"{error.message} {error.fix}".strip()) from error
        if options["confirm"]:
            decisions.confirm(actor=ACTOR)
        state = guard.look()
        if options["json"]:
            told = asdict(found) | {"may_work": state.may_work}
            self.stdout.write(json.dumps(told, indent=2))
            return
        self.stdout.write(f"Restored the backup of {found.made_at}.")
        if state.may_work:
            self.stdout.write("Start Shoplink: it reads first what was sold since.")
        else:
            self.stdout.write(
                "It is paused until it is said that this is the installation: "
                "“manage.py installation --confirm”."
            )
