"""Changes levels by a person's word: counts, adjustments, transfers; services layer.

Whoever would leave fewer units than none, or than are reserved, is asked before: a
change beyond what was agreed to raises, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from channels_amazon.models import StockMovement, Variant, Warehouse
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.stock.ledger import (
    Movement,
    StockError,
    apply_movements,
    count_movement,
    lock_levels,
    mend_levels,
)
from channels_amazon.services.stock.shortfalls import (
    Agreed,
    Shortfall,
    levels_of,
    shortfalls,
)

Cause = StockMovement.Cause
Reason = StockMovement.Reason


class ShortStockError(StockError):
    """A change that leaves fewer units than none, or than are reserved."""

    def __init__(self, fallen: Sequence[Shortfall]) -> None:
        super().__init__(
            "stock.short",
            _(
                "Nothing was changed: there would be fewer units than none, or than "
                "are reserved for orders. Tick the box if it is so all the same."
            ),
        )
        self.shortfalls = tuple(fallen)


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes the stock, and what that person says and has agreed to.

    The same `key` again changes nothing.
    """

    actor: str
    key: str
    note: str = ""
    agreed: Agreed = field(default_factory=dict)


def count(
    variant: Variant, warehouse: Warehouse, quantity: int, change: Change
) -> None:
    """Record that `quantity` units are in the warehouse; raises StockError.

    It mends the variant's levels where they are not the sum of their movements.
    """
    with transaction.atomic():
        mend_levels([variant.pk])
        counted = count_movement(
            variant,
            warehouse,
            quantity,
            actor=change.actor,
            key=change.key,
            reason=Reason.COUNT,
        )
        apply_agreed([counted], change.agreed)


def adjust(
    variant: Variant, warehouse: Warehouse, units: int, cause: Cause, change: Change
) -> None:
    """Add units to a level, or take some away where `units` is below zero.

    Raises StockError.
    """
    _check_store(variant, warehouse)
    if not units:
        raise StockError("stock.no_units", _("Nothing changes by 0 units."))
    if cause == Cause.OTHER and not change.note.strip():
        raise StockError("stock.no_note", _("Say in the note what the reason is."))
    move = Movement(
        variant_id=variant.pk,
        warehouse_id=warehouse.pk,
        reason=Reason.ADJUSTED,
        key=change.key,
        on_hand=units,
        actor=change.actor,
        cause=cause,
        note=change.note.strip(),
    )
    apply_agreed([move], change.agreed)


def transfer(
    variant: Variant,
    source: Warehouse,
    target: Warehouse,
    units: int,
    change: Change,
) -> None:
    """Move units to another warehouse, by two movements that are one.

    Raises StockError.
    """
    _check_store(variant, source)
    _check_store(variant, target)
    if source.pk == target.pk:
        raise StockError("stock.same_warehouse", _("Choose two different warehouses."))
    if units < 1:
        raise StockError("stock.no_units", _("Move at least one unit."))
    ends = ((source, target, -units, "out"), (target, source, units, "in"))
    moves = [
        Movement(
            variant_id=variant.pk,
            warehouse_id=place.pk,
            reason=Reason.TRANSFER,
            key=f"{change.key}:{end}",
            on_hand=delta,
            reference=other.name,
            actor=change.actor,
            note=change.note.strip(),
        )
        for place, other, delta, end in ends
    ]
    apply_agreed(moves, change.agreed)


def apply_agreed(
    movements: Sequence[Movement], agreed: Agreed, follow_ups: FollowUps = AT_ONCE
) -> int:
    """Write a person's movements that are new; return how many.

    Raises ShortStockError where levels fall beyond what was agreed, and undoes it all.
    """
    variant_ids = {move.variant_id for move in movements}
    with transaction.atomic():
        lock_levels([(move.variant_id, move.warehouse_id) for move in movements])
        before = levels_of(variant_ids)
        fresh = apply_movements(movements, follow_ups)
        fallen = shortfalls(before, levels_of(variant_ids), only_counted=False)
        if not all(one.is_within(agreed) for one in fallen):
            raise ShortStockError(fallen)
    return fresh


def _check_store(variant: Variant, warehouse: Warehouse) -> None:
    if warehouse.store_id != variant.store_id:
        raise StockError(
            "stock.other_store", _("The warehouse belongs to another store.")
        )
