"""Reads how fast new orders came in each hour of the last day; services layer.

Hours that are over are summed by the roll-up; what it has not done yet is read from the
orders themselves. An hour in which nothing was measured has no figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.utils.dateparse import parse_datetime

from channels_amazon.models import LatencyHour, Order
from channels_amazon.rules.orders import latency
from channels_amazon.rules.orders.hours import hours_until
from channels_amazon.rules.orders.latency import SparseBins
from channels_amazon.rules.orders.latency_steps import LatencyStep, Stamps, durations
from channels_amazon.services.orders.latency import HOUR, hour_of

# The one that has begun, and those before it.
HOURS = 24
# A roll-up comes each hour and does the hours that are over: no older one is not done,
# unless nobody does them, and then nobody reads orders either.
LIVE_HOURS = 3
# No more of the newest orders are read for these.
MOST_LIVE = 5_000


@dataclass(frozen=True, slots=True)
class HourLatency:
    """How many new orders were measured in an hour, and how long they took, in seconds.

    From the change at Amazon until the order was complete here; None where none was.
    """

    hour: datetime
    orders: int
    median: float | None
    p99: float | None


def hourly_latency(accounts: Collection[int], now: datetime) -> list[HourLatency]:
    """Return the last HOURS hours of these accounts, the oldest first.

    In two statements; neither reads what is older, however much there is.
    """
    hours = hours_until(now, HOURS)
    if not accounts:
        return [_of(hour, {}) for hour in hours]
    bins = _stored(accounts, hours[0])
    missing = [hour for hour in hours[-LIVE_HOURS:] if hour not in bins]
    if missing:
        live = _live(accounts, missing[0], now + HOUR)
        bins |= {hour: live[hour] for hour in missing if hour in live}
    return [_of(hour, bins.get(hour, {})) for hour in hours]


def _of(hour: datetime, counted: SparseBins) -> HourLatency:
    bins = latency.merge(latency.empty(), [counted])
    return HourLatency(
        hour=hour,
        orders=latency.count(bins),
        median=latency.percentile(bins, 0.5) if counted else None,
        p99=latency.percentile(bins, 0.99) if counted else None,
    )


def _stored(accounts: Collection[int], start: datetime) -> dict[datetime, SparseBins]:
    """Return the sums of the accounts' hours; the database adds them up."""
    is_postgresql = connection.vendor == "postgresql"
    each = "jsonb_each_text" if is_postgresql else "json_each"
    table = connection.ops.quote_name(LatencyHour._meta.db_table)
    places = ", ".join(["%s"] * len(accounts))
    sql = (
        "SELECT hour, bin.key, SUM(CAST(bin.value AS integer)) "  # noqa: S608 - ours
        f"FROM {table} CROSS JOIN {each}(bins) AS bin "
        f"WHERE account_id IN ({places}) AND step = %s AND hour >= %s "
        "GROUP BY hour, bin.key"
    )
    since = connection.ops.adapt_datetimefield_value(start)
    found: defaultdict[datetime, SparseBins] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*accounts, LatencyStep.ARRIVED.value, since])
        for hour, place, number in cursor.fetchall():
            found[_moment(hour)][place] = int(number)
    return dict(found)


def _moment(value: datetime | str) -> datetime:
    """Return an hour as Python has it: SQLite keeps it as a text in UTC."""
    moment = parse_datetime(value) if isinstance(value, str) else value
    assert moment is not None  # noqa: S101 - what we wrote is a time
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _live(
    accounts: Collection[int], start: datetime, end: datetime
) -> dict[datetime, SparseBins]:
    """Return the sums of the newest orders that came by an event, by the hour."""
    orders = (
        Order.objects.filter(account__in=accounts)
        .first_told_by_event()
        .filter(completed_at__gte=start, completed_at__lt=end)
        .order_by("-completed_at")
        .values_list("changed_at", "event_seen_at", "completed_at")
    )
    found: defaultdict[datetime, SparseBins] = defaultdict(dict)
    for changed, seen, completed in orders[:MOST_LIVE]:
        stamps = Stamps(changed, seen, None, completed, None)
        arrived = durations(stamps, None).get(LatencyStep.ARRIVED)
        if arrived is not None:
            at, seconds = arrived
            latency.add_sparse(found[hour_of(at)], seconds)
    return dict(found)
