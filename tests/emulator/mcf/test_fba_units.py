"""Units of an FBA pool are neither made nor lost, whatever happens to the orders."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels_amazon.emulator.mcf import fulfilment
from channels_amazon.emulator.model.clock import Clock
from channels_amazon.emulator.model.entities import EmulatedFbaStock
from channels_amazon.emulator.model.errors import LifecycleError
from channels_amazon.emulator.model.mcf_orders import McfItem, McfOrder, McfPolicy
from channels_amazon.emulator.model.state import World
from channels_amazon.emulator.orders.lifecycle import (
    cancel_order,
    ship_by_amazon,
)
from channels_amazon.emulator.orders.ordering import OrderSpec, place_order
from channels_amazon.emulator.worlds.builder import build_world

START = datetime(2026, 1, 2, tzinfo=UTC)
STEPS = ("receive", "plan", "process", "ship", "deliver", "unfulfillable", "cancel")
ACTS = st.one_of(
    st.tuples(st.just("web"), st.integers(1, 9), st.sampled_from(list(McfPolicy))),
    st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.just("")),
    st.tuples(st.just("buy"), st.integers(1, 3), st.just("")),
    st.tuples(
        st.sampled_from(("ship_fba", "cancel_fba")), st.integers(0, 5), st.just("")
    ),
)


def pool(world: World) -> EmulatedFbaStock:
    """Return the pool everything is taken from, with twenty units."""
    seller = world.seller_of_region("na")
    sku = next(
        listing.sku
        for listing in world.seller_listings(seller.seller_id)
        if listing.is_fba
    )
    stock = world.stock_for(seller.seller_id, sku, seller.marketplace_ids[0])
    assert stock is not None
    stock.fulfillable, stock.pending_customer_orders = 20, 0
    stock.warehouse_damaged = 0
    return stock


def act(
    world: World, stock: EmulatedFbaStock, what: str, number: int, policy: str
) -> None:
    """Do one thing to an MCF order or to a buyer's order, if it can be done."""
    web = list(world.mcf_orders.values())
    bought = [
        order
        for order in world.orders.values()
        if order.created_at >= START and order.channel_name == "AMAZON"
    ]
    site = world.seller_of_region("na").marketplace_ids[0]
    if what == "web":
        fulfilment.place(world, web_order(stock, site, number, policy, len(web)))
    elif what == "buy":
        wish = OrderSpec(
            fulfilled_by="AMAZON", sku=stock.sku, quantity=number, marketplace_id=site
        )
        place_order(world, wish)
    elif what in {"ship_fba", "cancel_fba"} and bought:
        order_id = bought[number % len(bought)].order_id
        (ship_by_amazon if what == "ship_fba" else cancel_order)(world, order_id)
    elif what in STEPS and web:
        order = web[number % len(web)]
        if what == "cancel":
            fulfilment.cancel(world, order)
        elif what == "unfulfillable":
            fulfilment.make_unfulfillable(world, order, units=1)
        else:
            fulfilment.advance_to(world, order, what)


def web_order(
    stock: EmulatedFbaStock, site: str, units: int, policy: str, number: int
) -> McfOrder:
    """Return an MCF order of so many units."""
    return McfOrder(
        order_id=f"web-{number}",
        seller_id=stock.seller_id,
        marketplace_id=site,
        created_at=START,
        updated_at=START,
        destination={
            "name": "T",
            "addressLine1": "1",
            "postalCode": "1",
            "countryCode": "US",
        },
        items=[McfItem("1", stock.sku, units)],
        amazon_order_id=f"S01-0000000-{number:07d}",
        displayable_id="",
        displayable_at=START,
        policy=McfPolicy(policy),
    )


@settings(max_examples=60, deadline=None)
@example([("web", 18, "FillOrKill"), ("buy", 3, ""), ("ship_fba", 0, "")])
@given(st.lists(ACTS, max_size=25))
def test_units_are_neither_made_nor_lost(acts: list[tuple[str, int, str]]) -> None:
    world = build_world("small", 1, Clock(start=START, real=lambda: 0.0))
    world.orders.clear()
    stock = pool(world)
    for what, number, policy in acts:
        try:
            act(world, stock, what, number, policy)
        except LifecycleError:
            continue
    web = [item for order in world.mcf_orders.values() for item in order.items]
    bought = [
        item
        for order in world.orders.values()
        if order.channel_name == "AMAZON"
        for item in order.items
    ]
    reserved = sum(item.reserved for item in web)
    gone = sum(item.shipped for item in web)
    assert all(item.reserved >= 0 and item.left >= 0 for item in web)
    assert stock.pending_customer_orders >= reserved
    held = stock.fulfillable + stock.pending_customer_orders + stock.warehouse_damaged
    assert held <= 20 - gone
    assert 20 - gone - held <= sum(item.shipped for item in bought)
