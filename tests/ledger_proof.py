"""Proves that the stock adds up: each level is the sum of its movements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Sum

from channels_amazon.models import Reservation, StockLevel, StockMovement


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


def verify_levels(variant_ids: Collection[int] | None = None) -> list[LevelDifference]:
    """Return every level that its ledger or its reservations contradict.

    Checks the given variants, else all. It reads the whole ledger.
    """
    levels = StockLevel.objects.all()
    moves = StockMovement.objects.order_by()
    holds = Reservation.objects.all()
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
        (level.variant_id, level.warehouse_id): (level.on_hand, level.reserved)
        for level in levels
    }
    found = []
    for key in sorted(set(sums) | set(held) | set(stated)):
        on_hand, reserved = stated.get(key, (0, 0))
        ledger_on_hand, ledger_reserved = sums.get(key, (0, 0))
        row = LevelDifference(
            variant_id=key[0],
            warehouse_id=key[1],
            on_hand=on_hand,
            reserved=reserved,
            ledger_on_hand=ledger_on_hand,
            ledger_reserved=ledger_reserved,
            held=held.get(key, 0),
        )
        if not row.is_none:
            found.append(row)
    return found
