"""`manage.py export_sync_log`: writes an account's Last Sync Log; management layer."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils.translation import override

from channels_amazon.health.report_form import last_findings
from channels_amazon.management.commands.sync import find_account
from channels_amazon.services.diagnostics.actor import current_actor
from channels_amazon.services.health import sync_log, sync_log_story
from channels_amazon.spapi.redact import redact_text

# What the shell sees, beside 1 (no such account, or several) and argparse's 2.
NOTHING_RAN = 3
NOT_WRITTEN = 4
NOT_READ = 5
STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    """Write the Last Sync Log of an account into a file."""

    help = (
        "Writes what the account's last run did, as a zip archive without secrets and "
        "personal data: its story, its calls to Amazon, the last health check, "
        "versions, settings. Ends with 1 where there is no such account or several, 2 "
        "for a wrong command line, 3 where nothing has run yet, 4 where the file "
        "cannot be written, 5 where the database cannot be read; then there is no "
        "file, and an earlier one stays as it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, the file and the language."""
        parser.add_argument("account", help="The account's number or seller id.")
        parser.add_argument(
            "file", help="The archive to write or replace; - for the standard output."
        )
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="The language of the story and of what happened.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file; raises CommandError where that cannot be done."""
        try:
            said = self._export(options)
        except DatabaseError as error:
            # Its first line: the rest quotes rows and statements.
            why = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise CommandError(
                f"The database cannot be read: {redact_text(why)}.",
                returncode=NOT_READ,
            ) from error
        if said:
            self.stdout.write(said)

    def _export(self, options: Mapping[str, Any]) -> str:
        """Return what is to be said once the file is written."""
        account = find_account(options["account"])
        run = sync_log.last_run(account)
        if run is None:
            raise CommandError(
                f"Nothing has run yet for {account}.", returncode=NOTHING_RAN
            )
        with override(options["language"]):
            log = sync_log.read_sync_log(
                account, run, last_findings(account), with_settings=True
            )
            pieces = sync_log.archive_pieces(
                log, sync_log_story.readme(log), sync_log_story.taken_out_text(log)
            )
        # Before it leaves: what was not written was at least tried.
        sync_log.keep_sync_log_export(log, current_actor())
        file = options["file"]
        try:
            if file == STANDARD_OUTPUT:
                _fill(sys.stdout.buffer, pieces)
                return ""
            _write(Path(file), pieces)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise CommandError(
                f"{file} cannot be written: {why}.", returncode=NOT_WRITTEN
            ) from error
        return f"Wrote the Last Sync Log of {account} into {file}."


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write the file for its owner alone, whole or not at all."""
    if path.is_dir():
        raise IsADirectoryError(None, "Is a directory")
    # A device, a pipe or a link would be gone, and a file in its place.
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(None, "Is no regular file; - is the standard output")
    handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _fill(file, pieces)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _fill(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()
