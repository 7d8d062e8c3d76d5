"""Sees in one statement which checks have something to say of an account; health layer.

An account of which nothing is wrong is looked at each hour, and there are thousands of
them. So a check that reads rows also declares its signs: the rows without which it
finds nothing wrong. All of them are asked for at once, by a statement that is made once
a process; only a check that shows a sign has to run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import Exists, Expression, QuerySet

from channels_amazon.health.context import CheckContext
from channels_amazon.models import AmazonAccount


class _Given(Expression):
    """A value that the statement gets when it is run: an attribute of the context."""

    def __init__(
        self,
        name: str,
        output_field: models.Field[Any, Any],
        offset: timedelta = timedelta(0),
    ) -> None:
        super().__init__(output_field=output_field)
        self.name, self.offset = name, offset

    def __add__(self, other: Any) -> Any:
        return _Given(self.name, self.output_field, self.offset + other)

    def __sub__(self, other: Any) -> Any:
        return _Given(self.name, self.output_field, self.offset - other)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return a place for the value, and this as what is to be put there."""
        return "%s", [self]

    def of(self, context: CheckContext) -> Any:
        """Return the value in the database's form."""
        value = getattr(context, self.name)
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value + self.offset)
        return value


@dataclass(frozen=True)
class Subject:
    """Whom the signs are of: used in a queryset's filter as the values would be."""

    account: Any = field(
        default_factory=lambda: _Given("account_id", models.BigIntegerField())
    )
    store: Any = field(
        default_factory=lambda: _Given("store_id", models.BigIntegerField())
    )
    now: Any = field(default_factory=lambda: _Given("now", models.DateTimeField()))


# Where one of these has a row, the check has something to say.
Rows = Callable[[Subject], Sequence["QuerySet[Any, Any]"]]
# What the account's own row and this process tell, without a statement.
Here = Callable[[CheckContext], bool]


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What shows that a check may find something wrong; without it, it finds nothing.

    Too much may be a sign, too little never.
    """

    rows: Rows | None = None
    here: Here | None = None


def shown(context: CheckContext, signs: dict[str, Signs]) -> set[str]:
    """Return the ids of these checks that may have something to say."""
    found = {id_ for id_, one in signs.items() if one.here and one.here(context)}
    asked = tuple((id_, one.rows) for id_, one in signs.items() if one.rows)
    if not asked:
        return found
    sql, values = _statement(asked)
    with connection.cursor() as cursor:
        cursor.execute(
            sql, [v.of(context) if isinstance(v, _Given) else v for v in values]
        )
        # None where the account was deleted meanwhile.
        row = cursor.fetchone() or [False] * len(asked)
    return found | {
        id_ for (id_, _r), is_shown in zip(asked, row, strict=True) if is_shown
    }


@cache
def _statement(asked: tuple[tuple[str, Rows], ...]) -> tuple[str, tuple[Any, ...]]:
    """Return the statement with a column for each check, and its values."""
    subject = Subject()
    columns = []
    for _id, rows in asked:
        first, *others = (Exists(one.order_by()) for one in rows(subject))
        column: Any = first
        for one in others:
            column |= one
        columns.append(column)
    query = AmazonAccount.objects.filter(pk=subject.account).order_by()
    compiler = query.values_list(*columns).query.get_compiler(DEFAULT_DB_ALIAS)
    sql, values = compiler.as_sql()
    return sql, tuple(values)
