"""FBA inventory: one pool behind several sites, page tokens of 30 seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from channels_amazon.emulator.model.clock import iso
from channels_amazon.emulator.model.entities import EmulatedFbaStock
from channels_amazon.emulator.server import Emulator

from ..caller import DE, FR, GB, US, Caller, Reply, sign_in

SUMMARIES = "/fba/inventory/v1/summaries"


def summaries(caller: Caller, marketplace_id: str, **more: object) -> Reply:
    query = {
        "granularityType": "Marketplace",
        "granularityId": marketplace_id,
        "marketplaceIds": marketplace_id,
    }
    return caller.send("GET", SUMMARIES, query | more)


def totals(reply: Reply) -> dict[str, int]:
    rows = reply.json["payload"]["inventorySummaries"]
    return {row["sellerSku"]: row["totalQuantity"] for row in rows}


def add_many(emulator: Emulator, count: int) -> None:
    world = emulator.state
    listing = next(
        item for item in world.listings.values() if item.is_fba and US in item.offers
    )
    for number in range(count):
        sku = f"MANY-{number:03d}"
        world.add_listing(replace(listing, sku=sku))
        world.add_stock(EmulatedFbaStock(listing.seller_id, sku, "US", world.now()))


def test_sites_of_one_pool_repeat_the_same_units(emulator: Emulator) -> None:
    caller = sign_in(emulator, "eu")
    german = totals(summaries(caller, DE))
    french = totals(summaries(caller, FR))
    both = set(german) & set(french)
    assert both
    assert all(german[sku] == french[sku] for sku in both)


def test_british_stock_is_a_pool_of_its_own(emulator: Emulator) -> None:
    caller = sign_in(emulator, "eu")
    before = totals(summaries(caller, GB))
    for stock in emulator.state.fba.values():
        if stock.pool == "EU":
            stock.fulfillable += 1000
    assert totals(summaries(caller, GB)) == before


def test_details_add_up_to_the_total(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    plain = summaries(caller, US).json["payload"]["inventorySummaries"]
    assert plain
    assert all("inventoryDetails" not in row for row in plain)
    for row in summaries(caller, US, details="true").json["payload"][
        "inventorySummaries"
    ]:
        parts = row["inventoryDetails"]
        assert row["totalQuantity"] == (
            parts["fulfillableQuantity"]
            + parts["inboundWorkingQuantity"]
            + parts["inboundShippedQuantity"]
            + parts["inboundReceivingQuantity"]
            + parts["reservedQuantity"]["totalReservedQuantity"]
            + parts["researchingQuantity"]["totalResearchingQuantity"]
            + parts["unfulfillableQuantity"]["totalUnfulfillableQuantity"]
        )


def test_order_moves_units_and_shipping_takes_them(emulator: Emulator) -> None:
    world = emulator.state
    stock = next(
        item
        for item in world.fba.values()
        if item.pool == "US"
        and item.fulfillable > 3
        and US in world.listings[(item.seller_id, item.sku)].offers
    )
    total, free, promised = (
        stock.total,
        stock.fulfillable,
        stock.pending_customer_orders,
    )
    (order_id,) = emulator.place_orders(
        1, sku=stock.sku, quantity=2, fulfilled_by="AMAZON", marketplace_id=US
    )
    assert (stock.total, stock.fulfillable) == (total, free - 2)
    assert stock.pending_customer_orders == promised + 2
    emulator.control("ship_fba", order_id=order_id)
    assert (stock.total, stock.fulfillable) == (total - 2, free - 2)


def test_page_token_lives_thirty_seconds(emulator: Emulator) -> None:
    add_many(emulator, 60)
    caller = sign_in(emulator)
    first = summaries(caller, US)
    token = first.json["pagination"]["nextToken"]
    second = summaries(caller, US, nextToken=token)
    assert len(totals(first)) == 50
    assert not set(totals(first)) & set(totals(second))
    emulator.advance(31)
    assert summaries(caller, US, nextToken=token).status == 400


def test_start_time_leaves_only_what_changed(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    now = emulator.state.now()
    (order_id,) = emulator.place_orders(1, fulfilled_by="AMAZON", marketplace_id=US)
    ordered = {item.sku for item in emulator.state.orders[order_id].items}
    changed = totals(summaries(caller, US, startDateTime=iso(now)))
    assert set(changed) == ordered


def test_one_sku_may_be_asked_for(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    sku = next(iter(totals(summaries(caller, US))))
    assert set(totals(summaries(caller, US, sellerSkus=sku))) == {sku}
    emulator.advance(1)
    assert totals(summaries(caller, US, sellerSkus="NOPE")) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"granularityType": "Country"},
        {"granularityId": DE},
        {"marketplaceIds": f"{US},{US}"},
        {"marketplaceIds": DE, "granularityId": DE},
        {"details": "yes"},
        {"nextToken": "nonsense"},
        {"sellerSkus": ",".join(f"S{n}" for n in range(51))},
    ],
)
def test_summaries_refuse_what_amazon_refuses(
    emulator: Emulator, change: dict[str, object]
) -> None:
    assert summaries(sign_in(emulator), US, **change).status == 400


def test_start_time_reaches_back_eighteen_months(emulator: Emulator) -> None:
    start = iso(emulator.state.now() - timedelta(days=600))
    assert summaries(sign_in(emulator), US, startDateTime=start).status == 400
