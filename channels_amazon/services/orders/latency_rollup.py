"""Rolls the orders' stamps up by hour, for all accounts; services layer.

A pass goes over the accounts by primary key, so many at a time, and writes the hours
that are over. An hour that is done again comes out the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from channels_amazon.models import AmazonAccount, LatencyHour, MaintenanceTask
from channels_amazon.rules.orders import latency
from channels_amazon.rules.orders.latency import SparseBins
from channels_amazon.rules.orders.latency_steps import LatencyStep
from channels_amazon.rules.privacy.retention import LATENCY_KEPT
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import Write
from channels_amazon.services.orders.latency import ANEW, HOUR, hour_of, measured

# Accounts whose orders are read by one statement.
ACCOUNTS_A_BATCH = 50
_ROWS_A_STATEMENT = 1000

# Account, hour and step of a row.
Key = tuple[int, datetime, LatencyStep]


class RollUpCursor(TypedDict):
    """Where a pass goes on: after this account, with the hours from `start` to `end`.

    Both are UTC as ISO text; the hour of `end` is the first that is not over.
    """

    start: str
    end: str
    after: int


def _begin(now: datetime, last_started_at: datetime | None) -> RollUpCursor:
    """Begin where the last pass ended, a day back at least and a month at most."""
    end = hour_of(now)
    oldest = end - LATENCY_KEPT
    start = oldest
    if last_started_at is not None:
        start = max(oldest, min(end - ANEW, hour_of(last_started_at)))
    return {"start": start.isoformat(), "end": end.isoformat(), "after": 0}


def _plan(cursor: RollUpCursor, now: datetime) -> Write[RollUpCursor]:
    accounts = AmazonAccount.objects.filter(pk__gt=cursor["after"]).order_by("pk")
    stores = dict(accounts.values_list("pk", "store_id")[:ACCOUNTS_A_BATCH])
    if not stores:
        return lambda: None
    start = datetime.fromisoformat(cursor["start"])
    end = datetime.fromisoformat(cursor["end"])
    bins: dict[Key, SparseBins] = defaultdict(dict)
    for one in measured(stores, start, end):
        key = one.account_id, hour_of(one.at), one.step
        latency.add_sparse(bins[key], one.seconds)
    kept = LatencyHour.objects.filter(account__in=list(stores))
    gone, changed = _differences(kept.filter(hour__gte=start), bins)

    def write() -> RollUpCursor | None:
        kept.filter(hour__lt=end - LATENCY_KEPT - HOUR).delete()
        LatencyHour.objects.filter(pk__in=gone).delete()
        _store(changed)
        if len(stores) < ACCOUNTS_A_BATCH:
            return None
        return {**cursor, "after": max(stores)}

    return write


PASS = maintenance.Pass(
    name=MaintenanceTask.Name.LATENCY, interval=HOUR, begin=_begin, plan=_plan
)


def _differences(
    rows: Iterable[LatencyHour], bins: dict[Key, SparseBins]
) -> tuple[list[int], dict[Key, SparseBins]]:
    """Return the rows that must go, and the bins that the others do not hold yet."""
    gone = []
    changed = dict(bins)
    for row in rows:
        key = row.account_id, row.hour, LatencyStep(row.step)
        if key not in bins:
            gone.append(row.pk)
        elif bins[key] == row.bins:
            del changed[key]
    return gone, changed


def _store(changed: dict[Key, SparseBins]) -> None:
    LatencyHour.objects.bulk_create(
        [
            LatencyHour(account_id=account, hour=hour, step=step, bins=counts)
            for (account, hour, step), counts in changed.items()
        ],
        update_conflicts=True,
        unique_fields=["account", "hour", "step"],
        update_fields=["bins"],
        batch_size=_ROWS_A_STATEMENT,
    )
