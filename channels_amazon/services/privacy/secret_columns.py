"""Reads and replaces encrypted values as the database holds them; services layer.

Many rows a statement, in SQL: `bulk_update` would store the text of its own SQL
expression, encrypted, in place of the value (models/encrypted.py refuses it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.db import connection, models

from channels_amazon.models import SecretTextField

# A row's values in the order of `SecretTable.fields`, None for a database NULL.
Values = tuple[bytes | None, ...]


@dataclass(frozen=True)
class SecretTable:
    """A model with encrypted columns; `label` is as in `app.model`."""

    label: str
    model: type[models.Model]
    fields: tuple[SecretTextField, ...]

    @cached_property
    def name(self) -> str:
        """Return the table's name, quoted for SQL."""
        return str(connection.ops.quote_name(self.model._meta.db_table))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the encrypted columns, quoted for SQL."""
        return tuple(connection.ops.quote_name(one.column) for one in self.fields)

    def rows(self, after: int, most: int) -> dict[int, Values]:
        """Return the next rows by primary key."""
        return self._read("id > %s ORDER BY id LIMIT %s", [after, most])

    def rows_of(self, pks: Sequence[int]) -> dict[int, Values]:
        """Return the rows of these keys that are still there."""
        if not pks:
            return {}
        marks = ", ".join(["%s"] * len(pks))
        return self._read(f"id IN ({marks}) ORDER BY id", pks)

    def replace(self, place: int, changes: Mapping[int, tuple[bytes, bytes]]) -> int:
        """Write new values of one column in one statement; return how many it took.

        `changes` has the old and the new value by primary key; a row whose value is
        no longer the old one keeps what another process stored meanwhile.
        """
        column = self.columns[place]
        # The inner WITH names the columns on SQLite and PostgreSQL alike.
        marks = ", ".join(["(%s, %s, %s)"] * len(changes))
        sql = (
            f"UPDATE {self.name} SET {column} = changed.after "  # noqa: S608
            f"FROM (WITH listed(pk, before, after) AS (VALUES {marks}) "
            f"SELECT * FROM listed) AS changed WHERE {self.name}.id = changed.pk "
            f"AND {self.name}.{column} = changed.before"
        )
        given = [value for pk, pair in changes.items() for value in (pk, *pair)]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return int(cursor.rowcount)

    def _read(self, condition: str, given: Sequence[int]) -> dict[int, Values]:
        columns = ", ".join(self.columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, {columns} FROM {self.name} WHERE {condition}",  # noqa: S608
                given,
            )
            return {pk: tuple(map(_bytes, values)) for pk, *values in cursor}


class Reencryption:
    """Encrypts values of one column anew, with keys that are derived only once."""

    def __init__(self, secret: SecretTextField) -> None:
        self._first = Fernet(secret.fernet_keys[0])
        self._all: MultiFernet | Fernet = secret.fernet

    def __call__(self, old: bytes) -> bytes | None:
        """Return the value under the first key; None when that has made it already.

        Raises InvalidToken when no key opens it.
        """
        try:
            self._first.decrypt(old)
        except InvalidToken:
            plain: bytes = self._all.decrypt(old)
            return self._first.encrypt(plain)
        return None


def secret_tables() -> list[SecretTable]:
    """Return every model with encrypted columns, in the order of the models."""
    found = []
    for model in apps.get_app_config("channels_amazon").get_models():
        secrets = [f for f in model._meta.fields if isinstance(f, SecretTextField)]
        if secrets:
            found.append(SecretTable(model._meta.label_lower, model, tuple(secrets)))
    return found


def _bytes(value: Iterable[int] | None) -> bytes | None:
    return None if value is None else bytes(value)
