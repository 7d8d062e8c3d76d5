"""Tells whether this server can write, for probe, check and command; services layer.

What is full, how long a lock may take and what is missing is said here alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from channels_amazon.models import Heartbeat, WriteProof
from channels_amazon.services.jobs.heartbeats import host_name

# A busy worker holds SQLite's only write lock for moments: that is no fault. Seconds.
LONGEST_WAIT = 3.0
# Free bytes below which soon nothing can be written: SQLite's file and its log grow
# with the work.
FULL_BYTES = 50 * 1024**2
# More than is left in any page of a database: a full disk must show.
PROBE_BYTES = 65536
_ROW = 1


class _TakenBack(Exception):
    """Ends the transaction of a write that was only tried."""


def folder() -> Path:
    """Return where this server writes: the folder of SQLite's file, else a scratch."""
    file = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and file.parent.is_dir():
        return file.parent
    return Path(tempfile.gettempdir())


def free_bytes() -> int:
    """Return how much room is left there; raises OSError."""
    return shutil.disk_usage(folder()).free


def is_database_full() -> bool:
    """Tell whether the disk that holds the database, if it is ours, is full."""
    if connection.vendor != "sqlite":
        return False
    try:
        return free_bytes() < FULL_BYTES
    except OSError:
        return True


def missing_migrations() -> list[str]:
    """Return the migrations that the database has not seen yet."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _is_backward in plan]


def prove_writes() -> None:
    """Change one row and commit it; there is never more than this one row.

    It waits at most LONGEST_WAIT for a lock. Raises DatabaseError where the database
    takes no write: it is read-only, in recovery, locked for long, or its disk is full.
    """
    with _short_transaction():
        now = timezone.now()
        if not WriteProof.objects.filter(pk=_ROW).update(written_at=now):
            first = WriteProof(pk=_ROW, written_at=now)
            # Two processes may be asked for the first time at once.
            WriteProof.objects.bulk_create([first], ignore_conflicts=True)


def try_large_write() -> None:
    """Write a row that needs room, and take it back; raises as `prove_writes` does."""
    now = timezone.now()
    try:
        with _short_transaction():
            Heartbeat.objects.create(
                kind="probe",
                host=host_name(),
                pid=0,
                started_at=now,
                beat_at=now,
                detail={"probe": "x" * PROBE_BYTES},
            )
            raise _TakenBack
    except _TakenBack:
        return


def limit_waits() -> None:
    """Have this process wait LONGEST_WAIT for a lock from now on, not longer."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {_milliseconds()}")
        else:
            cursor.execute(f"SET lock_timeout = {_milliseconds()}")


@contextmanager
def _short_transaction() -> Iterator[None]:
    with waiting_briefly(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Values of SET take no parameters.
                cursor.execute(f"SET LOCAL lock_timeout = {_milliseconds()}")
                cursor.execute(f"SET LOCAL statement_timeout = {_milliseconds()}")
        yield


@contextmanager
def waiting_briefly() -> Iterator[None]:
    """Let SQLite wait less than usual for its write lock, then as before."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {_milliseconds()}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


def _milliseconds() -> int:
    return round(LONGEST_WAIT * 1000)
