"""A sign of life that needs no database: that somebody tried to write one; services.

A heartbeat is a row, and a database that is busy takes none: what waits for it is not
dead. So whoever cannot write its heartbeat for that reason alone says here that it
tried, in eight bytes of a file that the cluster's processes inherit from the
supervisor. One that hangs tries nothing, and says nothing.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time

from django.db import OperationalError

# The number of the open file, in the environment of a cluster.
FILE = "SHOPLINK_LIFE_FILE"
_TIME = struct.Struct("d")
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# The primary code of SQLite's extended ones.
_PRIMARY = 0xFF
# PostgreSQL's lock_not_available.
_NO_LOCK = "55P03"


def is_busy(error: OperationalError) -> bool:
    """Tell whether the database only was busy: a lock did not come in time."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return code is not None and code & _PRIMARY in _BUSY
    return getattr(cause, "sqlstate", None) == _NO_LOCK


def show() -> None:
    """Say that this process of a cluster is at work; nothing where nobody listens."""
    number = os.environ.get(FILE)
    if number is not None:
        # One clock for all processes of a host, which nobody sets.
        os.pwrite(int(number), _TIME.pack(time.monotonic()), 0)


def seconds_since(file: int) -> float:
    """Return how long ago a process said so; infinite where none ever did."""
    said = os.pread(file, _TIME.size, 0)
    if len(said) < _TIME.size:
        return float("inf")
    return max(time.monotonic() - float(_TIME.unpack(said)[0]), 0.0)
