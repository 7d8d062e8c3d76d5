"""Build the worlds the emulator starts with: sellers, listings, stock; emulator."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from ..model.clock import Clock
from ..model.entities import (
    Application,
    EmulatedClientSecret,
    EmulatedFbaStock,
    EmulatedListing,
    EmulatedOffer,
    Seller,
)
from ..model.places import PLACES, RATES, Place, places_of
from ..model.roles import DEFAULT_ROLES
from ..model.state import World
from ..model.titles import BRAND, DemoProduct, products
from ..orders.history import add_history

APPLICATION_ID = "amzn1.sp.solution.00000000-0000-4000-8000-00000000demo"
CLIENT_ID = "amzn1.application-oa2-client.00000000000000000000000000000demo"
# No secret: it is only valid at this emulator.
CLIENT_SECRET = "amzn1.oa2-cs.v1.of-the-local-emulator-only"  # noqa: S105
SELLER_IDS = {
    "na": "A1EMULATORNA1",
    "eu": "A1EMULATOREU1",
    "fe": "A1EMULATORFE1",
}
STORE_NAMES = {
    "na": "Alderwick Goods",
    "eu": "Alderwick Europe",
    "fe": "Alderwick 日本",
}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class WorldSize:
    """How many listings and orders each seller has; `days` is the history's length."""

    listings: dict[str, int]
    orders: int
    days: int


WORLD_SIZES = {
    "small": WorldSize({"na": 12, "eu": 12, "fe": 12}, orders=8, days=20),
    "demo": WorldSize({"na": 112, "eu": 120, "fe": 90}, orders=320, days=90),
}


def build_world(name: str, seed: int, clock: Clock) -> World:
    """Build the world `small` or `demo`; the same seed and time give the same one.

    Raises ValueError for a name that is not known.
    """
    if name not in WORLD_SIZES:
        known = ", ".join(WORLD_SIZES)
        raise ValueError(f"There is no world {name}: choose one of {known}.")
    size = WORLD_SIZES[name]
    world = World(
        clock=clock,
        application=demo_application(),
        seed=seed,
        name=name,
    )
    for region, seller_id in SELLER_IDS.items():
        seller = _seller(region, seller_id)
        world.sellers[seller_id] = seller
        # A generator for each seller, so that changing one leaves the others as they
        # are.
        rng = random.Random(f"{seed}:{seller_id}")
        _add_listings(world, seller, size.listings[region], rng)
        add_history(world, seller, size.orders, size.days, rng)
    return world


def add_sellers(world: World, region: str, count: int, listings: int) -> list[str]:
    """Open further accounts in a region and return their ids."""
    added = []
    for _ in range(count):
        number = sum(seller.region == region for seller in world.sellers.values()) + 1
        seller = _seller(region, f"A1EMULATOR{region.upper()}{number}")
        seller.store_name = f"{seller.store_name} {number}"
        world.sellers[seller.seller_id] = seller
        rng = random.Random(f"{world.seed}:{seller.seller_id}")
        _add_listings(world, seller, listings, rng)
        added.append(seller.seller_id)
    return added


def demo_application() -> Application:
    """Return the application as the developer registered it: public, not listed."""
    return Application(
        application_id=APPLICATION_ID,
        client_id=CLIENT_ID,
        name="Shoplink (demonstration)",
        secrets=[EmulatedClientSecret(CLIENT_SECRET)],
        roles=set(DEFAULT_ROLES),
        redirect_uris=[],
        is_draft=False,
    )


def _seller(region: str, seller_id: str) -> Seller:
    return Seller(
        seller_id=seller_id,
        region=region,
        store_name=STORE_NAMES[region],
        marketplace_ids=[place.marketplace_id for place in places_of(region)],
    )


def _add_listings(world: World, seller: Seller, count: int, rng: random.Random) -> None:
    chosen = products() if count >= len(products()) else _spread(count)
    for number, product in enumerate(chosen):
        listing = _listing(world, seller, product, number, rng)
        world.add_listing(listing)
        if listing.is_fba:
            _add_stock(world, seller, listing, rng)


def _spread(count: int) -> tuple[DemoProduct, ...]:
    """Return that many products, evenly spaced over the whole range."""
    everything = products()
    return tuple(everything[at * len(everything) // count] for at in range(count))


def _listing(
    world: World,
    seller: Seller,
    product: DemoProduct,
    number: int,
    rng: random.Random,
) -> EmulatedListing:
    created_at = world.now() - timedelta(days=rng.randint(120, 900))
    # Of eight listings four are the merchant's, three are FBA, and one (7) is both.
    is_fba = number % 8 in {1, 4, 6, 7}
    is_merchant = number % 8 not in {1, 4, 6}
    places = [
        place
        for at, place in enumerate(places_of(seller.region))
        # The first marketplace has every listing; the others lack one in six.
        if at == 0 or (number + at) % 6
    ]
    return EmulatedListing(
        seller_id=seller.seller_id,
        sku=product.sku,
        asin=product.asin,
        product_type=product.product_type,
        created_at=created_at,
        updated_at=created_at + timedelta(days=rng.randint(1, 100)),
        offers={place.marketplace_id: _offer(product, place) for place in places},
        quantity=rng.randint(3, 60) if is_merchant else None,
        handling_days=2 if is_merchant and number % 5 == 0 else None,
        is_fba=is_fba,
        fnsku=f"X00EM{number:05d}" if is_fba else None,
        barcode=product.barcode,
        brand=BRAND,
    )


def _offer(product: DemoProduct, place: Place) -> EmulatedOffer:
    return EmulatedOffer(
        marketplace_id=place.marketplace_id,
        price=price_in(product.price_eur, place.currency),
        currency=place.currency,
        title=product.title(place.language[:2]),
    )


def price_in(price_eur: Decimal, currency: str) -> Decimal:
    """Return a shop's price in a currency: whole tens of yen, else ending in .99."""
    amount = price_eur * RATES[currency]
    if currency == "JPY":
        return amount.quantize(Decimal("1E1"), ROUND_HALF_UP).quantize(Decimal(1))
    return (amount.quantize(Decimal(1), ROUND_HALF_UP) - CENT).quantize(CENT)


def _add_stock(
    world: World, seller: Seller, listing: EmulatedListing, rng: random.Random
) -> None:
    pools = {PLACES[marketplace_id].fba_pool for marketplace_id in listing.offers}
    for pool in sorted(pools):
        world.add_stock(
            EmulatedFbaStock(
                seller_id=seller.seller_id,
                sku=listing.sku,
                pool=pool,
                updated_at=world.now() - timedelta(hours=rng.randint(1, 300)),
                fulfillable=rng.choice((0, 4, 18, 35, 60, 120)),
                inbound_working=rng.choice((0, 0, 0, 24)),
                inbound_shipped=rng.choice((0, 0, 48)),
                inbound_receiving=rng.choice((0, 0, 6)),
                pending_transshipment=rng.choice((0, 0, 3)),
                fc_processing=rng.choice((0, 0, 1)),
                researching=rng.choice((0, 0, 0, 2)),
                customer_damaged=rng.choice((0, 0, 1)),
                warehouse_damaged=rng.choice((0, 0, 0, 2)),
                defective=rng.choice((0, 0, 0, 1)),
            )
        )
