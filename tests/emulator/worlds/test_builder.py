"""The worlds: right in size and form, the same by seed, fit for a store to match."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest

from channels_amazon.emulator.model.clock import Clock
from channels_amazon.emulator.model.places import PLACES
from channels_amazon.emulator.model.state import World
from channels_amazon.emulator.model.titles import products
from channels_amazon.emulator.worlds.builder import build_world, price_in
from channels_amazon.emulator.worlds.catalogue import (
    COLUMNS,
    store_catalogue,
    write_catalogue,
)


@pytest.fixture(scope="module")
def demo() -> World:
    """Build the demonstration world once."""
    return build_world("demo", 1, Clock())


def test_demo_has_a_seller_a_region_with_its_marketplaces(demo: World) -> None:
    countries = {
        seller.region: [PLACES[each].country_code for each in seller.marketplace_ids]
        for seller in demo.sellers.values()
    }
    assert countries == {
        "na": ["US", "CA", "MX"],
        "eu": ["DE", "FR", "IT", "ES", "GB"],
        "fe": ["JP"],
    }


def test_demo_mixes_both_channels_on_some_skus(demo: World) -> None:
    for seller_id in demo.sellers:
        kinds = {
            (listing.is_fba, listing.quantity is not None)
            for listing in demo.seller_listings(seller_id)
        }
        assert kinds == {(True, False), (False, True), (True, True)}


def test_demo_has_a_few_hundred_listings_and_orders(demo: World) -> None:
    assert 300 <= len(demo.listings) <= 400
    for seller_id in demo.sellers:
        assert len(demo.seller_orders(seller_id)) == 320


def test_orders_lie_in_the_last_ninety_days(demo: World) -> None:
    ages = [demo.now() - order.created_at for order in demo.orders.values()]
    assert max(ages) <= timedelta(days=91)
    assert min(ages) >= timedelta(minutes=2)


def test_orders_change_after_they_are_placed_and_before_now(demo: World) -> None:
    for order in demo.orders.values():
        assert order.created_at < order.updated_at <= demo.now()


def test_orders_sell_what_is_listed_in_the_channel_that_ships(demo: World) -> None:
    for order in demo.orders.values():
        assert re.fullmatch(r"\d{3}-\d{7}-\d{7}", order.order_id)
        for item in order.items:
            listing = demo.listings[(order.seller_id, item.sku)]
            assert order.marketplace_id in listing.offers
            is_amazons = order.fulfilled_by == "AMAZON"
            assert listing.is_fba if is_amazons else listing.quantity is not None


def test_shipped_orders_of_merchants_have_a_parcel(demo: World) -> None:
    shipped = [
        order
        for order in demo.orders.values()
        if (order.status, order.fulfilled_by) == ("SHIPPED", "MERCHANT")
    ]
    assert shipped
    assert all(len(order.packages) == 1 for order in shipped)


def test_europes_continent_shares_one_pool(demo: World) -> None:
    listing = next(
        listing
        for listing in demo.listings.values()
        if listing.is_fba and listing.seller_id == "A1EMULATOREU1"
    )
    sites = [each for each in listing.offers if PLACES[each].country_code != "GB"]
    stocks = {
        id(demo.stock_for(listing.seller_id, listing.sku, site)) for site in sites
    }
    assert len(stocks) == 1


def test_titles_are_in_the_language_of_the_site(demo: World) -> None:
    titles = {
        PLACES[site].country_code: offer.title
        for listing in demo.listings.values()
        if listing.sku == "ALD-MUG-BLA"
        for site, offer in listing.offers.items()
    }
    assert titles["DE"] == "Alderwick Kaffeebecher aus Steinzeug, 350 ml, Schwarz"
    assert "マグカップ" in titles["JP"]
    assert max(len(title) for title in titles.values()) <= 75


def test_same_seed_builds_the_same_world() -> None:
    first, second = (build_world("small", 7, Clock()) for _ in range(2))
    other = build_world("small", 8, Clock())
    assert list(first.orders) == list(second.orders)
    assert list(first.orders) != list(other.orders)


def test_unknown_world_is_refused() -> None:
    with pytest.raises(ValueError, match="no world huge"):
        build_world("huge", 1, Clock())


@pytest.mark.parametrize(
    ("currency", "price"),
    [("EUR", "14.99"), ("USD", "15.99"), ("JPY", "2430"), ("MXN", "294.99")],
)
def test_prices_look_like_a_shops(currency: str, price: str) -> None:
    assert price_in(Decimal("14.90"), currency) == Decimal(price)


def test_every_product_has_titles_and_a_valid_barcode() -> None:
    for product in products():
        assert len(set(product.titles)) == 7
        assert all(product.titles.values())
        digits = [int(digit) for digit in product.barcode]
        assert len(digits) == 13
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_skus_and_asins_are_unique() -> None:
    assert len({product.sku for product in products()}) == len(products())
    assert len({product.asin for product in products()}) == len(products())


def test_catalogue_matches_most_listings_but_not_all(demo: World) -> None:
    skus = {row["sku"] for row in store_catalogue()}
    listed = {sku for _, sku in demo.listings}
    assert len(listed & skus) > 100
    assert listed - skus
    assert skus - listed


def test_catalogue_is_written_as_csv() -> None:
    file = io.StringIO()
    count = write_catalogue(file)
    file.seek(0)
    rows = list(csv.DictReader(file))
    assert len(rows) == count
    assert tuple(rows[0]) == COLUMNS
