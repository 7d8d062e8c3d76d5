"""Spreads the jobs of many accounts evenly over their interval; services layer."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

# Accounts are numbered one after another: steps of the golden ratio lay any run of
# numbers evenly over an interval, however many there are.
_GOLDEN = 0.6180339887498949
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
# Of the interval, what lies at least between a run and the next slot: a job that was
# woken shortly before its slot would run twice in a moment else.
_LEAST_SHARE = 0.25


def longest_gap(interval: timedelta) -> timedelta:
    """Return how far apart two runs of a job with that interval are at most."""
    return (1 + _LEAST_SHARE) * interval


def next_slot(
    kind: str, account_id: int, interval: timedelta, now: datetime
) -> datetime:
    """Return when the account's job of `kind` runs next of its own accord.

    Slots come every `interval`, at times of their own for each account and kind. The
    next one is a quarter of the interval away at least, and five quarters at most.
    """
    phase = (account_id * _GOLDEN + zlib.crc32(kind.encode()) / 2**32) % 1.0
    first = _EPOCH + phase * interval
    earliest = now + _LEAST_SHARE * interval
    slots = (earliest - first) // interval + 1
    return first + slots * interval
