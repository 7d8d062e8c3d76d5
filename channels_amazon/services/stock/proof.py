"""Proves that the stock adds up: each level is the sum of its moves; services layer.

A pass goes over all variants daily. What it finds is kept until a later pass finds it
in order, and the health check tells of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Sum

from channels_amazon.models import (
    LedgerDifference,
    MaintenanceTask,
    Reservation,
    StockLevel,
    StockMovement,
    Variant,
)
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import Write
from channels_amazon.services.stock.ledger import locked_levels

PROOF_INTERVAL = timedelta(days=1)
# Their movements are added up by one statement.
VARIANTS_A_BATCH = 500


@dataclass(frozen=True, slots=True)
class LevelDifference:
    """A level that is not what its ledger or its reservations add up to."""

    variant_id: int
    warehouse_id: int
    on_hand: int
    reserved: int
    ledger_on_hand: int
    ledger_reserved: int
    held: int

    @property
    def is_none(self) -> bool:
        """Tell whether level, ledger and reservations agree."""
        return (
            self.on_hand == self.ledger_on_hand
            and self.reserved == self.ledger_reserved == self.held
        )


class ProofCursor(TypedDict):
    """Where a pass goes on: after this variant."""

    after: int


def differences(variant_ids: Collection[int] | None = None) -> list[LevelDifference]:
    """Return every level that its ledger or its reservations contradict.

    Checks the given variants, else all. It reads three times: where a level may change
    in between, what differs has to be looked at again, with the levels locked.
    """
    levels = StockLevel.objects.all()
    moves = StockMovement.objects.order_by()
    holds = Reservation.objects.order_by()
    if variant_ids is not None:
        levels = levels.filter(variant__in=variant_ids)
        moves = moves.filter(variant__in=variant_ids)
        holds = holds.filter(variant__in=variant_ids)
    pair = ("variant_id", "warehouse_id")
    summed = moves.values(*pair).annotate(
        hand=Sum("on_hand_delta"), kept=Sum("reserved_delta")
    )
    sums = {
        (row["variant_id"], row["warehouse_id"]): (row["hand"], row["kept"])
        for row in summed
    }
    held = {
        (row["variant_id"], row["warehouse_id"]): row["units"]
        for row in holds.values(*pair).annotate(units=Sum("quantity"))
    }
    stated = {
        (variant_id, warehouse_id): (on_hand, reserved)
        for variant_id, warehouse_id, on_hand, reserved in levels.values_list(
            *pair, "on_hand", "reserved"
        )
    }
    nothing = (0, 0)
    compared = (
        LevelDifference(
            *key, *stated.get(key, nothing), *sums.get(key, nothing), held.get(key, 0)
        )
        for key in sorted(set(sums) | set(held) | set(stated))
    )
    return [one for one in compared if not one.is_none]


def last_proven_at() -> datetime | None:
    """Return when all levels were last gone over, None where never."""
    return maintenance.row_of(MaintenanceTask.Name.LEDGER).finished_at


def _begin(now: datetime, last_started_at: datetime | None) -> ProofCursor:
    return {"after": 0}


def _plan(cursor: ProofCursor, now: datetime) -> Write[ProofCursor]:
    variants = Variant.objects.filter(pk__gt=cursor["after"]).order_by("pk")
    ids = list(variants.values_list("pk", flat=True)[:VARIANTS_A_BATCH])
    if not ids:
        return lambda: None
    # Without locks, which nearly always is enough: what moves meanwhile looks wrong.
    suspects = {one.variant_id for one in differences(ids)}

    def write() -> ProofCursor | None:
        locked_levels(suspects)
        wrong = differences(suspects) if suspects else []
        known = LedgerDifference.objects.filter(variant__in=ids)
        still = {(one.variant_id, one.warehouse_id) for one in wrong}
        rows = known.values_list("pk", "variant_id", "warehouse_id")
        over = [pk for pk, *pair in rows if tuple(pair) not in still]
        LedgerDifference.objects.filter(pk__in=over).delete()
        LedgerDifference.objects.bulk_create(
            [
                LedgerDifference(variant_id=v, warehouse_id=w, found_at=now)
                for v, w in sorted(still)
            ],
            ignore_conflicts=True,
        )
        return None if len(ids) < VARIANTS_A_BATCH else {"after": ids[-1]}

    return write


PASS = maintenance.Pass(
    name=MaintenanceTask.Name.LEDGER,
    interval=PROOF_INTERVAL,
    begin=_begin,
    plan=_plan,
)
