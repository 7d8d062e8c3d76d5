"""Moves stock: the ledger, its levels, and what follows from them; services layer.

A level is the sum of its movements. Levels are locked in pk order, so that two changes
never wait for each other. What a listing should publish is computed in the same
transaction as the movement it follows from.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    StockLevel,
    StockMovement,
    Store,
    Variant,
    Warehouse,
)
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.stock.backorders import flag_shortages
from channels_amazon.services.stock.publication import (
    refresh_by_person,
    refresh_desired,
)

logger = logging.getLogger(__name__)

Reason = StockMovement.Reason


class StockError(ShoplinkError):
    """A change of stock that is not possible."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry for the ledger; `key` makes sure that it counts once."""

    variant_id: int
    warehouse_id: int
    reason: Reason
    key: str
    on_hand: int = 0
    reserved: int = 0
    reference: str = ""
    actor: str = ""
    cause: str = ""
    note: str = ""


def set_on_hand(
    variant: Variant,
    warehouse: Warehouse,
    quantity: int,
    *,
    actor: str,
    key: str,
    reason: Reason = Reason.COUNT,
) -> StockLevel:
    """Record a count: `quantity` units of the variant are in the warehouse now.

    The same `key` again changes nothing. A count that finds the known number is
    recorded too, since it says who counted and when. Nobody is asked whether fewer
    units may be there than are reserved: see `changes.py`. Raises StockError.
    """
    pair = (variant.pk, warehouse.pk)
    with transaction.atomic():
        counted = count_movement(
            variant, warehouse, quantity, actor=actor, key=key, reason=reason
        )
        apply_movements([counted])
        return lock_levels([pair])[pair]


def count_movement(
    variant: Variant,
    warehouse: Warehouse,
    quantity: int,
    *,
    actor: str,
    key: str,
    reason: Reason,
) -> Movement:
    """Return the movement by which `quantity` units are in the warehouse.

    It locks the level until the end of the transaction. Raises StockError.
    """
    if quantity < 0:
        raise StockError("stock.count_negative", _("A count cannot be less than zero."))
    if warehouse.store_id != variant.store_id:
        raise StockError(
            "stock.other_store", _("The warehouse belongs to another store.")
        )
    pair = (variant.pk, warehouse.pk)
    return Movement(
        variant_id=variant.pk,
        warehouse_id=warehouse.pk,
        reason=reason,
        key=key,
        on_hand=quantity - lock_levels([pair])[pair].on_hand,
        actor=actor,
    )


def apply_movements(
    movements: Sequence[Movement], follow_ups: FollowUps = AT_ONCE
) -> int:
    """Write the movements that the ledger does not have yet; return how many.

    Levels and backorder flags follow at once, what listings should publish by
    `follow_ups`.
    """
    if not movements:
        return 0
    with transaction.atomic(savepoint=False):
        levels = lock_levels(
            [(move.variant_id, move.warehouse_id) for move in movements]
        )
        keys = [move.key for move in movements]
        known = set(
            StockMovement.objects.filter(idempotency_key__in=keys).values_list(
                "idempotency_key", flat=True
            )
        )
        fresh = {move.key: move for move in movements if move.key not in known}
        StockMovement.objects.bulk_create(map(_entry, fresh.values()))
        flag_shortages(_add(levels, fresh.values()))
        variant_ids = {move.variant_id for move in fresh.values()}
        by_person = {move.variant_id for move in fresh.values() if _is_persons(move)}
        if by_person:
            follow_ups.add(refresh_by_person, by_person)
        if variant_ids > by_person:
            follow_ups.add(refresh_desired, variant_ids - by_person)
    return len(fresh)


def lock_levels(
    pairs: Iterable[tuple[int, int]],
) -> dict[tuple[int, int], StockLevel]:
    """Lock the levels of these (variant, warehouse) pairs, making missing ones.

    Every other level of the same variants is locked too: what a listing publishes
    depends on all of them. Call it inside a transaction.
    """
    wanted = set(pairs)
    variant_ids = {variant_id for variant_id, _warehouse_id in wanted}
    levels = locked_levels(variant_ids)
    missing = sorted(wanted - set(levels))
    if missing:
        StockLevel.objects.bulk_create(
            [StockLevel(variant_id=v, warehouse_id=w) for v, w in missing],
            ignore_conflicts=True,
        )
        levels = locked_levels(variant_ids)
    return levels


def lock_variants(variant_ids: Collection[int]) -> None:
    """Lock every level of these variants, before many orders move some of them.

    A variant without levels gets one in its store's default warehouse: two processes
    that created them later could deadlock. Call it inside a transaction.
    """
    known = {variant_id for variant_id, _warehouse_id in locked_levels(variant_ids)}
    bare = set(variant_ids) - known
    if not bare:
        return
    rows = Variant.objects.filter(pk__in=bare).select_related("store")
    lock_levels([(row.pk, default_warehouse(row.store).pk) for row in rows])


def default_warehouse(store: Store) -> Warehouse:
    """Return the store's default warehouse, making one where it has none."""
    first: Warehouse | None = Warehouse.objects.filter(store=store).first()
    if first is not None:
        return first
    made: Warehouse
    made, _is_new = Warehouse.objects.get_or_create(
        store=store, code="main", defaults={"name": "Main", "is_default": True}
    )
    return made


def mend_levels(variant_ids: Collection[int]) -> int:
    """Set the variants' levels to the sum of their movements; return how many differed.

    Only a fault or a change made past the ledger makes them differ. A count that does
    not mend that first would carry the difference on. Call it inside a transaction.
    """
    levels = locked_levels(variant_ids)
    moves = StockMovement.objects.filter(variant__in=variant_ids).order_by()
    summed = moves.values_list("variant_id", "warehouse_id").annotate(
        Sum("on_hand_delta"), Sum("reserved_delta")
    )
    sums = {(v, w): (on_hand, reserved) for v, w, on_hand, reserved in summed}
    wrong = []
    for pair, level in levels.items():
        on_hand, reserved = sums.get(pair, (0, 0))
        # Below zero no level can be reserved: that one has to be looked into.
        if (level.on_hand, level.reserved) != (on_hand, reserved) and reserved >= 0:
            logger.error(
                "level mended variant=%s warehouse=%s on_hand=%s sum=%s reserved=%s "
                "sum=%s",
                *pair,
                level.on_hand,
                on_hand,
                level.reserved,
                reserved,
            )
            level.on_hand, level.reserved = on_hand, reserved
            wrong.append(level)
    StockLevel.objects.bulk_update(wrong, ["on_hand", "reserved"])
    return len(wrong)


def locked_levels(variant_ids: Collection[int]) -> dict[tuple[int, int], StockLevel]:
    """Lock the levels that these variants have, in pk order; inside a transaction."""
    rows = (
        StockLevel.objects.select_for_update()
        .filter(variant__in=variant_ids)
        .order_by("pk")
    )
    return {(row.variant_id, row.warehouse_id): row for row in rows}


def _is_persons(move: Movement) -> bool:
    """Tell whether a person changed what can be sold, and may be looking at it."""
    return bool(move.actor and move.on_hand) and move.reason != Reason.IMPORT


def _entry(move: Movement) -> StockMovement:
    return StockMovement(
        variant_id=move.variant_id,
        warehouse_id=move.warehouse_id,
        on_hand_delta=move.on_hand,
        reserved_delta=move.reserved,
        reason=move.reason,
        idempotency_key=move.key,
        reference=move.reference[:80],
        actor=move.actor[:150],
        cause=move.cause,
        note=move.note[:200],
    )


def _add(
    levels: Mapping[tuple[int, int], StockLevel], moves: Iterable[Movement]
) -> list[StockLevel]:
    """Add the movements to their levels, which are locked; return what changed."""
    changed: dict[int, StockLevel] = {}
    for move in moves:
        level = levels[move.variant_id, move.warehouse_id]
        level.on_hand += move.on_hand
        level.reserved += move.reserved
        changed[level.pk] = level
    # The levels were locked when read, so the sums can be written as they are.
    StockLevel.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["on_hand", "reserved", "updated_at"],
    )
    return list(changed.values())
