"""Buyers at work: orders made up for the sellers' listings; emulator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from ..model.buyers import fake_buyer
from ..model.entities import EmulatedListing, EmulatedOrder, EmulatedOrderItem
from ..model.errors import LifecycleError
from ..model.places import PLACES, REGIONS
from ..model.state import World
from ..model.statuses import EmulatedOrderStatus, FulfillmentChannel
from .lifecycle import add_order, set_time_windows

ORDER_PREFIXES = {"na": ("111", "112", "113"), "eu": ("302", "303"), "fe": ("249",)}
# Share of the orders that have two lines, 0 to 1.
SEVERAL_LINES_SHARE = 0.1
# Real seconds between two batches when orders are spread over time.
BATCH_SECONDS = 0.1


@dataclass(frozen=True)
class OrderSpec:
    """What the orders to place look like; a field that is None is chosen at random."""

    region: str = "na"
    seller_id: str | None = None
    marketplace_id: str | None = None
    fulfilled_by: str | None = None
    sku: str | None = None
    quantity: int | None = None
    # any text is accepted, so that tests can send words that Amazon may add one day
    status: str | None = None
    currency: str | None = None
    unknown_sku: bool = False
    # where `fulfilled_by` is None: the share that Amazon ships, 0 to 1
    amazon_share: float | None = None
    # sell SKUs without stock too, as when two buyers take the last unit
    ignore_stock: bool = False
    replacement_of: str | None = None


def place_orders(world: World, n: int, spec: OrderSpec | None = None) -> list[str]:
    """Place n orders as specified and return their ids; raises LifecycleError."""
    with world.lock:
        return [place_order(world, spec or OrderSpec()).order_id for _ in range(n)]


def place_order(world: World, spec: OrderSpec) -> EmulatedOrder:
    """Place one order now: stock is taken, events are raised."""
    order = _draft_from_spec(world, spec, ListingCache(world))
    add_order(world, order, keeps_status=spec.status is not None)
    return order


def spread_orders(world: World, n: int, spec: OrderSpec, seconds: float) -> list[str]:
    """Place n orders evenly over so many simulated seconds; return their ids.

    All are drawn now, from the present stock, so that requests made in the meantime
    cannot change them and a seed gives the same orders again. Raises LifecycleError.
    """
    listing_cache = ListingCache(world)
    orders = [_draft_from_spec(world, spec, listing_cache) for _ in range(n)]
    batch_seconds = BATCH_SECONDS * world.clock.speed
    keeps_status = spec.status is not None
    batches: dict[float, list[EmulatedOrder]] = {}
    for number, order in enumerate(orders):
        due = number * seconds / n
        batches.setdefault(due - due % batch_seconds, []).append(order)
    for due, batch in batches.items():
        world.schedule(
            due, partial(_open_batch, world, batch, keeps_status=keeps_status)
        )
    return [order.order_id for order in orders]


@contextmanager
def seeded_random(world: World, seed: int | None) -> Iterator[None]:
    """Replace the world's random generator by a seeded one inside the block."""
    kept = world.random
    if seed is not None:
        world.random = random.Random(seed)
    try:
        yield
    finally:
        world.random = kept


class ListingCache:
    """Listings by seller and spec, looked up once for a whole batch of orders."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[tuple[str, OrderSpec], list[EmulatedListing]] = {}

    def matching(self, seller_id: str, spec: OrderSpec) -> list[EmulatedListing]:
        """Return the listings that fit a spec, in SKU order."""
        key = (seller_id, spec)
        if key not in self._found:
            self._found[key] = _find_matching(self._world, seller_id, spec)
        return self._found[key]


def _open_batch(
    world: World, orders: list[EmulatedOrder], *, keeps_status: bool
) -> None:
    for order in orders:
        order.created_at = order.updated_at = world.now()
        set_time_windows(order, is_fast="PRIME" in order.programs)
        add_order(world, order, keeps_status=keeps_status)


def _draft_from_spec(
    world: World, spec: OrderSpec, listing_cache: ListingCache
) -> EmulatedOrder:
    seller_id = _seller_id(world, spec)
    if spec.amazon_share is not None and spec.fulfilled_by is None:
        is_fba = world.random.random() < spec.amazon_share
        shipper = FulfillmentChannel.AMAZON if is_fba else FulfillmentChannel.MERCHANT
        spec = replace(spec, fulfilled_by=shipper)
    listings = _choose(world, listing_cache.matching(seller_id, spec), spec)
    fulfilled_by = spec.fulfilled_by or _fulfilled_by(world.random, listings[0])
    marketplace_id = spec.marketplace_id or _choose_marketplace(
        world, listings, fulfilled_by
    )
    order = draft_order(world, listings, marketplace_id, fulfilled_by, at=world.now())
    if spec.quantity is not None:
        order.items[0].quantity = spec.quantity
    if spec.unknown_sku:
        order.items[0].sku = f"UNKNOWN-{world.serial():05d}"
    order.currency = spec.currency or order.currency
    order.status = spec.status or EmulatedOrderStatus.PENDING
    if spec.replacement_of:
        _make_replacement(order, spec.replacement_of)
    return order


def _make_replacement(order: EmulatedOrder, original_id: str) -> None:
    """Turn an order into a free replacement of an earlier one."""
    order.replacement_of = original_id
    for item in order.items:
        item.unit_price = Decimal(0)


def draft_order(
    world: World,
    listings: list[EmulatedListing],
    marketplace_id: str,
    fulfilled_by: str,
    *,
    at: datetime,
) -> EmulatedOrder:
    """Return an order of these listings, not yet added to the world."""
    rng = world.random
    place = PLACES[marketplace_id]
    buyer_name, buyer_email, address = fake_buyer(rng, place.country_code)
    is_prime = fulfilled_by == FulfillmentChannel.AMAZON and rng.random() < 0.6
    order = EmulatedOrder(
        order_id=new_order_id(world, place.region),
        seller_id=listings[0].seller_id,
        marketplace_id=marketplace_id,
        created_at=at,
        updated_at=at,
        status=EmulatedOrderStatus.PENDING,
        fulfilled_by=fulfilled_by,
        currency=place.currency,
        items=[_draft_item(world, item, marketplace_id) for item in listings],
        buyer_name=buyer_name,
        buyer_email=buyer_email,
        address=address,
        earliest_ship=at,
        latest_ship=at + timedelta(days=2),
        earliest_delivery=at,
        latest_delivery=at,
        service_level="EXPEDITED" if is_prime else "STANDARD",
        programs=["PRIME"] if is_prime else [],
    )
    set_time_windows(order, is_fast=is_prime)
    return order


def new_order_id(world: World, region: str) -> str:
    """Return an order id of Amazon's form that is not in use."""
    while True:
        prefix = world.random.choice(ORDER_PREFIXES[region])
        middle, last = (world.random.randrange(10_000_000) for _ in range(2))
        order_id = f"{prefix}-{middle:07d}-{last:07d}"
        if order_id not in world.orders:
            return order_id


def _draft_item(
    world: World, listing: EmulatedListing, marketplace_id: str
) -> EmulatedOrderItem:
    offer = listing.offers.get(marketplace_id)
    return EmulatedOrderItem(
        order_item_id=f"{world.random.randrange(10**13, 10**14)}",
        sku=listing.sku,
        asin=listing.asin,
        title=offer.title if offer else listing.sku,
        quantity=world.random.choices((1, 2, 3), weights=(8, 2, 1))[0],
        unit_price=offer.price if offer and offer.price else Decimal(10),
    )


def _seller_id(world: World, spec: OrderSpec) -> str:
    if spec.seller_id is not None:
        if spec.seller_id not in world.sellers:
            raise LifecycleError(f"There is no seller {spec.seller_id}.")
        return spec.seller_id
    if spec.region not in REGIONS:
        raise LifecycleError(f"There is no region {spec.region}.")
    return world.seller_of_region(spec.region).seller_id


def _find_matching(
    world: World, seller_id: str, spec: OrderSpec
) -> list[EmulatedListing]:
    """Return the listings that fit; a SKU named in the spec may be sold out."""
    needs_stock = spec.sku is None and not spec.ignore_stock
    return [
        listing
        for listing in world.seller_listings(seller_id)
        if spec.sku in (None, listing.sku)
        and listing.offers
        and spec.marketplace_id in (None, *listing.offers)
        and _offers(listing, spec.fulfilled_by)
        and (not needs_stock or _is_in_stock(world, listing, spec))
    ]


def _choose(
    world: World, matching: list[EmulatedListing], spec: OrderSpec
) -> list[EmulatedListing]:
    """Choose what is bought; raises LifecycleError where nothing fits."""
    if not matching:
        raise LifecycleError("No listing in stock fits the wished order.")
    first = world.random.choice(matching)
    if spec.sku is not None or spec.unknown_sku or spec.quantity is not None:
        return [first]
    companions = [
        other
        for other in matching
        if other is not first
        and set(other.offers) & set(first.offers)
        and (other.is_fba, other.quantity is None)
        == (first.is_fba, first.quantity is None)
    ]
    if companions and world.random.random() < SEVERAL_LINES_SHARE:
        return [first, world.random.choice(companions)]
    return [first]


def _choose_marketplace(
    world: World, listings: list[EmulatedListing], fulfilled_by: str
) -> str:
    """Choose a marketplace with all listings, for FBA one that has units."""
    common = set.intersection(*(set(listing.offers) for listing in listings))
    marketplace_ids = sorted(common)
    if fulfilled_by == FulfillmentChannel.AMAZON:
        first = listings[0]
        stocks = {
            marketplace_id: world.stock_for(first.seller_id, first.sku, marketplace_id)
            for marketplace_id in marketplace_ids
        }
        supplied = [
            marketplace_id
            for marketplace_id, stock in stocks.items()
            if stock and stock.fulfillable
        ]
        marketplace_ids = supplied or marketplace_ids
    return world.random.choice(marketplace_ids)


def _offers(listing: EmulatedListing, fulfilled_by: str | None) -> bool:
    if fulfilled_by == FulfillmentChannel.AMAZON:
        return listing.is_fba
    if fulfilled_by == FulfillmentChannel.MERCHANT:
        return listing.quantity is not None
    return True


def _is_in_stock(world: World, listing: EmulatedListing, spec: OrderSpec) -> bool:
    if listing.quantity and spec.fulfilled_by != FulfillmentChannel.AMAZON:
        return True
    if not listing.is_fba or spec.fulfilled_by == FulfillmentChannel.MERCHANT:
        return False
    marketplace_ids = (
        [spec.marketplace_id] if spec.marketplace_id else list(listing.offers)
    )
    stocks = [
        world.stock_for(listing.seller_id, listing.sku, marketplace_id)
        for marketplace_id in marketplace_ids
    ]
    return any(stock is not None and stock.fulfillable > 0 for stock in stocks)


def _fulfilled_by(rng: random.Random, listing: EmulatedListing) -> str:
    if listing.is_fba and listing.quantity:
        return rng.choice((FulfillmentChannel.AMAZON, FulfillmentChannel.MERCHANT))
    return FulfillmentChannel.AMAZON if listing.is_fba else FulfillmentChannel.MERCHANT
