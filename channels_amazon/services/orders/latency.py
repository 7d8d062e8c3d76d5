"""Reads how long each step of the orders' way took; services layer.

Only orders that came by an event are measured: what a sweep or a report found was
late before anybody here could know of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, QuerySet

from channels_amazon.models import AmazonAccount, LatencyHour, Order, StoreEndpoint
from channels_amazon.rules.orders import latency
from channels_amazon.rules.orders.latency import Bins, SparseBins
from channels_amazon.rules.orders.latency_steps import (
    BY_EVENT,
    LatencyStep,
    Stamps,
    durations,
)
from channels_amazon.rules.privacy.retention import LATENCY_KEPT

HOUR = timedelta(hours=1)
# Each roll-up does a day anew: a store may be told of an order hours later.
ANEW = timedelta(hours=25)
# A page reads the newest stamps itself, but no more rows than this of each kind.
MOST_LIVE = 20_000


@dataclass(frozen=True, slots=True)
class Distributions:
    """Each step's durations in the last hour, day and month."""

    hour: Mapping[LatencyStep, Bins]
    day: Mapping[LatencyStep, Bins]
    month: Mapping[LatencyStep, Bins]


@dataclass(frozen=True, slots=True)
class Measured:
    """One step that one order of an account finished at a moment, in seconds."""

    account_id: int
    step: LatencyStep
    at: datetime
    seconds: float


def distributions(account: AmazonAccount, now: datetime) -> Distributions:
    """Return how long each step took; the newest part comes from the orders."""
    done = _last_hour(account)
    since = max(done + HOUR if done else now - LATENCY_KEPT, hour_of(now) - ANEW)
    day, month = _stored(account, since, now)
    stores = {account.pk: account.store_id}
    live = _sum(measured(stores, since, now, MOST_LIVE))
    return Distributions(
        hour=_sum(measured(stores, now - HOUR, now, MOST_LIVE)),
        day=_with(live, day),
        month=_with(live, month),
    )


def measured(
    stores: Mapping[int, int], start: datetime, end: datetime, most: int | None = None
) -> Iterator[Measured]:
    """Yield each step that counts for a moment from `start` to before `end`.

    `stores` names the accounts, each with its store; of each of the two stamps that
    steps count by no more than the newest `most` orders are read.
    """
    endpoints = StoreEndpoint.objects.filter(store__in=set(stores.values()))
    webhooks_since = dict(endpoints.values_list("store_id", "created_at"))
    columns = (
        "changed_at",
        "event_seen_at",
        "reserved_at",
        "completed_at",
        "webhook_sent_at",
    )
    orders: QuerySet[Order] = Order.objects.filter(
        account__in=list(stores)
    ).first_told_by_event()
    for name, by_event in (("event_seen_at", True), ("completed_at", False)):
        rows = orders.filter(**{f"{name}__gte": start, f"{name}__lt": end})
        rows = rows.order_by(f"-{name}")[:most] if most else rows.order_by()
        for account_id, *stamps in rows.values_list("account_id", *columns).iterator():
            since = webhooks_since.get(stores[account_id])
            for step, (at, seconds) in durations(Stamps(*stamps), since).items():
                if (step in BY_EVENT) == by_event:
                    yield Measured(account_id, step, at, seconds)


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour that a moment is in."""
    return at.replace(minute=0, second=0, microsecond=0)


def _last_hour(account: AmazonAccount) -> datetime | None:
    rows = LatencyHour.objects.filter(account=account)
    last: datetime | None = rows.aggregate(last=Max("hour"))["last"]
    return last


def _sum(found: Iterable[Measured]) -> dict[LatencyStep, Bins]:
    bins = {step: latency.empty() for step in LatencyStep}
    for one in found:
        latency.add(bins[one.step], one.seconds)
    return bins


def _stored(
    account: AmazonAccount, since: datetime, now: datetime
) -> tuple[dict[str, SparseBins], dict[str, SparseBins]]:
    """Return the sums of the hours before `since` by step, of a day and of a month.

    The database adds them up: a month has 3,720 rows.
    """
    is_postgresql = connection.vendor == "postgresql"
    each = "jsonb_each_text" if is_postgresql else "json_each"
    table = connection.ops.quote_name(LatencyHour._meta.db_table)
    sql = (
        "SELECT step, bin.key, SUM(CAST(bin.value AS integer)), "  # noqa: S608 - ours
        "SUM(CASE WHEN hour >= %s THEN CAST(bin.value AS integer) ELSE 0 END) "
        f"FROM {table} CROSS JOIN {each}(bins) AS bin "
        "WHERE account_id = %s AND hour >= %s AND hour < %s GROUP BY step, bin.key"
    )
    moments = (now - timedelta(days=1), now - LATENCY_KEPT, since)
    day_at, month_at, until = map(connection.ops.adapt_datetimefield_value, moments)
    day: dict[str, SparseBins] = defaultdict(dict)
    month: dict[str, SparseBins] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(sql, [day_at, account.pk, month_at, until])
        for step, place, of_month, of_day in cursor.fetchall():
            month[step][place] = int(of_month)
            day[step][place] = int(of_day)
    return day, month


def _with(
    live: Mapping[LatencyStep, Bins], stored: Mapping[str, SparseBins]
) -> dict[LatencyStep, Bins]:
    return {
        step: latency.merge(bins, [stored.get(step, {})]) for step, bins in live.items()
    }
