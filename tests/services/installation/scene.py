"""Other databases, hosts and copies than the test's own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection

from tests.processes import database_url


@contextmanager
def other_database(folder: Path) -> Iterator[str]:
    """Give the address of an empty database of the same kind as the test's own."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'other' / 'other.sqlite3'}"
        return
    name = f"shoplink_other_{uuid.uuid4().hex[:12]}"
    own = database_url()
    with psycopg.connect(own, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlsplit(own)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def mode_of(path: Path) -> str:
    """Return the file's rights as `ls` would number them."""
    return oct(os.stat(path).st_mode & 0o777)
