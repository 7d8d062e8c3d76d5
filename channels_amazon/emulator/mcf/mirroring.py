"""The copies of MCF orders that the Orders API lists as NON_AMAZON; emulator."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from ..model.entities import Address, EmulatedOrder, EmulatedOrderItem
from ..model.mcf_orders import McfItem, McfOrder, McfSpeed, McfStatus
from ..model.places import PLACES
from ..model.state import World
from ..model.statuses import EmulatedOrderStatus, FulfillmentChannel, SalesChannel
from ..notifications.order_change import publish_order_change

_STATUSES = {
    McfStatus.COMPLETE: EmulatedOrderStatus.SHIPPED,
    McfStatus.COMPLETE_PARTIALLED: EmulatedOrderStatus.SHIPPED,
    McfStatus.CANCELLED: EmulatedOrderStatus.CANCELLED,
    McfStatus.INVALID: EmulatedOrderStatus.CANCELLED,
    McfStatus.UNFULFILLABLE: EmulatedOrderStatus.UNFULFILLABLE,
}


def mirror(world: World, order: McfOrder) -> None:
    """Update an MCF order's copy, and publish ORDER_CHANGE if it changed."""
    if not world.switches.outbound.listed_as_orders:
        return
    shown = world.orders.get(order.amazon_order_id)
    before = (shown.status, [item.shipped for item in shown.items]) if shown else None
    if shown is None:
        shown = world.orders[order.amazon_order_id] = _copy(world, order)
    for item, source in zip(shown.items, order.items, strict=False):
        item.quantity = source.quantity
        item.shipped = source.shipped
        item.cancelled = source.cancelled + source.unfulfillable
        if source.cancelled:
            item.cancelled_by, item.cancel_reason = "MERCHANT", "OTHER"
    shown.status = _STATUSES.get(order.status, EmulatedOrderStatus.UNSHIPPED)
    if (shown.status, [item.shipped for item in shown.items]) != before:
        shown.updated_at = order.updated_at
        publish_order_change(world, shown)


def _copy(world: World, order: McfOrder) -> EmulatedOrder:
    created = order.created_at
    to = order.destination
    return EmulatedOrder(
        order_id=order.amazon_order_id,
        seller_id=order.seller_id,
        marketplace_id=order.marketplace_id,
        created_at=created,
        updated_at=created,
        status=EmulatedOrderStatus.UNSHIPPED,
        fulfilled_by=FulfillmentChannel.AMAZON,
        currency=PLACES[order.marketplace_id].currency,
        items=[_item(world, order, item) for item in order.items],
        buyer_name="",
        buyer_email="",
        address=Address(
            name=to["name"],
            line1=to["addressLine1"],
            line2=to.get("addressLine2", ""),
            city=to.get("city", ""),
            state=to.get("stateOrRegion", ""),
            postal_code=to["postalCode"],
            country_code=to["countryCode"],
            phone=to.get("phone", ""),
        ),
        earliest_ship=created,
        latest_ship=created + timedelta(days=2),
        earliest_delivery=created,
        latest_delivery=created + timedelta(days=6),
        service_level="STANDARD" if order.speed == McfSpeed.STANDARD else "EXPEDITED",
        channel_name=SalesChannel.NON_AMAZON,
        seller_order_id=order.order_id,
    )


def _item(world: World, order: McfOrder, item: McfItem) -> EmulatedOrderItem:
    """Copy a line, without a price: Amazon knows none for another shop's sale."""
    listing = world.listings.get((order.seller_id, item.sku))
    offer = listing.offers.get(order.marketplace_id) if listing else None
    return EmulatedOrderItem(
        order_item_id=f"{world.random.randrange(10**13, 10**14)}",
        sku=item.sku,
        asin=listing.asin if listing else "",
        title=offer.title if offer else item.sku,
        quantity=item.quantity,
        unit_price=Decimal(0),
    )
