"""Reads where an account's quota buckets stand now; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from channels_amazon.models import AmazonAccount, QuotaBucket
from channels_amazon.rules.quota import Quota
from channels_amazon.spapi.bucket import Bucket, available_at, refill
from channels_amazon.spapi.operations import Operation


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One operation's bucket as it stands now; times are UTC.

    `rate` is in tokens a second. `hold_until` follows an answer 429; `next_token_at` is
    None while a call may be made at once.
    """

    operation: str
    tokens: float
    burst: float
    rate: float
    hold_until: datetime | None
    next_token_at: datetime | None


def quota_lines(account: AmazonAccount, now: datetime) -> list[QuotaLine]:
    """Return the account's buckets refilled up to `now`, the fullest last."""
    buckets = QuotaBucket.objects.filter(subject=account.quota_subject)
    lines = [_quota_line(bucket, now) for bucket in buckets]
    return sorted(lines, key=lambda line: (line.tokens / line.burst, line.operation))


class Quotas:
    """What an account may spend now, by operation, as a planner counts it."""

    def __init__(self, account: AmazonAccount, now: datetime) -> None:
        self._lines = {line.operation: line for line in quota_lines(account, now)}

    def of(self, operation: Operation) -> Quota:
        """Return what the operation may use; no token while Amazon's 429 holds.

        One that was never called has a full bucket.
        """
        line = self._lines.get(operation.name)
        if line is None:
            return Quota(float(operation.burst), operation.rate, operation.burst)
        return Quota(0.0 if line.hold_until else line.tokens, line.rate, line.burst)


def _quota_line(row: QuotaBucket, now: datetime) -> QuotaLine:
    at = now.timestamp()
    bucket = refill(
        Bucket(row.tokens, row.stamp, row.rate, row.burst, row.hold_until), at
    )
    is_held = bucket.hold_until > at
    is_ready = bucket.tokens >= 1 and not is_held
    return QuotaLine(
        operation=row.operation,
        tokens=max(0.0, bucket.tokens),
        burst=bucket.burst,
        rate=bucket.rate,
        hold_until=_moment(bucket.hold_until) if is_held else None,
        next_token_at=None if is_ready else _moment(available_at(bucket)),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
