"""Tables that refuse a change and quote a row, as PostgreSQL does with a real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# A buyer, as a refused row would hold one: on two lines, with quotes and a comma.
BUYER = "Canary Buyer"
STREET = "7 Canary Street"
ROW = f'(1, "{BUYER}",\n{STREET}, null)'
_FUNCTION = "refuse_with_row"


@contextmanager
def refusing(table: str, action: str) -> Iterator[None]:
    """Let the database refuse each `action` (DELETE, UPDATE …) on `table`.

    SQLite has no way to quote a row, so there it only refuses.
    """
    name = f"refuse_{table}"
    is_server = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_server:
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger AS $$ "
                "BEGIN RAISE EXCEPTION 'a check is violated' USING "
                f"DETAIL = 'Failing row contains {ROW}', ERRCODE = '23514'; END $$ "
                "LANGUAGE plpgsql"
            )
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
            )
        else:
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} BEGIN "
                "SELECT RAISE(ABORT, 'a check is violated'); END"
            )
    try:
        yield
    finally:
        where = f" ON {table}" if is_server else ""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {name}{where}")
