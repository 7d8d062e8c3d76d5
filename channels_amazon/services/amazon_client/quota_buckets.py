"""Quota buckets shared by all processes, by the database's clock; services layer.

The arithmetic is that of `spapi.bucket`; taking a token, the one thing done at every
call, is the same in a single UPDATE.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from channels_amazon.models import QuotaBucket
from channels_amazon.spapi import bucket as arithmetic
from channels_amazon.spapi.bucket import Bucket
from channels_amazon.spapi.throttle import QuotaGrant

# Seconds since the epoch; the same all through one statement.
_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from statement_timestamp())::double precision",
}
# SQLite's clock knows milliseconds, rounded down: a token is never a little early.
_GRAIN = timedelta(milliseconds=2)
_SMALLER = {"sqlite": "min", "postgresql": "least"}
_LARGER = {"sqlite": "max", "postgresql": "greatest"}

# The level is computed from the columns of the row that is updated, not from a
# subquery: so a second taker sees what the first has left.
_TAKE = """
UPDATE {table} SET
    tokens = {smaller}(burst, {level}) - 1.0,
    strikes = CASE WHEN {level} >= burst THEN 0 ELSE strikes END,
    hold_until = CASE WHEN {is_set_back} THEN {now} ELSE hold_until END,
    stamp = {larger}(
        CASE WHEN {now} > stamp OR {is_set_back} THEN {now} ELSE stamp END,
        {now} + {smaller}({delivery}, {delivery_share} * burst / rate)
            - (burst - {smaller}(burst, {level})) / rate
    )
WHERE subject = %s AND operation = %s
    AND {smaller}(burst, {level}) >= 1.0 - {epsilon}
    AND (hold_until <= {now} + {epsilon} OR {is_set_back})
RETURNING tokens, rate
"""
_LEVEL = "(tokens + CASE WHEN {now} > stamp THEN ({now} - stamp) * rate ELSE 0 END)"
_IS_SET_BACK = "(stamp - {now} > {set_back})"
_READ = """
SELECT id, tokens, stamp, rate, burst, hold_until, strikes, {now}
FROM {table} WHERE subject = %s AND operation = %s
"""
_OPEN = """
INSERT INTO {table}
    (subject, operation, tokens, stamp, rate, burst, hold_until, strikes)
VALUES (%s, %s, %s, {now}, %s, %s, 0, 0) ON CONFLICT DO NOTHING
"""

# What a bucket becomes at the database's present time.
_Change = Callable[[Bucket, float], Bucket]


class DatabaseBuckets:
    """Token buckets by subject and operation, one row each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._default_rates: dict[tuple[str, str], float] = {}

    def take(self, subject: str, operation: str, rate: float, burst: int) -> QuotaGrant:
        """Take a token if one is there; `rate` and `burst` found a new bucket."""
        with self._lock:
            self._default_rates[subject, operation] = rate
        taken = _execute(_sql(_TAKE), [subject, operation])
        if not taken and _read(subject, operation) is None:
            _insert(subject, operation, rate, burst)
            taken = _execute(_sql(_TAKE), [subject, operation])
        if taken:
            tokens, believed = taken[0]
            return QuotaGrant(granted=True, tokens_left=max(0.0, tokens), rate=believed)
        found = _read(subject, operation)
        if found is None:
            # Somebody deleted the row this very moment.
            return QuotaGrant(granted=False, tokens_left=0.0, retry_at=timezone.now())
        _, bucket, now = found
        refilled = arithmetic.refill(bucket, now)
        # In this host's time: its clock may differ from the database's.
        wait = max(0.0, arithmetic.available_at(refilled) - now)
        return QuotaGrant(
            granted=False,
            tokens_left=refilled.tokens,
            retry_at=timezone.now() + timedelta(seconds=wait) + _GRAIN,
            rate=refilled.rate,
        )

    def learn_rate(self, subject: str, operation: str, rate: float) -> None:
        """Refill the bucket up to now, then go on at the rate that Amazon stated."""
        _change(
            subject,
            operation,
            lambda bucket, now: arithmetic.set_rate(bucket, rate, now),
        )

    def exhausted(self, subject: str, operation: str, hold_until: datetime) -> None:
        """Empty the bucket after a 429 and hold it until then."""
        seconds = (hold_until - timezone.now()).total_seconds()
        with self._lock:
            default = self._default_rates.get((subject, operation))
        _change(
            subject,
            operation,
            lambda bucket, now: arithmetic.exhaust(
                bucket, now + seconds, now, default or bucket.rate
            ),
        )

    def put_back(self, subject: str, operation: str) -> None:
        """Give back the token of a call that Amazon never got."""
        _change(subject, operation, lambda bucket, now: arithmetic.put_back(bucket))


def _sql(template: str) -> str:
    vendor = connection.vendor
    now = _NOW[vendor]
    return template.format(
        table=connection.ops.quote_name(QuotaBucket._meta.db_table),
        now=now,
        smaller=_SMALLER[vendor],
        larger=_LARGER[vendor],
        delivery=arithmetic.DELIVERY_SECONDS,
        delivery_share=arithmetic.DELIVERY_SHARE,
        level=_LEVEL.format(now=now),
        is_set_back=_IS_SET_BACK.format(now=now, set_back=arithmetic.CLOCK_SET_BACK),
        epsilon=arithmetic.EPSILON,
    )


def _execute(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        # SQLite finishes a statement with RETURNING only when all rows are read.
        return list(cursor.fetchall()) if cursor.description else []


def _insert(subject: str, operation: str, rate: float, burst: int) -> None:
    _execute(_sql(_OPEN), [subject, operation, float(burst), rate, float(burst)])


def _read(subject: str, operation: str) -> tuple[int, Bucket, float] | None:
    rows = _execute(_sql(_READ), [subject, operation])
    if not rows:
        return None
    pk, tokens, stamp, rate, burst, hold_until, strikes, now = rows[0]
    return pk, Bucket(tokens, stamp, rate, burst, hold_until, strikes), now


def _change(subject: str, operation: str, change: _Change) -> None:
    with transaction.atomic():
        rows = QuotaBucket.objects.select_for_update()
        if rows.filter(subject=subject, operation=operation).first() is None:
            return
        found = _read(subject, operation)
        if found is None:
            return
        pk, bucket, now = found
        after = change(bucket, now)
        is_learnt = after.rate != bucket.rate
        QuotaBucket.objects.filter(pk=pk).update(
            tokens=after.tokens,
            stamp=after.stamp,
            rate=after.rate,
            hold_until=after.hold_until,
            strikes=after.strikes,
            **({"learnt_at": timezone.now()} if is_learnt else {}),
        )
