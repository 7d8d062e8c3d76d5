"""Tells what the reconciliations of an account proved: the one source; services layer.

Status page, list of reconciliations and health check say it by `told`, which claims no
more than the reports show: of which orders none was missing, never that none is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from channels_amazon.models import AmazonAccount, Order, OrderReport
from channels_amazon.rules.order_reports.comparison import HourCounts
from channels_amazon.rules.order_reports.requesting import next_daily_slot
from channels_amazon.services.order_reports.requests import PROOFS, State
from channels_amazon.wording import counted, sentence, together

# A gap is shown as one that needs a look for so long after it was found.
FRESH = timedelta(days=1)
# There is one a day; after two without, nothing is proven of late.
PROVEN_FOR = timedelta(days=2)


class Proof(StrEnum):
    """What is proven of an account's orders; of several that hold the first one."""

    # A reconciliation of the last day found orders missing.
    GAP = "gap"
    NONE = "none"
    # There was one, but none for long.
    OLD = "old"
    # The last one found orders missing, which are taken over since.
    FILLED = "filled"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class GapHour:
    """How many orders were missing that changed in the hour that begins then."""

    hour: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """The account's last reconciliation, what it found, and when the next is due.

    `gap` is the newest one of the last day that found orders missing; `fetched` of its
    orders are complete here. `next_due_at` is None where none will be made, since the
    account is not authorised.
    """

    proof: Proof
    last: OrderReport | None
    underway: OrderReport | None
    gap: OrderReport | None
    fetched: int
    hours: list[GapHour]
    next_due_at: datetime | None


def completeness(account: AmazonAccount, now: datetime) -> Completeness:
    """Return how completely the account's orders are known, in four queries at most."""
    proofs = OrderReport.objects.filter(account=account, purpose__in=PROOFS)
    proven = proofs.filter(state__in=OrderReport.PROVEN)
    gap = fresh_gap(account, now)
    last = proven.first()
    return Completeness(
        proof=Proof.GAP if gap else _proof_of(last, now),
        last=last,
        underway=proofs.filter(state__in=OrderReport.OPEN).first(),
        gap=gap,
        fetched=fetched(gap) if gap else 0,
        hours=gap_hours(gap) if gap else [],
        next_due_at=next_daily_slot(account.pk, now) if account.is_connected else None,
    )


def told(state: Completeness) -> str:
    """Return in a sentence what is proven, by the times for which it is."""
    if state.gap is not None:
        return counted(
            "Amazon had %(count)d order that was missing here until "
            "%(time)s; complete now: %(fetched)d.",
            "Amazon had %(count)d orders that were missing here until "
            "%(time)s; complete now: %(fetched)d.",
            state.gap.orders_missing,
            time=state.gap.read_at or state.gap.ends_at,
            fetched=state.fetched,
        )
    if state.last is None:
        return sentence("The orders were not reconciled with Amazon's yet.")
    said = _found_by(state.last)
    if state.proof is not Proof.OLD:
        return said
    return together(said, sentence("Nothing was proven since then."))


def unproven_accounts(
    accounts: Sequence[AmazonAccount], now: datetime
) -> list[AmazonAccount]:
    """Return those that were not reconciled of late, in one query."""
    read = OrderReport.objects.filter(
        account__in=[account.pk for account in accounts],
        purpose__in=PROOFS,
        state__in=OrderReport.PROVEN,
        read_at__gt=now - PROVEN_FOR,
    ).order_by()
    proven = set(read.values_list("account_id", flat=True).distinct())
    return [account for account in accounts if account.pk not in proven]


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


def _proof_of(last: OrderReport | None, now: datetime) -> Proof:
    if last is None:
        return Proof.NONE
    if last.read_at is None or last.read_at <= now - PROVEN_FOR:
        return Proof.OLD
    return Proof.FILLED if last.orders_missing else Proof.WHOLE


def _found_by(report: OrderReport) -> str:
    if not report.orders_missing:
        return sentence(
            "Of the orders that changed at Amazon from %(start)s to %(end)s none was "
            "missing here.",
            start=report.starts_at,
            end=report.ends_at,
        )
    return counted(
        "Of the orders that changed at Amazon from %(start)s to %(end)s, %(count)d was "
        "found missing, and was taken over.",
        "Of the orders that changed at Amazon from %(start)s to %(end)s, %(count)d "
        "were found missing, and were taken over.",
        report.orders_missing,
        start=report.starts_at,
        end=report.ends_at,
    )


def gap_hours(report: OrderReport) -> list[GapHour]:
    """Return the hours of the orders that were missing, the earliest first."""
    counts: HourCounts = report.gap_hours
    return [
        GapHour(datetime.fromisoformat(hour), count)
        for hour, count in sorted(counts.items())
    ]
