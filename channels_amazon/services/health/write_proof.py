"""Proves at a bounded cost that the database takes writes; services layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils import timezone

from channels_amazon.models import WriteProof

# A busy worker holds SQLite's only write lock for moments: that is no fault. Seconds.
LONGEST_WAIT = 3.0
_ROW = 1


def prove_writes() -> None:
    """Change one row and commit it; there is never more than this one row.

    It waits at most LONGEST_WAIT for a lock. Raises DatabaseError where the database
    takes no write: it is read-only, in recovery, locked for long, or its disk is full.
    """
    with _waiting_briefly(), transaction.atomic():
        if connection.vendor == "postgresql":
            _limit_transaction()
        now = timezone.now()
        if not WriteProof.objects.filter(pk=_ROW).update(written_at=now):
            first = WriteProof(pk=_ROW, written_at=now)
            # Two processes may be asked for the first time at once.
            WriteProof.objects.bulk_create([first], ignore_conflicts=True)


def _limit_transaction() -> None:
    milliseconds = round(LONGEST_WAIT * 1000)
    with connection.cursor() as cursor:
        # Values of SET take no parameters.
        cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
        cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")


@contextmanager
def _waiting_briefly() -> Iterator[None]:
    """Let SQLite wait less than usual for its write lock, then as before."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {round(LONGEST_WAIT * 1000)}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
