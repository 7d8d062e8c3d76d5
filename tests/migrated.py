"""Gives each process of a run its database: migrated once, and copied from then on.

SHOPLINK_TEST_TEMPLATE is the address of that database; without one, as when pytest is
called by hand, each process migrates a database of its own.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection
from psycopg.sql import SQL, Identifier

_SQLITE = "sqlite:///"


def template() -> str:
    """Return the address of the database that is migrated; "" where there is none."""
    return os.environ.get("SHOPLINK_TEST_TEMPLATE", "")


def copy_to_test_database() -> bool:
    """Make the database of this process's tests by copying; tell whether it could."""
    if not template():
        return False
    name = connection.settings_dict["TEST"]["NAME"]
    if connection.vendor == "sqlite":
        copy_file(Path(name))
    else:
        with connection._nodb_cursor() as cursor:
            cursor.execute(created_from_template(name))
    return True


def copy_file(target: Path) -> None:
    """Copy the migrated SQLite file, with what its log still holds."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = template().removeprefix(_SQLITE)
    with (
        closing(sqlite3.connect(source)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)


def created_from_template(name: str) -> str:
    """Return the statement that makes a database of PostgreSQL of this name."""
    source = urlsplit(template()).path.removeprefix("/")
    statement = SQL("CREATE DATABASE {} TEMPLATE {}")
    return statement.format(Identifier(name), Identifier(source)).as_string(None)
