"""Chooses the warehouse that units of an order are held in; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from channels_amazon.models import Reservation, StockLevel, Store, Warehouse
from channels_amazon.rules.stock import allocation
from channels_amazon.services.stock.ledger import default_warehouse


@dataclass(frozen=True, slots=True)
class Need:
    """A new reservation and the units it takes: held, and gone already."""

    store: Store
    reservation: Reservation
    held: int
    gone: int


def choose_warehouses(needs: Sequence[Need]) -> None:
    """Set each reservation's warehouse; what the ones before it took counts.

    Two queries, however many they are.
    """
    if not needs:
        return
    places = _places({need.store.pk: need.store for need in needs}.values())
    stocked = {
        (level.variant_id, level.warehouse_id): level
        for level in StockLevel.objects.filter(
            variant__in={need.reservation.variant_id for need in needs}
        )
    }
    levels: dict[tuple[int, int], list[allocation.Level]] = {}
    for need in needs:
        held = need.reservation
        key = (need.store.pk, held.variant_id)
        if key not in levels:
            levels[key] = [
                _level(
                    stocked.get((held.variant_id, place.pk)), place, is_default=first
                )
                for place, first in places[need.store.pk]
            ]
        units = need.held + need.gone
        chosen = allocation.choose_warehouse(levels[key], units)
        if chosen is None:
            raise AssertionError("A store always has a warehouse.")
        held.warehouse_id = chosen
        levels[key] = [
            _take(level, need) if level.warehouse_id == chosen else level
            for level in levels[key]
        ]


def _take(level: allocation.Level, need: Need) -> allocation.Level:
    return replace(
        level,
        on_hand=level.on_hand - need.gone,
        reserved=level.reserved + need.held,
    )


def _places(stores: Iterable[Store]) -> dict[int, list[tuple[Warehouse, bool]]]:
    """Return each store's warehouses by age, and whether one is the default."""
    found: dict[int, list[Warehouse]] = {store.pk: [] for store in stores}
    # The model's own order has the default one first.
    for warehouse in Warehouse.objects.filter(store__in=found):
        found[warehouse.store_id].append(warehouse)
    for store in stores:
        found[store.pk] = found[store.pk] or [default_warehouse(store)]
    return {
        pk: sorted(((one, one is rows[0]) for one in rows), key=lambda pair: pair[0].pk)
        for pk, rows in found.items()
    }


def _level(
    row: StockLevel | None, warehouse: Warehouse, *, is_default: bool
) -> allocation.Level:
    return allocation.Level(
        warehouse_id=warehouse.pk,
        on_hand=row.on_hand if row else 0,
        reserved=row.reserved if row else 0,
        is_default=is_default,
    )
