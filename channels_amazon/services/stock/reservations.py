"""Brings an order's reservations to what its facts say; services layer.

Level, not edge: what each line should hold and have shipped follows from the order's
status, Amazon's shipped units and our own packages. Whatever the order of the events,
the same facts end in the same stock, and doing it again moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    Reservation,
    StockMovement,
    Warehouse,
)
from channels_amazon.rules.orders.transitions import (
    FOREIGN_CHANNEL,
    AmazonFacts,
    Effect,
    Target,
    Units,
    state_of,
    target_of,
    transition_of,
)
from channels_amazon.rules.stock.sku_matching import SkuKey
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.stock.ledger import (
    Movement,
    apply_movements,
    lock_levels,
    lock_variants,
)
from channels_amazon.services.stock.packed_units import packed_units
from channels_amazon.services.stock.publication import push_again
from channels_amazon.services.stock.shown import Sale, note_sales
from channels_amazon.services.stock.sku_matching import variants_of
from channels_amazon.services.stock.warehouses import Need, choose_warehouses

Reason = StockMovement.Reason


@dataclass(frozen=True, slots=True)
class ShipFrom:
    """The warehouse that a line's units leave from, by the line's id.

    A line that is not named ships from where its units are held.
    """

    warehouses: Mapping[int, Warehouse]


@dataclass(slots=True)
class _HoldChange:
    """One line's reservation with what it should come to."""

    order: Order
    line: OrderLine
    reservation: Reservation
    target: Target
    moved_from: int | None = None

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was held for the line until now."""
        return self.reservation.pk is None

    @property
    def gone(self) -> int:
        """Return how many units leave now; below zero for those that come back."""
        return self.target.shipped - self.reservation.shipped_quantity


def reconcile_order(
    order: Order,
    *,
    is_matched_late: bool = False,
    ship_from: ShipFrom | None = None,
    never_left: Mapping[int, int] | None = None,
) -> list[str]:
    """Match the lines and hold, release or ship their units; return unmatched SKUs.

    With `is_matched_late` the lines had no variant until now: what is shipped of them
    left before their stock knew of it, and moves nothing. Otherwise as
    `reconcile_orders`.
    """
    unmatched = reconcile_orders(
        [order],
        is_matched_late=is_matched_late,
        ship_from=ship_from,
        never_left=never_left,
    )
    return unmatched[order.pk]


def reconcile_orders(
    orders: Sequence[Order],
    *,
    is_matched_late: bool = False,
    ship_from: ShipFrom | None = None,
    never_left: Mapping[int, int] | None = None,
    follow_ups: FollowUps = AT_ONCE,
) -> dict[int, list[str]]:
    """Reconcile the units of many orders at once; return each one's unmatched SKUs.

    The caller holds the orders' rows and saves them: the flags and the stamp are set on
    them. Units that left come back by a person's booking only, whatever Amazon says
    later; `never_left` are those of a package, by the line's id, that stayed here after
    all. What is asked of the database does not grow with the orders.
    """
    if not orders:
        return {}
    # The caller's savepoint will do: whoever reconciles orders fails as a whole.
    with transaction.atomic(savepoint=False):
        lines = _lines_of(orders)
        _match(orders, lines)
        changes = _plan(
            orders, lines, is_matched_late=is_matched_late, never_left=never_left or {}
        )
        _push_again(orders, lines, changes, follow_ups)
        choose_warehouses([_need(change) for change in changes if change.is_new])
        if ship_from is not None:
            _move_holds(changes, ship_from)
        _carry_out(changes, follow_ups)
        short = set(
            Reservation.objects.filter(line__order__in=lines, is_short=True)
            .order_by()
            .values_list("line__order_id", flat=True)
        )
    unmatched = {}
    for order in orders:
        loose = [line.seller_sku for line in lines[order.pk] if line.variant_id is None]
        waits = units_effect(order) in {Effect.RESERVE, Effect.KEEP}
        order.has_shortage = order.pk in short
        order.has_unmatched = waits and bool(loose)
        unmatched[order.pk] = loose if waits else []
    return unmatched


def units_effect(order: Order) -> Effect:
    """Return what the order's status asks of the units that its lines need."""
    state = state_of(order.status, is_packed=False)
    return transition_of(state, amazon_facts(order)).units


def needs_reconcile(order: Order, before: Effect, *, is_new: bool) -> bool:
    """Tell whether the order must be reconciled although its lines name the same units.

    `before` is what its status asked for until now: the same effect on the same lines
    would move nothing.
    """
    return is_new or order.has_unmatched or units_effect(order) is not before


def amazon_facts(order: Order) -> AmazonFacts:
    """Return what Amazon says of the order, as its row has it."""
    return AmazonFacts(
        order.status, order.fulfilled_by, order.channel_name, order.cancel_requested
    )


def lock_stock(wanted: Mapping[AmazonAccount, Iterable[str]], orders: set[int]) -> None:
    """Lock all stock that events of these SKUs and orders may move, in one order.

    Call it inside a transaction that holds the orders, before the first is reconciled.
    """
    lines = OrderLine.objects.filter(order__in=orders, variant__isnull=False)
    variant_ids = set(lines.values_list("variant_id", flat=True))
    variant_ids.update(variants_of(wanted).values())
    lock_variants(variant_ids)


def _lines_of(orders: Sequence[Order]) -> dict[int, list[OrderLine]]:
    found: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for line in OrderLine.objects.filter(order__in=found).order_by("pk"):
        found[line.order_id].append(line)
    return found


def _match(orders: Sequence[Order], lines: Mapping[int, list[OrderLine]]) -> None:
    """Give each line that has none the variant of its SKU, where there is one."""
    wanted: dict[AmazonAccount, set[str]] = {}
    for order in orders:
        loose = {line.seller_sku for line in lines[order.pk] if line.variant_id is None}
        if loose:
            wanted.setdefault(order.account, set()).update(loose)
    found = variants_of(wanted)
    lines_by_variant: dict[int, list[int]] = {}
    for order in orders:
        for line in lines[order.pk]:
            variant_id = found.get(SkuKey(order.account_id, line.seller_sku))
            if line.variant_id is None and variant_id is not None:
                line.variant_id = variant_id
                lines_by_variant.setdefault(variant_id, []).append(line.pk)
    for variant_id, pks in lines_by_variant.items():
        OrderLine.objects.filter(pk__in=pks).update(variant=variant_id)


def _plan(
    orders: Sequence[Order],
    lines: Mapping[int, list[OrderLine]],
    *,
    is_matched_late: bool,
    never_left: Mapping[int, int],
) -> list[_HoldChange]:
    known = {
        row.line_id: row for row in Reservation.objects.filter(line__order__in=lines)
    }
    packed, edited = packed_units(lines)
    changes = []
    for order in orders:
        effect = units_effect(order)
        # What was shipped before we were connected left before we counted.
        is_history = _is_history(order)
        for line in lines[order.pk]:
            if line.variant_id is None:
                continue
            shipped = max(line.quantity_shipped, packed.get(line.pk, 0))
            held = known.get(line.pk)
            if held is None:
                baseline = shipped if is_history or is_matched_late else 0
                held = Reservation(
                    line=line,
                    variant_id=line.variant_id,
                    quantity=0,
                    shipped_quantity=baseline,
                )
            if order.pk not in edited:
                left = held.shipped_quantity - never_left.get(line.pk, 0)
                # What left beyond the line's own units left with items of the same
                # SKU, which a report had told of as one.
                shipped = max(shipped, min(left, line.quantity))
            units = Units(line.quantity, shipped, held.quantity, held.shipped_quantity)
            target = target_of(effect, units)
            if target != Target(held.quantity, held.shipped_quantity):
                changes.append(_HoldChange(order, line, held, target))
    return changes


def _push_again(
    orders: Sequence[Order],
    lines: Mapping[int, list[OrderLine]],
    changes: Iterable[_HoldChange],
    follow_ups: FollowUps,
) -> None:
    """Have quantities sent once more that Amazon lowered for orders now cancelled.

    Amazon takes a buyer's units off its own count, whether or not we ever held any:
    an order that was cancelled by the time we knew it leaves that count too low.
    """
    moved = {change.line.pk for change in changes}
    loose = {
        line.pk: line.variant_id
        for order in orders
        if order.status == Order.Status.CANCELLED and _is_sale_of_ours(order)
        for line in lines[order.pk]
        if line.variant_id is not None and line.pk not in moved
    }
    if not loose:
        return
    held = Reservation.objects.filter(line__in=loose).values_list("line_id", flat=True)
    known = set(held)
    variant_ids = {pk for line_pk, pk in loose.items() if line_pk not in known}
    if variant_ids:
        follow_ups.add(push_again, variant_ids)


def _is_sale_of_ours(order: Order) -> bool:
    """Tell whether we ship the order, and Amazon sold it while we were connected."""
    is_ours = order.fulfilled_by != Order.FulfilledBy.AMAZON
    is_amazons = order.channel_name != FOREIGN_CHANNEL
    return is_ours and is_amazons and not _is_history(order)


def _is_history(order: Order) -> bool:
    return bool(order.ordered_at and order.ordered_at < order.account.created_at)


def _need(change: _HoldChange) -> Need:
    return Need(
        store=change.order.account.store,
        reservation=change.reservation,
        held=change.target.held,
        gone=change.gone,
    )


def _move_holds(changes: list[_HoldChange], ship_from: ShipFrom) -> None:
    for change in changes:
        held = change.reservation
        meant = ship_from.warehouses.get(change.line.pk)
        if meant is not None and held.warehouse_id != meant.pk:
            change.moved_from = None if change.is_new else held.warehouse_id
            held.warehouse_id = meant.pk


def _carry_out(changes: list[_HoldChange], follow_ups: FollowUps) -> None:
    if not changes:
        return
    pairs = [(c.reservation.variant_id, c.reservation.warehouse_id) for c in changes]
    # Before the reservations: every change takes its locks in this order.
    lock_levels(pairs)
    movements: list[Movement] = []
    fresh = [change.reservation for change in changes if change.is_new]
    sales = [_sale(change) for change in changes if _is_sold(change)]
    now = timezone.now()
    for change in changes:
        held = change.reservation
        held.revision += 1
        movements += _movements(change)
        held.quantity = change.target.held
        held.shipped_quantity = change.target.shipped
        if not held.quantity:
            held.is_short = False
        if not change.is_new:
            held.save()
        if change.order.reserved_at is None and change.target.held:
            change.order.reserved_at = now
    Reservation.objects.bulk_create(fresh)
    # Before the numbers are computed anew, which goes by it.
    note_sales(sales)
    apply_movements(movements, follow_ups)


def _is_sold(change: _HoldChange) -> bool:
    """Tell whether Amazon took the units off its own count, and we hear of it first."""
    is_first = change.is_new and change.target.held > 0
    has_time = change.order.ordered_at is not None
    return is_first and has_time and _is_sale_of_ours(change.order)


def _sale(change: _HoldChange) -> Sale:
    order = change.order
    return Sale(
        order.account.store_id,
        order.account_id,
        change.line.seller_sku,
        change.target.held,
        order.ordered_at or timezone.now(),
    )


def _movements(change: _HoldChange) -> list[Movement]:
    held, target = change.reservation, change.target
    reference = change.order.amazon_order_id
    key = f"order:{change.line.pk}:{held.revision}"
    shipped = change.gone
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
                reference=reference,
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
            reference=reference,
        )
    )
    return entries


def _reason(shipped: int, reserved: int) -> Reason:
    if shipped:
        return Reason.SHIPPED if shipped > 0 else Reason.RETURNED
    return Reason.RESERVED if reserved > 0 else Reason.RELEASED
