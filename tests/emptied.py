"""Empties after a test that commits what it wrote to, and no other table.

Django's own way empties every table there is, and then writes the permissions and the
types of content anew: that takes longer than many of the tests.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

# Written by the migration, as they are again after Django's own way.
_KEPT = frozenset({Permission._meta.db_table, ContentType._meta.db_table})


def empty_what_was_written(_test: Any) -> None:
    """Empty every table that has rows; for `TransactionTestCase._fixture_teardown`."""
    tables = connection.introspection.django_table_names(include_views=False)
    with transaction.atomic(), connection.cursor() as cursor:
        # Keys are looked at when the transaction ends, so the order is all one.
        for table in _with_rows(cursor, sorted({*tables} - _KEPT)):
            cursor.execute(f"DELETE FROM {_quoted(table)}")  # noqa: S608


def _with_rows(cursor: Any, tables: list[str]) -> list[str]:
    found = [
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_quoted(table)})"  # noqa: S608
        for table in tables
    ]
    cursor.execute(" UNION ALL ".join(found))
    return [name for (name,) in cursor.fetchall()]


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)
