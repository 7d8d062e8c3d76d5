"""`manage.py export_sync_log`: writes an account's Last Sync Log; management layer."""

from __future__ import annotations

import os
import signal
import stat
import sys
import tempfile
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils.translation import override

from channels_amazon.health.report_form import last_findings
from channels_amazon.management.commands.sync import find_account
from channels_amazon.models import AmazonAccount, SyncRun
from channels_amazon.services.diagnostics.actor import current_actor
from channels_amazon.services.health import (
    sync_log,
    sync_log_file,
    sync_log_runs,
    sync_log_story,
)
from channels_amazon.spapi.redact import redact_text

# What the shell sees, beside 1 (no such account, or several) and argparse's 2.
NOTHING_RAN = 3
NOT_WRITTEN = 4
NOT_READ = 5
NO_SUCH_RUN = 6
STANDARD_OUTPUT = "-"
_WITHOUT = "Without --run the file tells of the last sync."
# What ends a program from outside, and can be met. A shell sees 128 and the number.
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    """Write the Last Sync Log of an account into a file."""

    help = (
        "Writes what the account's last sync did, or any run of it, as a zip archive "
        "without secrets and personal data: its story, its calls to Amazon, the last "
        "health check, versions, settings. Ends with 1 where there is no such account "
        "or several, 2 for a wrong command line, 3 where nothing has run yet, 4 where "
        "the file cannot be written, 5 where the database cannot be read, 6 where the "
        "account has no such run; then there is no file, and an earlier one stays as "
        "it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, the file, the run and the language."""
        parser.add_argument("account", help="The account's number or seller id.")
        parser.add_argument(
            "file", help="The archive to write or replace; - for the standard output."
        )
        parser.add_argument(
            "--run",
            type=_run_number,
            metavar="ID",
            help="The run to tell of, by its number in the logs; without it, of the "
            "last sync.",
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
            with _ended_in_order():
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
        run = _run_of(account, options.get("run"))
        with override(options["language"]):
            log = sync_log.read_sync_log(
                account, run, last_findings(account), with_settings=True
            )
            story = sync_log_story.tell_in_utc(log)
            pieces = sync_log_file.archive_pieces(log, story)
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


def _run_of(account: AmazonAccount, run_id: int | None) -> SyncRun:
    last = sync_log_runs.last_sync(account)
    if last is None:
        raise CommandError(
            f"Nothing has run yet for {account}.", returncode=NOTHING_RAN
        )
    run = last if run_id is None else sync_log_runs.run_of(account, run_id)
    if run is None:
        raise CommandError(
            f"{account} has no run {run_id}: the number may be mistyped, or the run "
            "belongs to another account, or its log was deleted after "
            f"LOG_RETENTION_DAYS. {_WITHOUT}",
            returncode=NO_SUCH_RUN,
        )
    return run


def _run_number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        why = f"“{text}” is no number of a run. {_WITHOUT}"
        raise ArgumentTypeError(why) from error


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a signal end the program as an error does: what was begun is cleaned away.

    Only the main thread may ask for that; a signal that was to be ignored still is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    mine = [one for one in _SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
    for one in mine:
        signal.signal(one, _leave)
    try:
        yield
    finally:
        for one in mine:
            signal.signal(one, signal.SIG_DFL)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    # Whoever sends it twice must not disturb the cleaning.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write the file for its owner alone, whole or not at all."""
    if path.is_dir():
        raise IsADirectoryError(None, "Is a directory")
    # A device, a pipe or a link would be gone, and a file in its place.
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(None, "Is no regular file; - is the standard output")
    made = ""
    try:
        # A signal that comes meanwhile waits until the name is known.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        with os.fdopen(handle, "wb") as file:
            _fill(file, pieces)
        Path(made).replace(path)
    except BaseException:
        if made:
            Path(made).unlink(missing_ok=True)
        raise


def _fill(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()
