"""The orders a seller already had when the emulator starts; emulator."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal

from ..model.entities import EmulatedListing, EmulatedOrder, EmulatedPackage, Seller
from ..model.places import PLACES
from ..model.state import World
from ..model.statuses import EmulatedOrderStatus, FulfillmentChannel
from .ordering import draft_order

CARRIERS = {
    "US": ("USPS", "UPS", "FedEx"),
    "CA": ("Canada Post", "UPS"),
    "MX": ("DHL", "FedEx"),
    "GB": ("Royal Mail", "DPD"),
    "JP": ("Yamato Transport", "Sagawa"),
}
OTHER_CARRIERS = ("DHL", "DPD", "GLS")
SHIPPING_PRICES = {"JPY": Decimal(500), "MXN": Decimal("99.00")}
USUAL_SHIPPING_PRICE = Decimal("4.99")
# Shares of the orders, 0 to 1.
CANCELLED_SHARE = 0.04
SECOND_LINE_SHARE = 0.2
# Share of orders that Amazon ships, for a SKU that both FBA and the merchant may ship.
AMAZON_SHARE = 0.7
# An order younger than this is still unshipped.
OPEN_TIME = timedelta(days=2)
# The age of the youngest order.
NEWEST = timedelta(minutes=15)


def add_history(
    world: World, seller: Seller, count: int, days: int, rng: random.Random
) -> None:
    """Add orders over the last `days` days, the newest some minutes old."""
    step = timedelta(days=days) / count
    for number in range(count):
        # One order in each step, so that they spread evenly over the days.
        age = step * (number + rng.random()) + NEWEST
        order = _order(world, seller, world.now() - age, rng)
        world.orders[order.order_id] = order


def _order(
    world: World, seller: Seller, at: datetime, rng: random.Random
) -> EmulatedOrder:
    # The first marketplace of a region sells as much as all the others together.
    first, *others = seller.marketplace_ids
    marketplace_id = rng.choice([first] * max(1, len(others)) + others)
    listings, is_fba = _basket(world, seller, marketplace_id, rng)
    order = draft_order(
        world,
        listings,
        marketplace_id,
        FulfillmentChannel.AMAZON if is_fba else FulfillmentChannel.MERCHANT,
        at=at,
    )
    if not is_fba:
        order.shipping_price = SHIPPING_PRICES.get(order.currency, USUAL_SHIPPING_PRICE)
    _bring_up_to_date(world, order, rng)
    return order


def _basket(
    world: World, seller: Seller, marketplace_id: str, rng: random.Random
) -> tuple[list[EmulatedListing], bool]:
    """Choose what is bought, and tell whether Amazon ships it."""
    sold_there = [
        listing
        for listing in world.seller_listings(seller.seller_id)
        if marketplace_id in listing.offers
    ]
    main = rng.choice(sold_there)
    is_fba = main.is_fba and (main.quantity is None or rng.random() < AMAZON_SHARE)
    companions = [
        listing
        for listing in sold_there
        if (listing.is_fba if is_fba else listing.quantity is not None)
        and listing is not main
    ]
    if companions and rng.random() < SECOND_LINE_SHARE:
        return [main, rng.choice(companions)], is_fba
    return [main], is_fba


def _bring_up_to_date(world: World, order: EmulatedOrder, rng: random.Random) -> None:
    """Set the status that an order of this age would have by now."""
    happened_at = min(
        order.created_at + timedelta(hours=rng.randint(8, 40)),
        world.now() - NEWEST / 2,
    )
    if rng.random() < CANCELLED_SHARE:
        order.status = EmulatedOrderStatus.CANCELLED
        for item in order.items:
            item.cancelled = item.quantity
            item.cancelled_by = "BUYER"
            item.cancel_reason = "NO_LONGER_NEEDED"
    elif world.now() - order.created_at < OPEN_TIME:
        order.status = EmulatedOrderStatus.UNSHIPPED
        happened_at = order.created_at + timedelta(minutes=5)
        _reserve(world, order)
    else:
        order.status = EmulatedOrderStatus.SHIPPED
        _ship(order, happened_at, rng)
    order.updated_at = happened_at


def _ship(order: EmulatedOrder, shipped_at: datetime, rng: random.Random) -> None:
    for item in order.items:
        item.shipped = item.quantity
    if order.fulfilled_by == FulfillmentChannel.AMAZON:
        # PACKAGES holds only what the merchant confirmed, no parcel of Amazon's.
        return
    country = PLACES[order.marketplace_id].country_code
    order.packages.append(
        EmulatedPackage(
            reference_id="1",
            created_at=shipped_at,
            visible_at=shipped_at,
            carrier=rng.choice(CARRIERS.get(country, OTHER_CARRIERS)),
            shipping_service="Standard",
            tracking_number=f"EMU{rng.randint(10**9, 10**10 - 1)}",
            ship_time=shipped_at,
            items={item.order_item_id: item.quantity for item in order.items},
        )
    )


def _reserve(world: World, order: EmulatedOrder) -> None:
    """Reserve the units of an open FBA order in its pool."""
    if order.fulfilled_by != FulfillmentChannel.AMAZON:
        return
    for item in order.items:
        stock = world.stock_for(order.seller_id, item.sku, order.marketplace_id)
        if stock is not None:
            stock.pending_customer_orders += item.quantity
            item.reserved = item.quantity
