"""Writes rows by the thousand: SQL of both databases from expressions of a row."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Literal:
    """A value that is the same in each row, as the model's field takes it."""

    value: Any


class Filler:
    """Writes rows in bulk: expressions of SQL in `i` for the columns of a model."""

    def __init__(self) -> None:
        from django.db import connection
        from django.utils import timezone

        self.connection = connection
        self.now = timezone.now().replace(microsecond=0)
        self.is_postgresql = connection.vendor == "postgresql"

    def before(self, seconds: str) -> str:
        """Return the moment so many seconds (an expression) before now."""
        if self.is_postgresql:
            moment = f"timestamptz '{self.now.isoformat()}'"
            return f"({moment} - ({seconds}) * interval '1 second')"
        moment = f"{self.now:%Y-%m-%d %H:%M:%S}"
        shift = f"printf('%+d seconds', -({seconds}))"
        # Six digits, as Django writes them: the texts are compared as they are.
        return f"(strftime('%Y-%m-%d %H:%M:%f000', '{moment}', {shift}))"

    def fill(self, model: Any, count: int, where: str = "", **values: Any) -> None:
        """Insert rows 1 to `count`, those for which `where` holds.

        What is not named has its default: NULL, an empty text, the model's own.
        """
        began = time.monotonic()
        names, chosen, given = [], [], []
        for field in model._meta.concrete_fields:
            value = values.pop(field.attname, None)
            if value is None:
                value = "i" if field.primary_key else self._default(field)
            names.append(self.connection.ops.quote_name(field.column))
            if isinstance(value, Literal):
                chosen.append("%s")
                given.append(field.get_db_prep_save(value.value, self.connection))
            else:
                chosen.append(value.replace("%", "%%"))
        if values:
            raise TypeError(f"{model.__name__} has no {', '.join(values)}")
        table = self.connection.ops.quote_name(model._meta.db_table)
        sql = (
            f"INSERT INTO {table} ({', '.join(names)}) "  # noqa: S608 - our own names
            "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL "
            f"SELECT i + 1 FROM n WHERE i < {count}) "
            f"SELECT {', '.join(chosen)} FROM n"
        )
        if where:
            sql += " WHERE " + where.replace("%", "%%")
        with self.connection.cursor() as cursor, self._without_indexes(cursor, model):
            cursor.execute(sql, given)
        took = time.monotonic() - began
        print(f"   {model.__name__}: up to {count} rows in {took:.1f} s", flush=True)

    def _default(self, field: Any) -> Any:
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            return Literal(self.now)
        if field.has_default() or not field.null:
            return Literal(field.get_default())
        return "NULL"

    @contextmanager
    def _without_indexes(self, cursor: Any, model: Any) -> Iterator[None]:
        """Build a large table's indexes after its rows: several times as fast."""
        if not self.is_postgresql:
            yield
            return
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x "
            "JOIN pg_class c ON c.oid = x.indexrelid "
            "WHERE x.indrelid = %s::regclass AND NOT x.indisunique",
            [model._meta.db_table],
        )
        found = cursor.fetchall()
        for name, _definition in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in found:
            cursor.execute(definition)
