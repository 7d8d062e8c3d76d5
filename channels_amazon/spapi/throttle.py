"""Asks for quota before a call; stores of token buckets are passed in; client layer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from channels_amazon.spapi import bucket as arithmetic
from channels_amazon.spapi.bucket import Bucket
from channels_amazon.spapi.clock import Clock, utc_now


@dataclass(frozen=True, slots=True)
class QuotaGrant:
    """The answer to "may I call": yes, or when.

    `rate` is the believed rate in requests a second, 0 if the store does not say.
    """

    granted: bool
    tokens_left: float
    retry_at: datetime | None = None
    rate: float = 0.0


class BucketStore(Protocol):
    """Token buckets by subject (whose quota) and operation, shared by processes."""

    def take(self, subject: str, operation: str, rate: float, burst: int) -> QuotaGrant:
        """Take a token if one is there; `rate` and `burst` found a new bucket."""
        ...

    def learn_rate(self, subject: str, operation: str, rate: float) -> None:
        """Refill the bucket up to now, then go on at the rate that Amazon stated."""
        ...

    def exhausted(self, subject: str, operation: str, hold_until: datetime) -> None:
        """Empty the bucket after a 429 and hold it until then."""
        ...

    def put_back(self, subject: str, operation: str) -> None:
        """Give back the token of a call that Amazon never got."""
        ...


def from_epoch(seconds: float) -> datetime:
    """Return the aware UTC time, rounded up so that it is never a little early."""
    return datetime.fromtimestamp(seconds, tz=UTC) + timedelta(microseconds=1)


class InMemoryBuckets:
    """Buckets of one process: for tests and for commands without a database."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._default_rates: dict[tuple[str, str], float] = {}

    def take(self, subject: str, operation: str, rate: float, burst: int) -> QuotaGrant:
        """Take a token if one is there; `rate` and `burst` found a new bucket."""
        key = (subject, operation)
        now = self._clock().timestamp()
        with self._lock:
            self._default_rates[key] = rate
            bucket = self._buckets.get(key) or arithmetic.full(rate, burst, now)
            bucket, again = arithmetic.take(bucket, now)
            self._buckets[key] = bucket
        return QuotaGrant(
            granted=again is None,
            tokens_left=bucket.tokens,
            retry_at=None if again is None else from_epoch(again),
            rate=bucket.rate,
        )

    def learn_rate(self, subject: str, operation: str, rate: float) -> None:
        """Refill the bucket up to now, then go on at the rate that Amazon stated."""
        key = (subject, operation)
        now = self._clock().timestamp()
        with self._lock:
            if key in self._buckets:
                self._buckets[key] = arithmetic.set_rate(self._buckets[key], rate, now)

    def exhausted(self, subject: str, operation: str, hold_until: datetime) -> None:
        """Empty the bucket after a 429 and hold it until then."""
        key = (subject, operation)
        now = self._clock().timestamp()
        with self._lock:
            if key in self._buckets:
                self._buckets[key] = arithmetic.exhaust(
                    self._buckets[key],
                    hold_until.timestamp(),
                    now,
                    self._default_rates[key],
                )

    def put_back(self, subject: str, operation: str) -> None:
        """Give back the token of a call that Amazon never got."""
        key = (subject, operation)
        with self._lock:
            if key in self._buckets:
                self._buckets[key] = arithmetic.put_back(self._buckets[key])

    def bucket(self, subject: str, operation: str) -> Bucket | None:
        """Return the bucket as it stands, None if nobody has taken from it."""
        with self._lock:
            return self._buckets.get((subject, operation))
