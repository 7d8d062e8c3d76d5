"""Deletes personal data whose time is over, and proves it; services layer.

A pass goes first over the destinations of store orders, then over the stores by
primary key, so many at a time: what is past its time goes, and each store gets its
proof. What counts as past its time is in `standing.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TypedDict

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from channels_amazon.models import (
    MaintenanceTask,
    OrderPersonalData,
    PersonalDataWord,
    PurgeProof,
    Store,
    StoreOrderPersonalData,
)
from channels_amazon.rules.privacy.retention import PERSONAL_DATA_KEPT, PURGE_INTERVAL
from channels_amazon.services.diagnostics.entries import Entry, Level, record_many
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import Write
from channels_amazon.services.mcf.store_orders import past_their_time
from channels_amazon.services.privacy.standing import (
    RetentionStanding,
    differing_due_dates,
    keep_due_dates,
    orders_past_their_time,
    standings,
    undated_due_dates,
)
from channels_amazon.wording import counted

# Rows deleted in one transaction.
ROWS_A_BATCH = 1000
# Destinations looked at in one statement, of which few are past their time.
DESTINATIONS_A_BATCH = 5000
# Stores looked at in one statement.
STORES_A_BATCH = 100


class Phase(StrEnum):
    """What a pass goes over, in this order."""

    DESTINATIONS = "destinations"
    STORES = "stores"


class PurgeCursor(TypedDict):
    """Where a pass goes on: after this destination or store, by primary key.

    `deleted` is of how many orders personal data went in the stores right after it,
    by the store's primary key as text: their proofs are still to be written.
    """

    phase: str
    after: int
    deleted: dict[str, int]


def purge(now: datetime | None = None) -> list[PurgeProof]:
    """Delete what may not be kept at `now`; return the proofs written, one a store.

    A store of which nothing had to go gets a proof once a day. Destinations of store
    orders go by the same days; the proofs count Amazon's orders. Raises
    MaintenanceBusy when another process is doing the same.
    """
    newest = PurgeProof.objects.aggregate(pk=Max("pk"))["pk"] or 0
    maintenance.run_pass(PASS, clock=lambda: now or timezone.now())
    proofs = PurgeProof.objects.filter(pk__gt=newest).select_related("store")
    return list(proofs.order_by("pk"))


def _begin(now: datetime, last_started_at: datetime | None) -> PurgeCursor:
    return _behind(Phase.DESTINATIONS, 0)


def _plan(cursor: PurgeCursor, now: datetime) -> Write[PurgeCursor]:
    if cursor["phase"] == Phase.DESTINATIONS:
        return _plan_destinations(cursor, now)
    stores = list(
        Store.objects.filter(pk__gt=cursor["after"])
        .order_by("pk")
        .values_list("pk", flat=True)[:STORES_A_BATCH]
    )
    if not stores:
        return lambda: None
    overdue = _overdue(stores, now)
    if overdue:
        return partial(_delete, cursor, overdue)
    undated = undated_due_dates(stores[0], stores[-1], ROWS_A_BATCH)
    # As after an upgrade; fewer are dated with the proofs below.
    if len(undated) == ROWS_A_BATCH:
        return partial(_date, cursor, undated)
    return _plan_proofs(cursor, stores, now)


PASS = maintenance.Pass(
    name=MaintenanceTask.Name.PURGE, interval=PURGE_INTERVAL, begin=_begin, plan=_plan
)


def _behind(
    phase: Phase, after: int, deleted: Mapping[str, int] | None = None
) -> PurgeCursor:
    return {"phase": phase.value, "after": after, "deleted": dict(deleted or {})}


def _plan_destinations(cursor: PurgeCursor, now: datetime) -> Write[PurgeCursor]:
    rows: QuerySet[StoreOrderPersonalData] = StoreOrderPersonalData.objects.filter(
        pk__gt=cursor["after"]
    )
    pks = list(rows.order_by("pk").values_list("pk", flat=True)[:DESTINATIONS_A_BATCH])
    over = rows.filter(order__in=past_their_time(now))
    # By the range of keys, which takes any number of rows as two parameters.
    overdue = (
        list(over.filter(pk__lte=pks[-1]).values_list("pk", flat=True)) if pks else []
    )

    def write() -> PurgeCursor:
        for start in range(0, len(overdue), ROWS_A_BATCH):
            some = overdue[start : start + ROWS_A_BATCH]
            StoreOrderPersonalData.objects.filter(pk__in=some).delete()
        if len(pks) < DESTINATIONS_A_BATCH:
            return _behind(Phase.STORES, 0)
        return _behind(Phase.DESTINATIONS, pks[-1])

    return write


def _overdue(stores: list[int], now: datetime) -> dict[int, int]:
    """Return rows of these stores that must go, each with its store; not all."""
    # By the range of keys, as above.
    over = orders_past_their_time(now).filter(
        personal_data__store__gte=stores[0],
        personal_data__store__lte=stores[-1],
    )
    rows = over.order_by().values_list("personal_data__pk", "personal_data__store_id")
    return dict(rows[:ROWS_A_BATCH])


def _delete(cursor: PurgeCursor, overdue: Mapping[int, int]) -> PurgeCursor:
    """Delete the rows, and count them for the proofs of their stores."""
    rows = OrderPersonalData.objects.filter(pk__in=list(overdue))
    # Locked first: whoever is just storing new names has done so, or finds no row.
    locked = rows.select_for_update().order_by("pk").values_list("pk", flat=True)
    pks = list(locked)
    PersonalDataWord.objects.filter(personal_data__in=pks).delete()
    # Only the key is read: data that no key opens any more must go all the same.
    rows.filter(pk__in=pks).only("pk").delete()
    deleted = Counter(cursor["deleted"])
    deleted.update(str(overdue[pk]) for pk in pks)
    return _behind(Phase.STORES, cursor["after"], deleted)


def _date(cursor: PurgeCursor, dates: Mapping[int, datetime]) -> PurgeCursor:
    """Keep the dates that the orders say, and look at the same stores again."""
    keep_due_dates(dates)
    return cursor


def _plan_proofs(
    cursor: PurgeCursor, stores: list[int], now: datetime
) -> Write[PurgeCursor]:
    """Prove what went in these stores, and once a day that nothing had to go.

    Due dates that no longer are what their orders say are put right with it.
    """
    differing = differing_due_dates(stores[0], stores[-1], ROWS_A_BATCH)
    deleted = {int(pk): orders for pk, orders in cursor["deleted"].items()}
    proved = _proved_today(stores, now)
    unproved = [pk for pk in stores if pk in deleted or pk not in proved]
    kept = standings(unproved, now)
    proofs = [
        _proof(pk, now, deleted.get(pk, 0), kept.get(pk, RetentionStanding()))
        for pk in unproved
    ]

    def write() -> PurgeCursor | None:
        keep_due_dates(differing)
        PurgeProof.objects.bulk_create(proofs)
        record_many([_entry(proof) for proof in proofs if proof.orders])
        if len(stores) < STORES_A_BATCH:
            return None
        return _behind(Phase.STORES, stores[-1])

    return write


def _proved_today(stores: list[int], now: datetime) -> set[int]:
    """Return the stores whose newest proof is of this day, UTC."""
    proofs = PurgeProof.objects.filter(store=OuterRef("pk")).order_by("-pk")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    # One look into the index for each store: proofs are kept for ever.
    newest = Store.objects.filter(pk__in=stores).annotate(
        proved_at=Subquery(proofs.values("at")[:1])
    )
    proved = newest.filter(proved_at__range=(midnight, now)).order_by()
    return set(proved.values_list("pk", flat=True))


def _proof(
    store: int, now: datetime, orders: int, left: RetentionStanding
) -> PurgeProof:
    return PurgeProof(
        store_id=store,
        at=now,
        orders=orders,
        kept=left.kept,
        overdue=left.overdue,
        next_due_at=left.next_due_at,
        days_after_delivery=PERSONAL_DATA_KEPT.days,
        days_after_shipping=PERSONAL_DATA_KEPT.days,
    )


def _entry(proof: PurgeProof) -> Entry:
    return Entry(
        code="personal_data.purged",
        level=Level.INFO,
        store_id=proof.store_id,
        message=counted(
            "Buyer and recipient of %(count)d order were deleted: their time was over.",
            "Buyer and recipient of %(count)d orders were deleted: their "
            "time was over.",
            proof.orders,
        ),
    )
