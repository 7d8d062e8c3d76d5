"""Reads the numbers that pages show, in a fixed number of queries; services layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Order,
    Permission,
    QuotaBucket,
    Shipment,
    StoreOrder,
    SyncJob,
    SyncRun,
)

# Counting stops here, so that a page costs the same with a million orders.
CAP = 1000
LATENCY_SAMPLE = 500
DUE_SOON = timedelta(hours=24)
OPEN_STORE_ORDERS = (
    StoreOrder.State.NEEDS_PERSON,
    StoreOrder.State.NEW,
    StoreOrder.State.AT_AMAZON,
    StoreOrder.State.LOCAL,
)
OPEN_STATUSES = (Order.Status.UNSHIPPED, Order.Status.PARTIALLY_SHIPPED)


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """How many orders ask for a person, each counted up to CAP."""

    to_ship: int
    late: int
    due_soon: int
    unmatched: int
    shortage: int
    refused: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long orders took from the change at Amazon to complete here, in seconds."""

    orders: int
    median: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One operation's bucket as it stands now; `hold_until` follows an answer 429."""

    operation: str
    tokens: float
    burst: float
    rate: float
    hold_until: datetime | None
    next_token_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job with its newest run and what to call its state.

    `state` is blocked, running, waiting, failing, late, new or ok; `lag` is how many
    seconds the job is past its time.
    """

    job: SyncJob
    state: str
    lag: float
    run: SyncRun | None


LATE_AFTER = timedelta(minutes=1)


def to_ship(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the merchant's own orders that wait for a parcel."""
    return orders.filter(
        status__in=OPEN_STATUSES, fulfilled_by=Order.FulfilledBy.MERCHANT
    )


def order_counts(orders: QuerySet[Order], now: datetime) -> OrderCounts:
    """Return what of `orders` needs somebody, in six capped counts."""
    waiting = to_ship(orders)
    refused = Shipment.objects.filter(
        order__in=orders.order_by(), state=Shipment.State.REFUSED
    )
    return OrderCounts(
        to_ship=_count(waiting),
        late=_count(waiting.filter(ship_by__lt=now)),
        due_soon=_count(waiting.filter(ship_by__range=(now, now + DUE_SOON))),
        unmatched=_count(orders.filter(has_unmatched=True)),
        shortage=_count(orders.filter(has_shortage=True)),
        refused=_count(refused),
    )


def store_order_counts(orders: QuerySet[StoreOrder]) -> dict[str, int]:
    """Return how many of the store's orders are in each open state, capped."""
    return {
        state.value: _count(orders.filter(state=state)) for state in OPEN_STORE_ORDERS
    }


def latency(orders: QuerySet[Order]) -> Latency:
    """Return how fast the newest orders that came by an event were complete."""
    stamps = orders.order_by("-pk").values_list(
        "changed_at", "event_seen_at", "completed_at"
    )[:LATENCY_SAMPLE]
    spans = sorted(
        max(0.0, (completed - changed).total_seconds())
        for changed, seen, completed in stamps
        if changed and seen and completed
    )
    if not spans:
        return Latency(0)
    last = len(spans) - 1
    return Latency(len(spans), spans[last // 2], spans[round(last * 0.99)])


def quota_lines(account: AmazonAccount, now: datetime) -> list[QuotaLine]:
    """Return the account's buckets settled to `now`, the fullest last."""
    buckets = QuotaBucket.objects.filter(subject=account.quota_subject)
    lines = [_quota_line(bucket, now) for bucket in buckets]
    return sorted(lines, key=lambda line: (line.tokens / line.burst, line.operation))


def job_lines(account: AmazonAccount, now: datetime) -> list[JobLine]:
    """Return the account's jobs in the order of their kinds, each with its last run."""
    newest = SyncRun.objects.filter(job=OuterRef("pk")).order_by("-pk").values("pk")
    jobs = list(
        SyncJob.objects.filter(account=account).annotate(
            newest_run=Subquery(newest[:1])
        )
    )
    runs = SyncRun.objects.defer("detail").in_bulk(
        [job.newest_run for job in jobs if job.newest_run]
    )
    order = list(SyncJob.Kind.values)
    jobs.sort(key=lambda job: order.index(job.kind) if job.kind in order else 99)
    return [
        JobLine(job, job_state(job, now), _lag(job, now), runs.get(job.newest_run))
        for job in jobs
    ]


def job_state(job: SyncJob, now: datetime) -> str:
    """Return the one word for where a job stands."""
    if job.blocked_code:
        return "blocked"
    if job.lease_until and job.lease_until > now:
        return "running"
    if job.waiting_until and job.waiting_until > now:
        return "waiting"
    if job.attempts:
        return "failing"
    if _lag(job, now) > LATE_AFTER.total_seconds():
        return "late"
    return "ok" if job.last_ok_at else "new"


def permission_rows(account: AmazonAccount) -> list[dict[str, Any]]:
    """Return per marketplace the participation and its permissions by name."""
    participations = account.participations.prefetch_related("permissions")
    return [
        {
            "participation": participation,
            "permissions": [by_name.get(name) for name in Permission.Name.values],
        }
        for participation in participations
        for by_name in [{item.name: item for item in participation.permissions.all()}]
    ]


def stock_waiting(accounts: Collection[int]) -> tuple[int, int]:
    """Return how many listings wait for a push, and how many Amazon refused."""
    listings = Listing.objects.filter(account__in=accounts)
    due = listings.filter(push_due=True)
    return _count(due.filter(push_code="")), _count(due.exclude(push_code=""))


def first_pull_done(jobs: Sequence[SyncJob]) -> bool:
    """Tell whether every job with a first pass has ended it."""
    return bool(jobs) and all(job.first_done_at for job in jobs)


def capped_count(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, counted up to CAP."""
    return _count(rows)


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:CAP].count()


def _lag(job: SyncJob, now: datetime) -> float:
    return max(0.0, (now - job.due_at).total_seconds())


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
