"""Brings an order's reservations to what its facts say; services layer.

Level, not edge: what each line should hold and have shipped follows from the order's
status, Amazon's shipped units and our own packages. Whatever the order of the events,
the same facts end in the same stock, and doing it again moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Order,
    OrderLine,
    Reservation,
    Shipment,
    ShipmentLine,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from channels_amazon.rules import allocation
from channels_amazon.rules.order_transitions import (
    Effect,
    Target,
    Told,
    Units,
    rule_of,
    state_of,
    target_of,
)
from channels_amazon.services.stock import (
    Movement,
    apply_movements,
    default_warehouse,
    lock_levels,
    lock_variants,
)

Reason = StockMovement.Reason


@dataclass(frozen=True, slots=True)
class ShipFrom:
    """Where the units of these lines leave from, if not from where they are held."""

    warehouse: Warehouse
    line_ids: frozenset[int]


@dataclass(slots=True)
class _Change:
    """One line's reservation with what it should come to."""

    line: OrderLine
    reservation: Reservation
    target: Target
    moved_from: int | None = None


def settle_order(
    order: Order,
    *,
    is_late: bool = False,
    ship_from: ShipFrom | None = None,
    never_left: Mapping[int, int] | None = None,
) -> list[str]:
    """Match the lines and hold, release or ship their units; return unmatched SKUs.

    The caller holds the order's row and saves it: the flags and the stamp are set on
    it. With `is_late` what is shipped already has left before the stock was counted.
    Units that left come back by a person's booking only, whatever Amazon says later;
    `never_left` are those of a package, by the line's id, that stayed here after all.
    """
    effect = units_rule(order)
    # The caller's savepoint will do: whoever settles an order fails as a whole.
    with transaction.atomic(savepoint=False):
        lines = list(order.lines.order_by("pk"))
        _match(order, lines)
        changes = _plan(
            order, lines, effect, is_late=is_late, never_left=never_left or {}
        )
        if ship_from is not None:
            _move_holds(changes, ship_from)
        _carry_out(order, changes)
        order.has_shortage = Reservation.objects.filter(
            line__order=order, is_short=True
        ).exists()
    waits = effect in {Effect.RESERVE, Effect.KEEP}
    unmatched = [line.seller_sku for line in lines if line.variant_id is None]
    order.has_unmatched = waits and bool(unmatched)
    return unmatched if waits else []


def units_rule(order: Order) -> Effect:
    """Return what the order's status asks of the units that its lines need."""
    return rule_of(state_of(order.status, is_packed=False), told_of(order)).units


def told_of(order: Order) -> Told:
    """Return what Amazon says of the order, as its row has it."""
    return Told(
        order.status, order.fulfilled_by, order.channel_name, order.cancel_requested
    )


def has_packages(order: Order) -> bool:
    """Tell whether a package of ours, not refused by Amazon, holds units of it."""
    return bool(_packages(order).exists())


def find_variants(order: Order, skus: Sequence[str]) -> dict[str, int]:
    """Return the variant of each of the order's seller SKUs that has one."""
    return variants_of(order.account, skus)


def variants_of(account: AmazonAccount, skus: Iterable[str]) -> dict[str, int]:
    """Return the variant of each seller SKU: by its listing, else by the same SKU."""
    wanted = {sku for sku in skus if sku}
    if not wanted:
        return {}
    linked = Listing.objects.filter(
        account=account, seller_sku__in=wanted, variant__isnull=False
    )
    found = dict(linked.values_list("seller_sku", "variant_id"))
    loose = wanted - found.keys()
    if loose:
        same = Variant.objects.filter(store_id=account.store_id, sku__in=loose)
        found |= dict(same.values_list("sku", "pk"))
    return found


def lock_stock(wanted: Mapping[AmazonAccount, Iterable[str]], orders: set[int]) -> None:
    """Lock all stock that events of these SKUs and orders may move, in one order.

    Call it inside a transaction that holds the orders, before the first is settled.
    """
    lines = OrderLine.objects.filter(order__in=orders, variant__isnull=False)
    variant_ids = set(lines.values_list("variant_id", flat=True))
    for account, skus in wanted.items():
        variant_ids.update(variants_of(account, skus).values())
    lock_variants(variant_ids)


def _match(order: Order, lines: list[OrderLine]) -> None:
    loose = [line for line in lines if line.variant_id is None]
    found = find_variants(order, [line.seller_sku for line in loose])
    for line in loose:
        if line.seller_sku in found:
            line.variant_id = found[line.seller_sku]
            line.save(update_fields=["variant"])


def _plan(
    order: Order,
    lines: list[OrderLine],
    effect: Effect,
    *,
    is_late: bool,
    never_left: Mapping[int, int],
) -> list[_Change]:
    known = {row.line_id: row for row in Reservation.objects.filter(line__order=order)}
    packed, is_edited = _packed_units(order)
    # What was shipped before we were connected left before we counted.
    is_history = bool(order.ordered_at and order.ordered_at < order.account.created_at)
    changes = []
    for line in lines:
        if line.variant_id is None:
            continue
        shipped = max(line.quantity_shipped, packed.get(line.pk, 0))
        held = known.get(line.pk)
        if held is None:
            baseline = shipped if is_history or is_late else 0
            held = Reservation(
                line=line,
                variant_id=line.variant_id,
                quantity=0,
                shipped_quantity=baseline,
            )
        if not is_edited:
            left = held.shipped_quantity - never_left.get(line.pk, 0)
            # What left beyond the line's own units left with items of the same SKU,
            # which a report had told of as one.
            shipped = max(shipped, min(left, line.quantity))
        target = target_of(
            effect, Units(line.quantity, shipped, held.quantity, held.shipped_quantity)
        )
        if target != Target(held.quantity, held.shipped_quantity):
            changes.append(_Change(line, held, target))
    _choose_warehouses(order, [change for change in changes if _is_new(change)])
    return changes


def _is_new(change: _Change) -> bool:
    return change.reservation.pk is None


def _packages(order: Order) -> QuerySet[ShipmentLine]:
    rows: QuerySet[ShipmentLine] = ShipmentLine.objects.filter(shipment__order=order)
    return rows.exclude(
        shipment__state=Shipment.State.REFUSED, shipment__confirmed_at__isnull=True
    )


def _packed_units(order: Order) -> tuple[dict[int, int], bool]:
    """Return each line's units in packages of ours, and whether one was edited.

    Packages refused outright do not count. An edit may have taken units out again:
    then packages and Amazon's own count say what left.
    """
    sums = (
        _packages(order)
        .order_by()
        .values("line_id")
        .annotate(units=Sum("quantity"), revision=Max("shipment__revision"))
    )
    rows = list(sums)
    units = {row["line_id"]: row["units"] for row in rows}
    return units, any(row["revision"] for row in rows)


def _choose_warehouses(order: Order, changes: list[_Change]) -> None:
    if not changes:
        return
    store = order.account.store
    default = default_warehouse(store)
    warehouses = list(Warehouse.objects.filter(store=store).order_by("pk"))
    stocked = {
        (level.variant_id, level.warehouse_id): level
        for level in StockLevel.objects.filter(
            variant__in={change.line.variant_id for change in changes}
        )
    }
    for change in changes:
        held = change.reservation
        levels = []
        for warehouse in warehouses:
            level = stocked.get((held.variant_id, warehouse.pk))
            levels.append(
                allocation.Level(
                    warehouse_id=warehouse.pk,
                    on_hand=level.on_hand if level else 0,
                    reserved=level.reserved if level else 0,
                    is_default=warehouse.pk == default.pk,
                )
            )
        units = change.target.held + change.target.shipped - held.shipped_quantity
        held.warehouse_id = allocation.choose_warehouse(levels, units) or default.pk


def _move_holds(changes: list[_Change], ship_from: ShipFrom) -> None:
    for change in changes:
        held = change.reservation
        is_meant = change.line.pk in ship_from.line_ids
        if is_meant and held.warehouse_id != ship_from.warehouse.pk:
            change.moved_from = None if _is_new(change) else held.warehouse_id
            held.warehouse_id = ship_from.warehouse.pk


def _carry_out(order: Order, changes: list[_Change]) -> None:
    if not changes:
        return
    pairs = [(c.reservation.variant_id, c.reservation.warehouse_id) for c in changes]
    # Before the reservations: every change takes its locks in this order.
    lock_levels(pairs)
    movements: list[Movement] = []
    for change in changes:
        held = change.reservation
        held.revision += 1
        movements += _movements(order, change)
        held.quantity = change.target.held
        held.shipped_quantity = change.target.shipped
        if not held.quantity:
            held.is_short = False
        held.save()
    apply_movements(movements)
    if order.reserved_at is None and any(change.target.held for change in changes):
        order.reserved_at = timezone.now()


def _movements(order: Order, change: _Change) -> list[Movement]:
    held, target = change.reservation, change.target
    key = f"order:{change.line.pk}:{held.revision}"
    shipped = target.shipped - held.shipped_quantity
    entries = []
    before = held.quantity
    if change.moved_from is not None and before:
        entries.append(
            Movement(
                variant_id=held.variant_id,
                warehouse_id=change.moved_from,
                reason=Reason.RELEASED,
                key=f"{key}:from",
                reserved=-before,
                reference=order.amazon_order_id,
            )
        )
        before = 0
    entries.append(
        Movement(
            variant_id=held.variant_id,
            warehouse_id=held.warehouse_id,
            reason=_reason(shipped, target.held - before),
            key=key,
            on_hand=-shipped,
            reserved=target.held - before,
            reference=order.amazon_order_id,
        )
    )
    return entries


def _reason(shipped: int, reserved: int) -> str:
    if shipped:
        return Reason.SHIPPED if shipped > 0 else Reason.RETURNED
    return Reason.RESERVED if reserved > 0 else Reason.RELEASED
