"""Takes the values out of the database's errors, before anybody can log or store them.

PostgreSQL quotes the row it refused ("Failing row contains …"), and with it names and
addresses. What is left says what went wrong: the table, the column, the constraint.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, DataError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# A wrong value stands in quotes, and may hold quotes and line ends itself.
_QUOTED = re.compile(r'".*', re.DOTALL)


def withhold_values(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Let no error of this connection quote values; receiver of a new connection."""
    wrappers = connection.execute_wrappers
    if _without_values not in wrappers:
        # First, since one that is added for a while is taken off the end again.
        wrappers.insert(0, _without_values)


def _without_values(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
) -> Any:
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        is_about_a_value = isinstance(error, DataError)
        for one in (error, error.__cause__):
            if one is not None and one.args:
                one.args = (_first_line(str(one.args[0]), quoted=is_about_a_value),)
        raise


def _first_line(message: str, *, quoted: bool) -> str:
    """Return the error without its details, which follow the first line.

    A statement is shown below it too: with psycopg's own binding, values and all.
    """
    if quoted:
        message = _QUOTED.sub('"…"', message)
    return message.partition("\n")[0]
