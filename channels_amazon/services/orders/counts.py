"""Counts what of the orders needs a person, and how fast they came; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.models import AmazonAccount, Shipment
from channels_amazon.models.order import OrderQuerySet

# The present latency is that of so many of the newest orders, not older than a day.
LATENCY_SAMPLE = 500
LATENCY_OF = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """How many orders ask for a person, each counted up to COUNT_CAP."""

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


def order_counts(orders: OrderQuerySet, now: datetime) -> OrderCounts:
    """Return what of `orders` needs somebody, in six capped counts.

    Those of disconnected accounts are left out: nothing can be done about them here.
    """
    orders = orders.exclude(account__state=AmazonAccount.State.DISCONNECTED)
    refused = Shipment.objects.filter(order__in=orders.order_by()).refused()
    return OrderCounts(
        to_ship=orders.to_ship().capped_count(),
        late=orders.late(now).capped_count(),
        due_soon=orders.due_soon(now).capped_count(),
        unmatched=orders.unmatched().capped_count(),
        shortage=orders.with_shortage().capped_count(),
        refused=refused.capped_count(),
    )


def latency(orders: OrderQuerySet, now: datetime) -> Latency:
    """Return how fast the last day's new orders that came by an event were complete.

    An order that was here before its event says nothing: a later change of an old order
    is not how fast orders come.
    """
    stamps = (
        orders.first_told_by_event()
        .filter(event_seen_at__gt=now - LATENCY_OF, completed_at__isnull=False)
        .order_by("-event_seen_at")
        .values_list("changed_at", "completed_at")[:LATENCY_SAMPLE]
    )
    spans = sorted(
        max(0.0, (completed - changed).total_seconds())
        for changed, completed in stamps
        if changed is not None and completed is not None
    )
    if not spans:
        return Latency(0)
    last = len(spans) - 1
    return Latency(len(spans), spans[last // 2], spans[round(last * 0.99)])
