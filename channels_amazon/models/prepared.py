"""Statements of which Django makes the SQL once a process; models layer.

To make the SQL of a dozen subqueries takes Django several times as long as the database
needs to answer. What is asked at each page, or each hour of each account, is so made
once, with a place for each value that differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BigIntegerField, DateTimeField, Expression, Field, QuerySet


class Given(Expression):
    """A value that the statement gets when it is run, by its name."""

    def __init__(
        self,
        name: str,
        output_field: Field[Any, Any],
        offset: timedelta = timedelta(0),
    ) -> None:
        super().__init__(output_field=output_field)
        self.name, self.offset = name, offset

    def __add__(self, other: Any) -> Any:
        return Given(self.name, self.output_field, self.offset + other)

    def __sub__(self, other: Any) -> Any:
        return Given(self.name, self.output_field, self.offset - other)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return a place for the value, and this as what is to be put there."""
        return "%s", [self]

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the value in the database's form."""
        value = values[self.name]
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value + self.offset)
        return value


class GivenKeys(Given):
    """Any number of keys, for `pk__in`: the SQL is the same for each number."""

    def __init__(self, name: str) -> None:
        super().__init__(name, BigIntegerField())

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return a place for the keys as rows of their own."""
        return "(SELECT value FROM json_each(%s))", [self]

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Return the same of an array."""
        return "(SELECT unnest(%s::bigint[]))", [self]

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the keys in the database's form."""
        keys = list(values[self.name])
        return keys if connection.vendor == "postgresql" else json.dumps(keys)


def given_key(name: str) -> Any:
    """Return the place of a key; loosely typed, for it stands where a value would."""
    return Given(name, BigIntegerField())


def given_time(name: str) -> Any:
    """Return the place of a time (aware UTC), to which a timedelta may be added."""
    return Given(name, DateTimeField())


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement's SQL and its values, some of them still to be given."""

    sql: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Prepared:
        """Make the SQL of what `rows`, a values_list(), would read."""
        sql, values = rows.query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return cls(sql, tuple(values))

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Run it and return its rows as the database gives them, unlike a queryset."""
        given = [v.of(values) if isinstance(v, Given) else v for v in self.values]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            return list(cursor.fetchall())
