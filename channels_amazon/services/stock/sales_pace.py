"""Measures how fast listings sell and how long our numbers take; services layer.

Both size the buffer of a `shared` account (`rules/stock/sharing.py`). A pass goes over
the accounts by primary key, so many at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Q, Sum

from channels_amazon.models import (
    AmazonAccount,
    LatencyHour,
    Listing,
    MaintenanceTask,
    Order,
    OrderLine,
    SyncRule,
)
from channels_amazon.rules.orders import latency
from channels_amazon.rules.orders.latency_steps import LatencyStep
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import Write
from channels_amazon.services.stock.publication import refresh_desired

INTERVAL = timedelta(hours=6)
# The faster of two means counts: the one of the last days sees a sale that began.
LONG, SHORT = timedelta(days=28), timedelta(days=7)
# What is measured of this span says how long our numbers take.
LATELY = timedelta(days=1)
# All but one in twenty take no longer than what is kept.
SHARE = 0.95
ACCOUNTS_A_BATCH = 5
# Of an account's newest pushes so many are measured.
_PUSHES = 1000
# A velocity is kept to so many digits: every new one computes the listing anew.
_DIGITS = 3
_ROWS_A_STATEMENT = 500


class PaceCursor(TypedDict):
    """Where a pass goes on: after this account."""

    after: int


def _begin(now: datetime, last_started_at: datetime | None) -> PaceCursor:
    return {"after": 0}


def _plan(cursor: PaceCursor, now: datetime) -> Write[PaceCursor]:
    accounts = AmazonAccount.objects.not_disconnected().filter(pk__gt=cursor["after"])
    found = list(accounts.order_by("pk")[:ACCOUNTS_A_BATCH])
    if not found:
        return lambda: None
    keys = [account.pk for account in found]
    slower = _propagations(keys, now)
    listings = _changed_listings(keys, now)
    rules = SyncRule.objects.in_force(SyncRule.Kind.STOCK)
    stores = rules.filter(store__in={account.store_id for account in found})
    with_rules = set(stores.order_by().values_list("store_id", flat=True))
    ruled = {account.pk for account in found if account.store_id in with_rules}

    def write() -> PaceCursor | None:
        for account in found:
            seconds = slower.get(account.pk, 0.0)
            if seconds != account.propagation:
                AmazonAccount.objects.filter(pk=account.pk).update(propagation=seconds)
        Listing.objects.bulk_update(listings, ["velocity"], _ROWS_A_STATEMENT)
        refresh_desired(
            {
                one.variant_id
                for one in listings
                if one.variant_id and one.account_id in ruled
            }
        )
        return {"after": keys[-1]} if len(keys) == ACCOUNTS_A_BATCH else None

    return write


PASS = maintenance.Pass(
    name=MaintenanceTask.Name.SALES_PACE,
    interval=INTERVAL,
    begin=_begin,
    plan=_plan,
)


def velocities(
    account_ids: Collection[int], now: datetime
) -> dict[tuple[int, str], float]:
    """Return the units a second that sell, by account and seller SKU.

    Orders that the merchant ships count, but those that were cancelled.
    """
    lines = OrderLine.objects.filter(
        order__account__in=account_ids,
        order__ordered_at__gte=now - LONG,
        order__ordered_at__lte=now,
        order__fulfilled_by=Order.FulfilledBy.MERCHANT,
    ).exclude(order__status=Order.Status.CANCELLED)
    of_late = Q(order__ordered_at__gte=now - SHORT)
    rows = (
        lines.order_by()
        .values("order__account", "seller_sku")
        .annotate(all=Sum("quantity"), late=Sum("quantity", filter=of_late, default=0))
    )
    return {
        (row["order__account"], row["seller_sku"]): _rounded(
            max(
                row["all"] / LONG.total_seconds(),
                row["late"] / SHORT.total_seconds(),
            )
        )
        for row in rows
    }


def _changed_listings(account_ids: Collection[int], now: datetime) -> list[Listing]:
    """Return the listings that sell at another pace than is kept, with the new one."""
    pace = velocities(account_ids, now)
    sold = {sku for _account_id, sku in pace}
    rows = Listing.objects.filter(
        Q(velocity__gt=0) | Q(seller_sku__in=sold), account__in=account_ids
    )
    changed = []
    for listing in rows.order_by("pk"):
        new = pace.get((listing.account_id, listing.seller_sku), 0.0)
        if new != listing.velocity:
            listing.velocity = new
            changed.append(listing)
    return changed


def _propagations(account_ids: Collection[int], now: datetime) -> dict[int, float]:
    """Return the seconds from a sale until Amazon has the lower number, by account.

    An account of which nothing was measured lately has none.
    """
    steps = _steps(account_ids, now)
    found: dict[int, float] = {}
    for account_id in account_ids:
        parts = [*steps.get(account_id, ()), _push_lag(account_id, now)]
        measured = [part for part in parts if part is not None]
        if measured:
            found[account_id] = round(sum(measured), 1)
    return found


def _steps(
    account_ids: Collection[int], now: datetime
) -> Mapping[int, list[float | None]]:
    """Return how long an event takes to come and to be taken in, by account."""
    rows = LatencyHour.objects.filter(
        account__in=account_ids,
        hour__gte=now - LATELY,
        step__in=(LatencyStep.EVENT, LatencyStep.RESERVE),
    )
    stored: dict[tuple[int, str], list[Mapping[str, int]]] = defaultdict(list)
    for account_id, step, bins in rows.values_list("account_id", "step", "bins"):
        stored[account_id, step].append(bins)
    found: dict[int, list[float | None]] = defaultdict(list)
    for (account_id, _step), bins in stored.items():
        summed = latency.merge(latency.empty(), bins)
        found[account_id].append(latency.percentile(summed, SHARE))
    return found


def _push_lag(account_id: int, now: datetime) -> float | None:
    """Return how long a new number takes until Amazon accepted it, None unmeasured."""
    rows = Listing.objects.filter(
        account=account_id,
        acknowledged_at__gte=now - LATELY,
        # A number that is newer than the answer was not answered.
        push_due=False,
        desired_at__isnull=False,
    ).order_by("-acknowledged_at")
    stamps = rows.values_list("desired_at", "acknowledged_at")[:_PUSHES]
    lags = sorted(
        max(0.0, (to - since).total_seconds()) for since, to in stamps if since and to
    )
    return lags[min(len(lags) - 1, int(SHARE * len(lags)))] if lags else None


def _rounded(velocity: float) -> float:
    return float(f"{velocity:.{_DIGITS}g}")
