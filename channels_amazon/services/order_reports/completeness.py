"""Reads what the reconciliations of an account proved, for pages; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from channels_amazon.models import AmazonAccount, Order, OrderReport
from channels_amazon.rules.order_reports.comparison import HourCounts
from channels_amazon.rules.order_reports.requesting import next_daily_slot
from channels_amazon.services.order_reports.requests import PROOFS, State

# A gap is shown as one that needs a look for so long after it was found.
FRESH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GapHour:
    """How many orders were missing that changed in the hour that begins then."""

    hour: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """The account's last reconciliation, what it found, and when the next is due.

    `gap` is the newest one of the last day that found orders missing; `fetched` of its
    orders are complete here.
    """

    last: OrderReport | None
    underway: OrderReport | None
    gap: OrderReport | None
    fetched: int
    hours: list[GapHour]
    next_due_at: datetime


def completeness(account: AmazonAccount, now: datetime) -> Completeness:
    """Return how completely the account's orders are known, in four queries at most."""
    proofs = OrderReport.objects.filter(account=account, purpose__in=PROOFS)
    proven = proofs.filter(state__in=OrderReport.PROVEN)
    gap = fresh_gap(account, now)
    return Completeness(
        last=proven.first(),
        underway=proofs.filter(state__in=OrderReport.OPEN).first(),
        gap=gap,
        fetched=fetched(gap) if gap else 0,
        hours=gap_hours(gap) if gap else [],
        next_due_at=next_daily_slot(account.pk, now),
    )


def fresh_gap(account: AmazonAccount, now: datetime) -> OrderReport | None:
    """Return the newest reconciliation of the last day that found orders missing."""
    return fresh_gaps(account, now).first()


def fresh_gaps(account: Any, now: Any) -> QuerySet[OrderReport]:
    """Return all of them; account and time may be expressions that stand for one."""
    found: QuerySet[OrderReport] = OrderReport.objects.filter(
        account=account,
        purpose__in=PROOFS,
        state=State.READ,
        orders_missing__gt=0,
        read_at__gt=now - FRESH,
    )
    return found


def fetched(report: OrderReport) -> int:
    """Return how many of the orders that were missing are complete here now."""
    return int(
        Order.objects.filter(
            account_id=report.account_id,
            amazon_order_id__in=report.gap_order_ids,
            completed_at__isnull=False,
        ).count()
    )


def gap_hours(report: OrderReport) -> list[GapHour]:
    """Return the hours of the orders that were missing, the earliest first."""
    counts: HourCounts = report.gap_hours
    return [
        GapHour(datetime.fromisoformat(hour), count)
        for hour, count in sorted(counts.items())
    ]
