"""What happens to an order from placing to shipping or cancelling; emulator.

Every function expects the caller to hold the world's lock, and publishes an
ORDER_CHANGE where Amazon does.
"""

from __future__ import annotations

from datetime import timedelta

from ..mcf import fba_units
from ..model.entities import EmulatedListing, EmulatedOrder, EmulatedOrderItem
from ..model.errors import LifecycleError
from ..model.state import World
from ..model.statuses import (
    TO_SHIP_STATUSES,
    EmulatedOrderStatus,
    FulfillmentChannel,
    OfferStatus,
    SalesChannel,
)
from ..notifications.order_change import BUYER_CHANGE, publish_order_change

CANCEL_REASONS = ("ORDERED_BY_MISTAKE", "FOUND_CHEAPER", "NO_LONGER_NEEDED")


def add_order(
    world: World, order: EmulatedOrder, *, keeps_status: bool = False
) -> None:
    """Take stock for a new order, keep it, and let it become shippable.

    With `keeps_status` it stays in the status it has, whatever that is.
    """
    world.orders[order.order_id] = order
    for item in order.items:
        _take_stock(world, order, item)
    if keeps_status:
        publish_order_change(world, order)
        return
    order.status = EmulatedOrderStatus.PENDING
    if world.switches.pending_event:
        publish_order_change(world, order)
    if world.switches.pending_seconds <= 0:
        make_shippable(world, order)
    else:
        world.schedule(
            world.switches.pending_seconds, lambda: make_shippable(world, order)
        )


def make_shippable(world: World, order: EmulatedOrder) -> None:
    """Turn a pending order into one that may be shipped."""
    if order.status != EmulatedOrderStatus.PENDING:
        return
    order.status = EmulatedOrderStatus.UNSHIPPED
    _mark_updated(world, order)


def update_shipped_status(world: World, order: EmulatedOrder) -> None:
    """Set the status that the quantities imply, and publish the change."""
    if not any(item.left for item in order.items):
        is_shipped = any(item.shipped for item in order.items)
        order.status = (
            EmulatedOrderStatus.SHIPPED if is_shipped else EmulatedOrderStatus.CANCELLED
        )
    elif any(item.shipped for item in order.items):
        order.status = EmulatedOrderStatus.PARTIALLY_SHIPPED
    _mark_updated(world, order)


def apply_packages(world: World, order: EmulatedOrder) -> None:
    """Set the shipped quantities from the parcels that are visible by now."""
    now = world.now()
    shown = [package.shown_at(now) for package in order.packages]
    taken_in = [package for package in shown if package is not None]
    for item in order.items:
        item.shipped = sum(
            package.items.get(item.order_item_id, 0) for package in taken_in
        )
    update_shipped_status(world, order)


def ship_by_amazon(world: World, order_id: str) -> EmulatedOrder:
    """Ship an Amazon-fulfilled order out of its FBA pool."""
    order = find_order(world, order_id)
    if not _waits_for_amazon(order):
        raise LifecycleError(f"Order {order_id} does not wait for Amazon to ship it.")
    for item in order.items:
        stock = world.stock_for(order.seller_id, item.sku, order.marketplace_id)
        if stock is not None:
            fba_units.send_out(world, stock, item.reserved)
            item.reserved = 0
        item.shipped = item.quantity - item.cancelled
    update_shipped_status(world, order)
    return order


def ship_all_fba(world: World, seller_id: str | None = None) -> list[str]:
    """Ship every waiting Amazon-fulfilled order; return the order ids."""
    waiting = [
        order.order_id
        for order in world.orders.values()
        if _waits_for_amazon(order) and seller_id in (None, order.seller_id)
    ]
    for order_id in waiting:
        ship_by_amazon(world, order_id)
    return waiting


def request_cancel(world: World, order_id: str, reason: str = "") -> EmulatedOrder:
    """Record that the buyer asks to cancel; only the seller can then do it."""
    order = find_order(world, order_id)
    if order.status not in TO_SHIP_STATUSES:
        raise LifecycleError(f"Order {order_id} is {order.status}, not unshipped.")
    for item in order.items:
        if item.left:
            item.cancel_requested = True
            item.cancel_reason = reason or CANCEL_REASONS[0]
    order.cancel_notify_at = max(order.latest_ship, world.now())
    _mark_updated(world, order, BUYER_CHANGE, "Buyer Requested Cancel")
    return order


def cancel_order(
    world: World,
    order_id: str,
    by: str = "BUYER",
    *,
    sku: str | None = None,
    units: int | None = None,
) -> EmulatedOrder:
    """Cancel the unshipped units: all, those of one SKU, or a number of each line.

    The other units stay ordered, and the status follows from what is left.
    """
    order = find_order(world, order_id)
    if order.status in {EmulatedOrderStatus.SHIPPED, EmulatedOrderStatus.CANCELLED}:
        raise LifecycleError(f"Order {order_id} is {order.status} already.")
    chosen = [item for item in order.items if item.left and sku in (None, item.sku)]
    if not chosen:
        raise LifecycleError(f"Order {order_id} has no line {sku} left to cancel.")
    was_pending = order.status == EmulatedOrderStatus.PENDING
    for item in chosen:
        left = item.left if units is None else min(units, item.left)
        item.cancelled += left
        item.cancelled_by = by
        item.cancel_reason = item.cancel_reason or CANCEL_REASONS[0]
        _return_stock(world, order, item, left, was_pending=was_pending)
    if any(item.left for item in order.items):
        _mark_updated(world, order, reason="Units were cancelled")
    else:
        update_shipped_status(world, order)
    return order


def deliver_packages(
    world: World, order_id: str, reference_id: str | None, status: str
) -> list[str]:
    """Set the status of one or all of a merchant's parcels; return their references.

    No notification follows, as at Amazon: only getOrder shows how far a parcel is.
    """
    order = find_order(world, order_id)
    chosen = [
        package
        for package in order.packages
        if reference_id in (None, package.reference_id)
    ]
    if not chosen:
        raise LifecycleError(f"Order {order_id} has no such package.")
    for package in chosen:
        package.status = status
    order.updated_at = world.now()
    return [package.reference_id for package in chosen]


def find_order(world: World, order_id: str) -> EmulatedOrder:
    """Return an order; raises LifecycleError for an unknown id."""
    order = world.orders.get(order_id)
    if order is None:
        raise LifecycleError(f"There is no order {order_id}.")
    return order


def set_quantity(world: World, listing: EmulatedListing, quantity: int) -> None:
    """Set the merchant's quantity; nothing left means nothing buyable."""
    listing.quantity = quantity
    listing.updated_at = world.now()
    for offer in listing.offers.values():
        is_buyable = OfferStatus.BUYABLE in offer.status
        if quantity == 0 and is_buyable and not listing.is_fba:
            offer.status.remove(OfferStatus.BUYABLE)
        elif (
            quantity > 0
            and not is_buyable
            and not offer.is_blocked
            and OfferStatus.DISCOVERABLE in offer.status
        ):
            offer.status.insert(0, OfferStatus.BUYABLE)


def set_time_windows(order: EmulatedOrder, *, is_fast: bool = False) -> None:
    """Set the ship and delivery windows that follow from the order's time."""
    order.earliest_ship = order.created_at
    order.latest_ship = order.created_at + timedelta(days=1 if is_fast else 2)
    order.earliest_delivery = order.created_at + timedelta(days=2)
    order.latest_delivery = order.created_at + timedelta(days=3 if is_fast else 6)


def _waits_for_amazon(order: EmulatedOrder) -> bool:
    """Tell whether Amazon has a buyer's order to ship; MCF orders go another way."""
    return (order.fulfilled_by, order.status, order.channel_name) == (
        FulfillmentChannel.AMAZON,
        EmulatedOrderStatus.UNSHIPPED,
        SalesChannel.AMAZON,
    )


def _take_stock(world: World, order: EmulatedOrder, item: EmulatedOrderItem) -> None:
    listing = world.listings.get((order.seller_id, item.sku))
    if listing is None:
        return
    if order.fulfilled_by == FulfillmentChannel.MERCHANT:
        set_quantity(world, listing, max(0, (listing.quantity or 0) - item.quantity))
        return
    stock = world.stock_for(order.seller_id, item.sku, order.marketplace_id)
    if stock is not None:
        item.reserved = fba_units.reserve(world, stock, item.quantity)


def _return_stock(
    world: World,
    order: EmulatedOrder,
    item: EmulatedOrderItem,
    left: int,
    *,
    was_pending: bool,
) -> None:
    """Return cancelled units to the stock.

    FBA units always return. The merchant's quantity does so only for a pending order:
    later the merchant manages the quantity, and Amazon leaves it alone.
    """
    listing = world.listings.get((order.seller_id, item.sku))
    if order.fulfilled_by == FulfillmentChannel.MERCHANT:
        if was_pending and listing is not None:
            set_quantity(world, listing, (listing.quantity or 0) + left)
        return
    stock = world.stock_for(order.seller_id, item.sku, order.marketplace_id)
    if stock is not None:
        # A line may have fewer units reserved than ordered: cancelling first drops
        # those without a reservation, so only the surplus goes back to the pool.
        back = max(0, item.reserved - item.left)
        fba_units.give_back(world, stock, back)
        item.reserved -= back


def _mark_updated(
    world: World,
    order: EmulatedOrder,
    change_type: str = "OrderStatusChange",
    reason: str = "",
) -> None:
    order.updated_at = world.now()
    publish_order_change(world, order, change_type, reason)
