"""What happens to an MCF order that Amazon fulfils, step by step; emulator.

Every function expects the caller to hold the world's lock, and publishes its change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ..model.entities import EmulatedFbaStock
from ..model.errors import LifecycleError
from ..model.mcf_orders import (
    CANCELLABLE,
    McfAction,
    McfItem,
    McfOrder,
    McfPackage,
    McfPolicy,
    McfShipment,
    McfShipmentStatus,
    McfSpeed,
    McfStatus,
)
from ..model.state import World
from ..notifications.stock_and_mcf import publish_mcf_change
from . import fba_units
from .mirroring import mirror

# Amazon cancels an order that is on hold for longer than this.
LONGEST_HOLD = timedelta(days=14)
TRANSIT = {
    McfSpeed.STANDARD: timedelta(days=4),
    McfSpeed.EXPEDITED: timedelta(days=2),
    McfSpeed.PRIORITY: timedelta(days=1),
    McfSpeed.SCHEDULED_DELIVERY: timedelta(days=3),
}
# Amazon's own carrier, used unless a control names another.
CARRIER = "AMZN_US"

Transition = Callable[[World, McfOrder], None]


def place(world: World, order: McfOrder) -> None:
    """Add a new order and reserve its units in the FBA pool at once."""
    world.mcf_orders[(order.seller_id, order.order_id)] = order
    takes_any = order.policy == McfPolicy.FILL_ALL_AVAILABLE
    if order.is_deliverable and (takes_any or not _lacks_units(world, order)):
        for item in order.items:
            stock = stock_of(world, order, item)
            if stock is not None:
                item.reserved = fba_units.reserve(world, stock, item.quantity)
    _publish_change(world, order)
    switches = world.switches.outbound
    world.schedule(switches.accept_seconds, lambda: _validate_in_time(world, order))
    if order.action == McfAction.HOLD:
        world.schedule(LONGEST_HOLD.total_seconds(), lambda: _cancel_held(world, order))


def receive(world: World, order: McfOrder) -> None:
    """Validate a new order; one without enough units is invalid."""
    _require_status(order, McfStatus.NEW)
    if order.policy == McfPolicy.FILL_ALL_AVAILABLE:
        for item in order.items:
            item.unfulfillable = item.quantity - item.reserved
        is_valid = any(item.reserved for item in order.items)
    else:
        is_valid = all(item.reserved == item.quantity for item in order.items)
    is_valid = is_valid and order.is_deliverable
    _set_status(world, order, McfStatus.RECEIVED if is_valid else McfStatus.INVALID)


def plan(world: World, order: McfOrder) -> None:
    """Send an order to the fulfilment centres; one on hold stays where it is."""
    _require_status(order, McfStatus.RECEIVED)
    if order.action == McfAction.HOLD:
        raise LifecycleError(f"Fulfillment order {order.order_id} is on hold.")
    _set_status(world, order, McfStatus.PLANNING)


def process(world: World, order: McfOrder) -> None:
    """Begin to pick; from now on the order cannot be cancelled."""
    _require_status(order, McfStatus.PLANNING)
    shipment = McfShipment(
        shipment_id=f"D{world.token_text(8)}",
        facility=f"EMU{world.random.randint(1, 9)}",
        items={item.item_id: item.reserved for item in order.items if item.reserved},
        arrives_at=world.now() + TRANSIT[order.speed],
    )
    order.shipments.append(shipment)
    _set_status(world, order, McfStatus.PROCESSING, shipment)


def ship(world: World, order: McfOrder) -> None:
    """Send all that is picked, in one parcel with Amazon's own carrier."""
    ship_with(world, order, CARRIER, "")


def ship_with(
    world: World, order: McfOrder, carrier: str, tracking_number: str
) -> None:
    """Send all that is picked, in one parcel."""
    _require_status(order, McfStatus.PROCESSING)
    now = world.now()
    for shipment in order.shipments:
        if shipment.status != McfShipmentStatus.PENDING:
            continue
        shipment.status = McfShipmentStatus.SHIPPED
        shipment.shipped_at = now
        shipment.packages.append(
            McfPackage(
                number=100_000_000 + world.serial(),
                carrier=carrier,
                tracking_number=tracking_number
                or f"TBA{world.random.randrange(10**11, 10**12)}",
                shipped_at=now,
                arrives_at=shipment.arrives_at,
            )
        )
        for item in order.items:
            _ship_item(world, order, item, shipment.items.get(item.item_id, 0))
        _update_status(world, order, shipment)


def deliver(world: World, order: McfOrder) -> None:
    """Let every parcel arrive."""
    parcels = [package for each in order.shipments for package in each.packages]
    if not parcels:
        raise LifecycleError(f"Fulfillment order {order.order_id} is not shipped.")
    for package in parcels:
        package.delivered_at = package.delivered_at or world.now()
    order.updated_at = world.now()
    for shipment in order.shipments:
        publish_mcf_change(world, order, shipment)


def make_unfulfillable(
    world: World, order: McfOrder, sku: str | None = None, units: int | None = None
) -> None:
    """Make units unfulfillable: all, those of a SKU, or a number of each line."""
    if order.status not in (*CANCELLABLE, McfStatus.PROCESSING):
        raise LifecycleError(
            f"Fulfillment order {order.order_id} is {order.status} already."
        )
    for item in order.items:
        if sku not in (None, item.sku):
            continue
        lost = item.left if units is None else min(units, item.left)
        item.unfulfillable += lost
        stock = stock_of(world, order, item)
        if stock is not None:
            fba_units.find_damaged(world, stock, min(lost, item.reserved))
        item.reserved = max(0, item.reserved - lost)
        _reduce_shipments(order, item)
    _update_status(world, order)


def cancel(world: World, order: McfOrder) -> None:
    """Cancel an order that is not being picked yet; its units return to the pool."""
    if order.status not in CANCELLABLE:
        raise LifecycleError(
            f"Fulfillment order {order.order_id} is {order.status}"
            " and cannot be cancelled any more."
        )
    for item in order.items:
        item.cancelled = item.left
        release_units(world, order, item, item.reserved)
    _set_status(world, order, McfStatus.CANCELLED)


def release_units(world: World, order: McfOrder, item: McfItem, units: int) -> None:
    """Give reserved units of an item back to the pool."""
    stock = stock_of(world, order, item)
    if stock is not None and units:
        fba_units.give_back(world, stock, units)
    item.reserved -= units


def release_hold(world: World, order: McfOrder) -> None:
    """Take the hold off an order."""
    order.action = McfAction.SHIP
    order.updated_at = world.now()
    _schedule_next_step(world, order)


def advance_to(world: World, order: McfOrder, target: str) -> None:
    """Take every step up to `target`, one of STEPS, from the order's present status."""
    while order.status in _NEXT and (
        target == "deliver" or _NEXT[order.status][0] <= _RANK[target]
    ):
        _NEXT[order.status][1](world, order)
    if target == "deliver":
        deliver(world, order)


def find_mcf_order(world: World, order_id: str, seller_id: str = "") -> McfOrder:
    """Return an MCF order of one seller or of any; raises LifecycleError."""
    for (owner, known_id), order in world.mcf_orders.items():
        if known_id == order_id and seller_id in ("", owner):
            return order
    raise LifecycleError(f"There is no fulfillment order {order_id}.")


def stock_of(world: World, order: McfOrder, item: McfItem) -> EmulatedFbaStock | None:
    """Return the pool an item is taken from."""
    return world.stock_for(order.seller_id, item.sku, order.marketplace_id)


def _lacks_units(world: World, order: McfOrder) -> bool:
    wanted: dict[str, int] = {}
    for item in order.items:
        wanted[item.sku] = wanted.get(item.sku, 0) + item.quantity
    stocks = {
        sku: world.stock_for(order.seller_id, sku, order.marketplace_id)
        for sku in wanted
    }
    return any(
        stock is None or stock.fulfillable < wanted[sku]
        for sku, stock in stocks.items()
    )


def _ship_item(world: World, order: McfOrder, item: McfItem, units: int) -> None:
    stock = stock_of(world, order, item)
    if stock is not None and units:
        fba_units.send_out(world, stock, units)
    item.reserved -= units
    item.shipped += units


def _reduce_shipments(order: McfOrder, item: McfItem) -> None:
    for shipment in order.shipments:
        if (
            shipment.status == McfShipmentStatus.PENDING
            and item.item_id in shipment.items
        ):
            shipment.items[item.item_id] = item.reserved
            if not any(shipment.items.values()):
                shipment.status = McfShipmentStatus.CANCELLED_BY_FULFILLER


def _update_status(
    world: World, order: McfOrder, shipment: McfShipment | None = None
) -> None:
    """Set the final status once no unit is left to ship; publish the change."""
    if any(item.left for item in order.items):
        order.updated_at = world.now()
        _publish_change(world, order, shipment)
        return
    shipped = sum(item.shipped for item in order.items)
    ordered = sum(item.quantity for item in order.items)
    status = McfStatus.UNFULFILLABLE
    if shipped:
        is_whole = shipped == ordered
        status = McfStatus.COMPLETE if is_whole else McfStatus.COMPLETE_PARTIALLED
    _set_status(world, order, status, shipment)


def _set_status(
    world: World,
    order: McfOrder,
    status: McfStatus,
    shipment: McfShipment | None = None,
) -> None:
    order.status = status
    order.updated_at = world.now()
    _publish_change(world, order, shipment)
    _schedule_next_step(world, order)


def _publish_change(
    world: World, order: McfOrder, shipment: McfShipment | None = None
) -> None:
    publish_mcf_change(world, order, shipment)
    mirror(world, order)


def _schedule_next_step(world: World, order: McfOrder) -> None:
    """Schedule the next step, if the switch step_seconds is on."""
    seconds = world.switches.outbound.step_seconds
    expected = order.status
    if seconds <= 0 or order.action == McfAction.HOLD:
        return
    if expected in (McfStatus.COMPLETE, McfStatus.COMPLETE_PARTIALLED):
        world.schedule(seconds, lambda: deliver(world, order))
    elif expected in _NEXT and expected != McfStatus.NEW:
        world.schedule(seconds, lambda: _step_from(world, order, expected))


def _step_from(world: World, order: McfOrder, expected: McfStatus) -> None:
    if order.status == expected and order.action != McfAction.HOLD:
        _NEXT[expected][1](world, order)


def _validate_in_time(world: World, order: McfOrder) -> None:
    if order.status == McfStatus.NEW:
        receive(world, order)


def _cancel_held(world: World, order: McfOrder) -> None:
    if order.action == McfAction.HOLD and order.status in CANCELLABLE:
        cancel(world, order)


def _require_status(order: McfOrder, status: McfStatus) -> None:
    if order.status != status:
        raise LifecycleError(
            f"Fulfillment order {order.order_id} is {order.status}, not {status}."
        )


# For each status the step that leads on from it, and that step's place in _RANK.
_NEXT: dict[McfStatus, tuple[int, Transition]] = {
    McfStatus.NEW: (0, receive),
    McfStatus.RECEIVED: (1, plan),
    McfStatus.PLANNING: (2, process),
    McfStatus.PROCESSING: (3, ship),
}
_RANK = {"receive": 0, "plan": 1, "process": 2, "ship": 3}
STEPS = (*_RANK, "deliver", "unfulfillable", "cancel")
