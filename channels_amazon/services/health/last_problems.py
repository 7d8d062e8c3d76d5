"""Tells which of an account's last problems are over, by the rows as they are now.

The log keeps what happened; a list of problems leads with what still is one. What no
row tells of stays in it: a person has to judge. Services layer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    OrderLine,
    Parcel,
    ReadingIssue,
    Shipment,
    StockLevel,
    SyncJob,
)
from channels_amazon.services.health.set_aside import quarantined_messages
from channels_amazon.services.jobs.reading_issues import CODES

SHOWN = 10
# The newest so many are looked at; older ones are in the log.
LOOKED_AT = 100
_PUSH_REFUSED = "stock.push_refused"
_BELOW_ZERO = "shipments.below_zero"
# What happened to an order once, and no column of it keeps.
_TOLD_ONCE = frozenset(
    {
        "orders.cancelled_after_packing",
        "orders.unreadable_detail",
        "notifications.unreadable_detail",
    }
)


@dataclass(frozen=True, slots=True)
class LastProblems:
    """The newest problems that are not over, and how many newer ones are."""

    entries: list[DiagnosticEntry]
    solved: int


@dataclass(frozen=True, slots=True)
class _Now:
    """What the rows say now of that which the entries tell of."""

    jobs: Mapping[int, SyncJob]
    orders: Mapping[str, Order]
    below_zero: Collection[str]
    refused_skus: Collection[str]
    quarantined: Collection[str]
    issues: Collection[tuple[str, str]]


def last_problems(
    account: AmazonAccount, jobs: Iterable[SyncJob], now: datetime
) -> LastProblems:
    """Return the account's last problems, eight queries at most whatever there was.

    `jobs` are all of the account's.
    """
    rows = (
        DiagnosticEntry.objects.filter(account=account)
        .exclude(level=DiagnosticEntry.Level.INFO)
        .select_related("run")
        .defer("run__detail")
        .order_by("-at", "-pk")
    )
    found = list(rows[:LOOKED_AT])
    if not found:
        return LastProblems([], 0)
    state = _now_of(account, found, {job.pk: job for job in jobs}, now)
    entries: list[DiagnosticEntry] = []
    solved = 0
    for entry in found:
        if len(entries) == SHOWN:
            break
        if _is_over(entry, state):
            solved += 1
        else:
            entries.append(entry)
    return LastProblems(entries, solved)


def _now_of(
    account: AmazonAccount,
    entries: Iterable[DiagnosticEntry],
    jobs: Mapping[int, SyncJob],
    now: datetime,
) -> _Now:
    named = {entry.reference for entry in entries if entry.reference}
    messages = quarantined_messages().filter(account=account)
    messages = messages.filter(
        Q(notification_id__in=named) | Q(amazon_order_id__in=named)
    )
    refused = account.listings.push_refused().filter(seller_sku__in=named)
    issues = ReadingIssue.objects.filter(account=account).order_by()
    return _Now(
        jobs=jobs,
        orders={row.amazon_order_id: row for row in _orders(account, named, now)},
        below_zero=_below_zero(
            account, {one.reference for one in entries if one.code == _BELOW_ZERO}
        ),
        refused_skus=set(refused.values_list("seller_sku", flat=True)),
        quarantined={
            name
            for pair in messages.values_list("notification_id", "amazon_order_id")
            for name in pair
        },
        issues={
            (CODES[cause], site)
            for cause, site in issues.values_list("cause", "marketplace_id")
        },
    )


def _orders(
    account: AmazonAccount, named: Collection[str], now: datetime
) -> Iterable[Order]:
    packages = Shipment.objects.filter(order=OuterRef("pk"))
    parcels = Parcel.objects.filter(
        store=account.store_id,
        amazon_order_id=OuterRef("amazon_order_id"),
        state=Parcel.State.REFUSED,
    )
    rows: Iterable[Order] = Order.objects.filter(
        account=account, amazon_order_id__in=named
    ).annotate(
        has_bad_package=Exists(packages.refused()) | Exists(packages.not_shown(now)),
        has_bad_parcel=Exists(parcels),
    )
    return rows


def _below_zero(account: AmazonAccount, named: Collection[str]) -> set[str]:
    """Return those of the order ids that hold a variant with a level below zero.

    The orders' variants first, then their levels: in one statement PostgreSQL goes
    through the lines of all orders that ever held such a variant.
    """
    lines = OrderLine.objects.filter(
        order__account=account, order__amazon_order_id__in=named
    )
    found = list(lines.values_list("order__amazon_order_id", "variant_id"))
    levels = StockLevel.objects.below_zero()
    below = set(
        levels.filter(variant__in={variant for _id, variant in found}).values_list(
            "variant_id", flat=True
        )
    )
    return {order_id for order_id, variant in found if variant in below}


def _is_over(entry: DiagnosticEntry, now: _Now) -> bool:
    """Tell whether what the entry tells of is no more."""
    about = entry.reference
    if about and about in now.quarantined:
        return False
    if about in now.orders:
        if entry.code == _BELOW_ZERO:
            return about not in now.below_zero
        return _is_settled(entry.code, now.orders[about])
    if entry.code == _PUSH_REFUSED:
        return about not in now.refused_skus
    if entry.code in CODES.values() and about in MARKETPLACES:
        return (entry.code, about) not in now.issues
    if about:
        is_message = entry.code.startswith("notifications.")
        return is_message and entry.code not in _TOLD_ONCE
    if entry.run is not None:
        job = now.jobs.get(entry.run.job_id)
        return job is not None and _ended_well(job, entry.at)
    if entry.code == "job.failing":
        return all(_ended_well(job, entry.at) for job in now.jobs.values())
    return False


def _ended_well(job: SyncJob, since: datetime) -> bool:
    is_well = not job.blocked_code and not job.attempts
    return is_well and job.last_ok_at is not None and job.last_ok_at > since


def _is_settled(code: str, order: Order) -> bool:
    if code in _TOLD_ONCE:
        return False
    return not (
        order.quarantine_code
        or order.has_unmatched
        or order.has_shortage
        or order.asks_to_cancel
        or order.status in (Order.Status.UNKNOWN, Order.Status.UNFULFILLABLE)
        or order.fulfilled_by == Order.FulfilledBy.UNKNOWN
        or getattr(order, "has_bad_package", True)
        or getattr(order, "has_bad_parcel", True)
    )
