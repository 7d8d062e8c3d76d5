"""Finds the stock levels that a change has taken below zero; services layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from channels_amazon.models import StockLevel, StockMovement, Variant, Warehouse
from channels_amazon.rules.stock.allocation import Level, falls_below_zero

# A variant and a warehouse, by their ids.
Place = tuple[int, int]
# How short levels may become: what `Shortfall.shown` was when somebody agreed.
Agreed = Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A level that a change takes below zero.

    Where `on_hand` is not below zero, `available` is: the units that are there are
    promised to other orders.
    """

    place: Place
    sku: str
    warehouse: str
    on_hand: int
    available: int

    @property
    def missing(self) -> int:
        """Return how many units other orders lack there."""
        return max(0, -self.available)

    @property
    def shown(self) -> int:
        """Return the number that names it: units below zero, else those missing."""
        return self.on_hand if self.on_hand < 0 else self.missing

    def is_within(self, agreed: Agreed) -> bool:
        """Tell whether this was agreed to, or what is worse.

        A level of -3 lacks at least three units for other orders: who agreed to it has
        agreed to three that are missing, and to no more.
        """
        seen = agreed.get(self.place)
        if seen is None:
            return False
        if self.shown < 0:
            return seen <= self.shown
        return self.shown <= abs(seen)


def levels_of(variant_ids: Collection[int]) -> dict[Place, Level]:
    """Return the variants' levels of now, by variant and warehouse."""
    rows = StockLevel.objects.filter(variant__in=variant_ids).values_list(
        "variant_id", "warehouse_id", "on_hand", "reserved"
    )
    return {
        (variant_id, warehouse_id): Level(warehouse_id, on_hand, reserved)
        for variant_id, warehouse_id, on_hand, reserved in rows
    }


def shortfalls(
    before: Mapping[Place, Level],
    after: Mapping[Place, Level],
    *,
    only_counted: bool = True,
) -> list[Shortfall]:
    """Return what falls below zero between the two, by warehouse and SKU.

    A variant that nobody ever counted is left out, since its levels say only what left;
    `only_counted` is False where a person changes the levels themselves.
    """
    fallen = {
        place: level
        for place, level in after.items()
        if falls_below_zero(before.get(place, Level(place[1])), level)
    }
    if not fallen:
        return []
    skus = _skus({one for one, _warehouse_id in fallen}, only_counted=only_counted)
    names = dict(
        Warehouse.objects.filter(
            pk__in={warehouse_id for _variant_id, warehouse_id in fallen}
        ).values_list("pk", "name")
    )
    found = [
        Shortfall(
            place=place,
            sku=skus[place[0]],
            warehouse=names[place[1]],
            on_hand=level.on_hand,
            available=level.free,
        )
        for place, level in fallen.items()
        if place[0] in skus
    ]
    return sorted(found, key=lambda one: (one.warehouse, one.sku, one.place))


def _skus(variant_ids: Collection[int], *, only_counted: bool) -> dict[int, str]:
    """Return the SKUs of the variants, or of those that were ever counted."""
    rows = Variant.objects.filter(pk__in=variant_ids).order_by()
    if only_counted:
        counts = StockMovement.objects.filter(
            variant=OuterRef("pk"), reason__in=StockMovement.COUNTS
        )
        rows = rows.filter(Exists(counts))
    return dict(rows.values_list("pk", "sku"))
