"""Rolls the orders' stamps up by hour, and reads how long each step took; services.

Only orders that came by an event are measured: what a sweep or a report found was
late before anybody here could know of it.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from channels_amazon.models import AmazonAccount, LatencyHour, Order, StoreEndpoint
from channels_amazon.rules.orders import latency
from channels_amazon.rules.orders.latency import Bins
from channels_amazon.rules.orders.latency_steps import (
    BY_EVENT,
    LatencyStep,
    Stamps,
    durations,
)

HOUR = timedelta(hours=1)
# Each roll-up does a day anew: a store may be told of an order hours later.
ANEW = timedelta(hours=25)
KEPT = timedelta(days=31)
# A page reads the newest stamps itself, but no more rows than this of each kind.
MOST_LIVE = 20_000
BUDGET_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Distributions:
    """Each step's durations in the last hour, day and month."""

    hour: Mapping[LatencyStep, Bins]
    day: Mapping[LatencyStep, Bins]
    month: Mapping[LatencyStep, Bins]


def roll_up(now: datetime | None = None, *, budget: float = BUDGET_SECONDS) -> int:
    """Write the finished hours of every account; return how many rows.

    An hour that is done again comes out the same. With more accounts than fit into
    `budget` seconds the rest has its turn at another time: each begins elsewhere.
    """
    end = _hour_of(now or timezone.now())
    ends_at = time.monotonic() + budget
    accounts = list(AmazonAccount.objects.order_by("pk"))
    first = random.randrange(len(accounts)) if accounts else 0  # noqa: S311
    written = 0
    for account in accounts[first:] + accounts[:first]:
        if time.monotonic() > ends_at:
            break
        written += _roll_up(account, end)
    return written


def distributions(account: AmazonAccount, now: datetime) -> Distributions:
    """Return how long each step took; the newest part comes from the orders."""
    done = _last_hour(account)
    since = max(done + HOUR if done else now - KEPT, _hour_of(now) - ANEW)
    live = _sum(_counted(account, since, now, MOST_LIVE))
    rows = LatencyHour.objects.filter(account=account, hour__lt=since)
    month = list(rows.filter(hour__gte=now - KEPT))
    day = [row for row in month if row.hour >= now - timedelta(days=1)]
    return Distributions(
        hour=_sum(_counted(account, now - HOUR, now, MOST_LIVE)),
        day=_with(live, day),
        month=_with(live, month),
    )


def _roll_up(account: AmazonAccount, end: datetime) -> int:
    done = _last_hour(account)
    start = end - KEPT if done is None else min(end - ANEW, done + HOUR)
    start = max(start, end - KEPT)
    bins: dict[tuple[datetime, LatencyStep], Bins] = defaultdict(latency.empty)
    for step, at, seconds in _counted(account, start, end):
        latency.add(bins[_hour_of(at), step], seconds)
    with transaction.atomic():
        kept = LatencyHour.objects.filter(account=account)
        kept.filter(hour__lt=end - KEPT - HOUR).delete()
        known = kept.filter(hour__gte=start).values_list("pk", "hour", "step", "bins")
        same = set()
        gone = []
        for pk, hour, name, counts in known:
            key = (hour, LatencyStep(name))
            if key not in bins:
                gone.append(pk)
            elif bins[key] == counts:
                same.add(key)
        LatencyHour.objects.filter(pk__in=gone).delete()
        rows = [
            LatencyHour(account=account, hour=hour, step=step, bins=counts)
            for (hour, step), counts in bins.items()
            if (hour, step) not in same
        ]
        LatencyHour.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["account", "hour", "step"],
            update_fields=["bins"],
            batch_size=200,
        )
    return len(rows)


def _counted(
    account: AmazonAccount, start: datetime, end: datetime, most: int | None = None
) -> Iterator[tuple[LatencyStep, datetime, float]]:
    """Yield each step that counts for a moment from `start` to before `end`."""
    endpoint = StoreEndpoint.objects.filter(store=account.store_id)
    tells_since = endpoint.values_list("created_at", flat=True).first()
    columns = (
        "changed_at",
        "event_seen_at",
        "reserved_at",
        "completed_at",
        "webhook_sent_at",
    )
    own = Order.objects.filter(account=account)
    for name, by_event in (("event_seen_at", True), ("completed_at", False)):
        within = {f"{name}__gte": start, f"{name}__lt": end}
        rows = own.filter(**within).order_by(f"-{name}").values_list(*columns)
        for row in rows[:most].iterator():
            for step, (at, seconds) in durations(Stamps(*row), tells_since).items():
                if (step in BY_EVENT) == by_event:
                    yield step, at, seconds


def _last_hour(account: AmazonAccount) -> datetime | None:
    rows = LatencyHour.objects.filter(account=account)
    last: datetime | None = rows.aggregate(last=Max("hour"))["last"]
    return last


def _sum(
    counted: Iterable[tuple[LatencyStep, datetime, float]],
) -> dict[LatencyStep, Bins]:
    bins = {step: latency.empty() for step in LatencyStep}
    for step, _at, seconds in counted:
        latency.add(bins[step], seconds)
    return bins


def _with(
    live: Mapping[LatencyStep, Bins], rows: Iterable[LatencyHour]
) -> dict[LatencyStep, Bins]:
    parts: dict[LatencyStep, list[list[int]]] = {
        step: [bins] for step, bins in live.items()
    }
    for row in rows:
        parts[LatencyStep(row.step)].append(row.bins)
    return {step: latency.merge(bins) for step, bins in parts.items()}


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
