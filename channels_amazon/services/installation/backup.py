"""Makes backups and restores them; services layer.

A backup is a folder: the database, a manifest, checksums. It appears under its name
only when it is whole. The keys are not in it: with both, tokens and personal data can
be read.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from channels_amazon.models import Heartbeat, Installation
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.installation import database_copy, guard, manifest
from channels_amazon.services.installation.manifest import BackupError, Manifest
from channels_amazon.services.jobs import key_holders
from channels_amazon.wording import Sentence, counted, sentence

# Seconds: a connection of a process that has just ended is there for a moment.
_ENDING_SECONDS = 5.0


def make_backup(folder: Path) -> Manifest:
    """Write a backup into `folder`, which must be empty or not exist yet.

    Others may go on working meanwhile. Raises BackupError.
    """
    folder = folder.absolute()
    _require_empty(folder)
    try:
        row = Installation.objects.first()
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside it, to be renamed at the end; only its owner may look into it.
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            before = os.umask(stat.S_IRWXG | stat.S_IRWXO)
            try:
                described = _fill(made, str(row.uuid) if row else "")
            finally:
                os.umask(before)
            made.replace(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise BackupError(
            sentence(
                "The backup cannot be written: %(reason)s.", reason=error.strerror or ""
            )
        ) from error
    except DatabaseError as error:
        raise BackupError(
            sentence("The database cannot be read, or is not migrated."),
            fix=sentence("Check DATABASE_URL, or run “manage.py migrate” first."),
        ) from error
    return described


def restore_backup(folder: Path, *, replace: bool, actor: str) -> Manifest:
    """Put a backup in the place of the database, and bring it up to this version.

    The work that follows begins by reading what was sold since. A database with tables
    is only replaced when told, and while nothing works with it. Raises BackupError.
    """
    folder = folder.absolute()
    described = manifest.read(folder)
    manifest.require_restorable(described)
    if _is_unreadable():
        _set_aside(replace=replace)
    elif not database_copy.is_empty():
        if not replace:
            raise BackupError(
                sentence("The database is not empty."),
                fix=sentence(
                    "Back it up first; then say --replace to have it replaced."
                ),
            )
        _require_stopped()
    database_copy.load(folder / described.file)
    guard.forget()
    call_command("migrate", verbosity=0, interactive=False)
    _mark_restored(described, actor)
    return described


def _is_unreadable() -> bool:
    """Tell whether SQLite's file is there and is none any more."""
    try:
        database_copy.is_empty()
    except DatabaseError:
        if connection.vendor != "sqlite":
            raise
        return True
    return False


def _set_aside(*, replace: bool) -> None:
    if not replace:
        raise BackupError(
            sentence("The present database cannot be read."),
            fix=sentence(
                "Say --replace: its file is kept beside the restored one, under "
                "another name."
            ),
        )
    database_copy.move_away()


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(
            sentence("%(folder)s is not an empty folder.", folder=folder.name),
            fix=sentence("Name a folder that does not exist yet."),
        )


def _fill(folder: Path, installation: str) -> Manifest:
    name = database_copy.file_name()
    # Before the copy: what is applied meanwhile is not in the manifest, never the
    # other way round.
    described = manifest.describe(name, installation)
    database_copy.dump(folder / name)
    manifest.write(folder, described)
    for path in folder.iterdir():
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return described


def _require_stopped() -> None:
    until = time.monotonic() + _ENDING_SECONDS
    while (at_work := _at_work()) is not None:
        if time.monotonic() >= until:
            raise BackupError(
                sentence(
                    "Something still works with the database, or did a moment ago: "
                    "%(who)s.",
                    who=at_work,
                ),
                fix=sentence(
                    "Stop web, worker and notifications on every host, wait a minute, "
                    "and try again."
                ),
            )
        time.sleep(0.5)


def _at_work() -> Sentence | None:
    """Return who works with the database, None for nobody."""
    holders = key_holders.key_holders(timezone.now()) if _has(Heartbeat) else []
    if holders:
        return holders[0].name
    sessions = database_copy.other_sessions()
    if sessions:
        return counted(
            "%(count)s other connection",
            "%(count)s other connections",
            sessions,
        )
    return None


def _has(model: type[Heartbeat]) -> bool:
    return model._meta.db_table in connection.introspection.table_names()


def _mark_restored(described: Manifest, actor: str) -> None:
    """Have the next work begin behind; one that knew no installation stays paused."""
    with transaction.atomic():
        row, _is_new = Installation.objects.get_or_create(
            # Unlike any database: a person says first that it is the installation.
            defaults={"database": "", "decided_at": timezone.now()},
        )
        row.behind_cause, row.behind_at = BehindCause.RESTORED, None
        row.restored_at = timezone.now()
        row.save()
        record(
            Entry(
                code="installation.restored",
                level=Level.WARNING,
                message=sentence(
                    "The database was restored from the backup of %(time)s.",
                    time=datetime.fromisoformat(described.made_at),
                ),
                actor=actor,
            )
        )
    guard.forget()
