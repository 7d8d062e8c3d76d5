"""Says where a package's units may leave from, and takes them there; services layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from channels_amazon.models import (
    DiagnosticEntry,
    Order,
    OrderLine,
    Reservation,
    Shipment,
    StockMovement,
    Warehouse,
)
from channels_amazon.rules.stock.allocation import Level
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.stock.reservations import ShipFrom, reconcile_order
from channels_amazon.services.stock.shortfalls import (
    Shortfall,
    levels_of,
    shortfalls,
)
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class Origin:
    """A warehouse that a line's units may leave from, and what is there.

    `held` are the units that it holds for the line: 0 but in one warehouse.
    """

    warehouse: Warehouse
    is_holder: bool
    held: int
    on_hand: int
    available: int
    is_counted: bool


@dataclass(frozen=True, slots=True)
class LineOrigins:
    """All warehouses that a line's units may leave from, that which holds them first.

    `gone` units have left already with a package that Amazon refused: they do not
    leave again.
    """

    reservation: Reservation
    choices: tuple[Origin, ...]
    gone: int

    @property
    def holder(self) -> Warehouse:
        """Return the warehouse that holds the units."""
        return self.reservation.warehouse


def origins_of(
    order: Order, lines: Sequence[tuple[OrderLine, int]]
) -> dict[int, LineOrigins]:
    """Return by line id where its units may leave from; the lines come with units left.

    A line without a reservation is not there, nor one of which nothing is to leave.
    Three queries, however many lines.
    """
    held = {line.pk: getattr(line, "reservation", None) for line, _left in lines}
    found = {pk: row for pk, row in held.items() if row is not None}
    if not found:
        return {}
    variant_ids = {row.variant_id for row in found.values()}
    levels = levels_of(variant_ids)
    counts = StockMovement.objects.filter(
        variant__in=variant_ids, reason__in=StockMovement.COUNTS
    )
    counted = set(counts.order_by().values_list("variant_id", flat=True).distinct())
    warehouses = list(Warehouse.objects.filter(store=order.account.store_id))
    origins = {}
    for line, left in lines:
        row = found.get(line.pk)
        if row is None:
            continue
        gone = units_gone(row, line, left)
        if gone >= left:
            continue
        choices = [
            _origin(
                place,
                row,
                levels.get((row.variant_id, place.pk), Level(place.pk)),
                is_counted=row.variant_id in counted,
            )
            for place in warehouses
        ]
        choices.sort(key=lambda one: not one.is_holder)
        origins[line.pk] = LineOrigins(row, tuple(choices), gone)
    return origins


def units_gone(held: Reservation, line: OrderLine, left: int) -> int:
    """Return how many of the line's `left` units a refused package took already."""
    packed = line.quantity - left
    return max(0, min(held.shipped_quantity, line.quantity) - packed)


def take_units(
    order: Order, lines: Collection[int], places: Mapping[int, Warehouse]
) -> list[Shortfall]:
    """Take the packed units of `lines` from the stock; return what falls below zero.

    `places` say by line id which warehouse they leave from, else they leave from where
    they are held. The caller holds the order.
    """
    packed = OrderLine.objects.filter(pk__in=list(lines), variant__isnull=False)
    variant_ids = set(packed.values_list("variant_id", flat=True))
    before = levels_of(variant_ids)
    reconcile_order(order, ship_from=ShipFrom(places))
    order.save()
    return shortfalls(before, levels_of(variant_ids))


def tell_below_zero(
    shipment: Shipment, fallen: Sequence[Shortfall], actor: str
) -> None:
    """Log each level that the shipment took below zero, for a person to count."""
    for one in fallen:
        if one.on_hand >= 0:
            continue
        record(
            Entry(
                code="shipments.below_zero",
                level=DiagnosticEntry.Level.WARNING,
                account=shipment.order.account,
                reference=shipment.order.amazon_order_id,
                message=sentence(
                    "Package %(number)d took %(sku)s in %(warehouse)s to %(units)d: "
                    "more units left than were counted there.",
                    number=shipment.package_reference,
                    sku=one.sku,
                    warehouse=one.warehouse,
                    units=one.on_hand,
                ),
                fix=sentence(
                    "Count the variant in that warehouse again, or book the units to "
                    "the warehouse they left from."
                ),
                actor=actor,
            )
        )


def _origin(
    place: Warehouse, row: Reservation, level: Level, *, is_counted: bool
) -> Origin:
    is_holder = row.warehouse_id == place.pk
    return Origin(
        warehouse=place,
        is_holder=is_holder,
        held=row.quantity if is_holder else 0,
        on_hand=level.on_hand,
        available=level.free,
        is_counted=is_counted,
    )
