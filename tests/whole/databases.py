"""A database for a whole installation: SQLite in its folder, or PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from tests.migrated import created_from_template, template


@contextmanager
def new_database() -> Iterator[str]:
    """Give the address of a database that is dropped afterwards; "" for SQLite.

    It is empty, or a copy of the run's migrated one where there is that.
    """
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    name = f"shoplink_whole_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        statement = f"CREATE DATABASE {name}"
        if template():
            statement = created_from_template(name)
        connection.execute(statement.encode())
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
