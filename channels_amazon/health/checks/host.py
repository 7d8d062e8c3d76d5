"""Can this server write: is its disk full, does the database take writes? health layer.

What is written is taken back: a check changes nothing.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.services.health import write_proof
from channels_amazon.services.jobs.heartbeats import host_name
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import counted, sentence

# Free bytes below which somebody is told, before nothing can be written any more.
WARN_BYTES = 500 * 1024**2
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# How SQLite and PostgreSQL say that there is no room.
_FULL_WORDS = ("disk is full", "no space left", "disk full")


@check(
    "host",
    group="host",
    order=1,
    title=gettext_lazy("Disk and database"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Look at the free space, write a small file, then a row, and take both back."""
    return [*_disk(), *_database()] or [
        well(
            sentence("This server's disk and the database take writes."),
            from_host=host_name(),
            database=connection.vendor,
            free_megabytes=_free() // 1024**2,
        )
    ]


def _disk() -> list[Finding]:
    folder = write_proof.folder()
    error = _refusal_of_file(folder)
    free = _free()
    if error is None and free >= WARN_BYTES:
        return []
    seen = {
        "from_host": host_name(),
        "folder": str(folder),
        "free_megabytes": free // 1024**2,
    }
    if error is not None and error.errno not in _FULL:
        return [
            Finding(
                code="host.database",
                cause=sentence(
                    "Shoplink cannot write in its folder %(folder)s: %(why)s",
                    folder=str(folder),
                    why=error.strerror or type(error).__name__,
                ),
                fix=sentence(
                    "Let the user that runs Shoplink write there, and look whether "
                    "the file system is mounted read-only."
                ),
                evidence=seen | {"about": "folder"},
            )
        ]
    return [
        _disk_full(
            seen,
            is_over=error is not None or free < write_proof.FULL_BYTES,
            free=free // 1024**2,
        )
    ]


def _disk_full(seen: dict[str, object], *, is_over: bool, free: int) -> Finding:
    return Finding(
        code="host.disk_full",
        level=Level.ERROR if is_over else Level.WARNING,
        cause=sentence(
            "The disk of this server is full, or nearly so: %(free)d MB are free.",
            free=free,
        ),
        fix=sentence(
            "Free space on this file system, then restart the worker. Lower "
            "LOG_RETENTION_DAYS if the logs fill it. Amazon keeps its messages for "
            "days: the order path has lost nothing."
        ),
        evidence=seen,
    )


def _database() -> list[Finding]:
    if behind := write_proof.missing_migrations():
        return [
            Finding(
                code="host.database",
                cause=counted(
                    "The database is not up to date with this version of "
                    "Shoplink: %(count)d migration is missing.",
                    "The database is not up to date with this version of "
                    "Shoplink: %(count)d migrations are missing.",
                    len(behind),
                ),
                fix=sentence(
                    "Stop all processes, run “manage.py migrate”, and start them again."
                ),
                evidence={"about": "migrations", "migrations": behind[:5]},
            )
        ]
    try:
        write_proof.try_large_write()
    except DatabaseError as error:
        said = redact_text(str(error)).strip()
    else:
        return []
    seen = {"database": connection.vendor, "error": said}
    if any(word in said.lower() for word in _FULL_WORDS):
        return [
            Finding(
                code="host.disk_full",
                cause=sentence("The database has no room: its disk is full."),
                fix=sentence(
                    "Free space where the database lies, then restart the worker. "
                    "Amazon keeps its messages for days: nothing is lost."
                ),
                evidence=seen | {"about": "database"},
            )
        ]
    return [
        Finding(
            code="host.database",
            cause=sentence("The database takes no writes: %(why)s", why=said),
            fix=sentence(
                "Look which process holds the database's lock, or whether it is "
                "read-only or in recovery. Amazon keeps its messages for days: "
                "nothing is lost."
            ),
            evidence=seen,
        )
    ]


def _refusal_of_file(folder: Path) -> OSError | None:
    """Write a small file in the folder down to the disk; return what refused it."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as file:
            file.write(b"\0" * write_proof.PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def _free() -> int:
    return write_proof.free_bytes()
