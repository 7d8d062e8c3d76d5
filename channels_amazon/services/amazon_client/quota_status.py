"""Reads where an account's quota buckets stand now; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from channels_amazon.models import AmazonAccount, QuotaBucket


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One operation's bucket as it stands now; `hold_until` follows an answer 429."""

    operation: str
    tokens: float
    burst: float
    rate: float
    hold_until: datetime | None
    next_token_at: datetime | None


def quota_lines(account: AmazonAccount, now: datetime) -> list[QuotaLine]:
    """Return the account's buckets settled to `now`, the fullest last."""
    buckets = QuotaBucket.objects.filter(subject=account.quota_subject)
    lines = [_quota_line(bucket, now) for bucket in buckets]
    return sorted(lines, key=lambda line: (line.tokens / line.burst, line.operation))


def _quota_line(bucket: QuotaBucket, now: datetime) -> QuotaLine:
    stamp = now.timestamp()
    since = max(0.0, stamp - bucket.stamp)
    tokens = max(0.0, min(bucket.burst, bucket.tokens + since * bucket.rate))
    held = bucket.hold_until > stamp
    missing = max(0.0, 1.0 - tokens)
    next_at = max(stamp + missing / bucket.rate, bucket.hold_until if held else 0.0)
    return QuotaLine(
        operation=bucket.operation,
        tokens=tokens,
        burst=bucket.burst,
        rate=bucket.rate,
        hold_until=_moment(bucket.hold_until) if held else None,
        next_token_at=_moment(next_at) if missing or held else None,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
