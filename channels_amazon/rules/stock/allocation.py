"""The arithmetic of stock: available, short, where from; rules layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Units: the column's limit, far beyond what any listing accepts.
LARGEST_QUANTITY = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Level:
    """A variant's units in one warehouse."""

    warehouse_id: int
    on_hand: int = 0
    reserved: int = 0
    is_default: bool = False

    @property
    def free(self) -> int:
        """Return on hand less reserved; below zero where too much was promised."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Hold:
    """Units that one reservation holds, known by its `key`."""

    key: int
    quantity: int


def available(levels: Iterable[Level], safety_stock: int) -> int:
    """Return what may be sold: all warehouses' free units less safety, at least 0."""
    free = sum(level.free for level in levels) - safety_stock
    return min(max(0, free), LARGEST_QUANTITY)


def falls_below_zero(before: Level, after: Level) -> bool:
    """Tell whether a level shows less than nothing, or promises what is not there.

    Only what `before` did not show already counts: a level that stays, or rises below
    zero, does not fall.
    """
    shows_less = after.on_hand < min(0, before.on_hand)
    return shows_less or after.free < min(0, before.free)


def choose_warehouse(levels: Sequence[Level], quantity: int) -> int | None:
    """Return the warehouse to take units from, None when there is none.

    The default one if it has enough, else the one with most; where no warehouse has
    enough, the default one bears the shortage.
    """
    if not levels:
        return None
    default = next((level for level in levels if level.is_default), levels[0])
    if default.free >= quantity:
        return default.warehouse_id
    fullest = max(levels, key=lambda level: level.free)
    return (fullest if fullest.free >= quantity else default).warehouse_id


def short_holds(on_hand: int, holds: Sequence[Hold]) -> set[int]:
    """Return the keys of the holds that the units on hand cannot cover.

    The oldest hold is served first; a hold is short if any of its units is missing.
    """
    short: set[int] = set()
    left = on_hand
    for hold in holds:
        left -= hold.quantity
        if left < 0:
            short.add(hold.key)
    return short
