"""Tests of outbound orders against the local Amazon, in both versions alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from channels_amazon.rules.events.fulfillment_order_status import read_outbound_event
from channels_amazon.rules.events.order_change import read_envelope
from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import fba_inventory, notifications
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.outbound import (
    NewOutboundOrder,
    OutboundItem,
    OutboundStatus,
    PackageStatus,
    Policy,
    Speed,
)
from channels_amazon.spapi.outbound_versions import VERSIONS, outbound_api
from channels_amazon.spapi.sqs import Queue
from tests.spapi import outbound_answers as told

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

DE = "A1PA6795UKMFR9"
both = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def stocked(client: SpApiClient) -> tuple[str, int]:
    """Give a SKU that lies at Amazon, and how many units of it."""
    page = fba_inventory.get_inventory_summaries(
        client, fba_inventory.InventoryQuery(DE)
    )
    units = {
        one.seller_sku: one.fulfillable or 0
        for one in page.summaries
        if isinstance(one, fba_inventory.InventorySummary)
    }
    return next((sku, count) for sku, count in units.items() if count > 2)


def new_order(sku: str, quantity: int = 2, **over: Any) -> NewOutboundOrder:
    given = {"items": [OutboundItem("1", sku, quantity)]}
    return told.order(ordered_at=datetime.now(tz=UTC), **{**given, **over})


def left(client: SpApiClient, sku: str) -> int | None:
    page = fba_inventory.get_inventory_summaries(
        client, fba_inventory.InventoryQuery(DE, seller_skus=(sku,))
    )
    (found,) = page.summaries
    assert isinstance(found, fba_inventory.InventorySummary)
    return found.fulfillable


@both
def test_preview_tells_fee_and_days(
    client: SpApiClient, stocked: tuple[str, int], version: str
) -> None:
    sku, units = stocked
    api = outbound_api(version)
    request = told.question(items=[OutboundItem("1", sku, 2)])

    standard, expedited = api.preview(client, request)
    (too_many,) = api.preview(
        client,
        told.question(
            items=[OutboundItem("1", sku, min(units + 1, 250))],
            speeds=[Speed.STANDARD],
        ),
    )

    assert (standard.speed, expedited.speed) == (Speed.STANDARD, Speed.EXPEDITED)
    assert standard.is_fulfillable
    assert standard.fee is not None
    assert expedited.fee is not None
    assert 0 < standard.fee.amount < expedited.fee.amount
    assert standard.ships is not None
    assert standard.arrives is not None
    assert standard.ships.start < standard.arrives.end
    assert not too_many.is_fulfillable
    assert too_many.reasons


def test_both_versions_see_the_same_fee(
    client: SpApiClient, stocked: tuple[str, int]
) -> None:
    request = told.question(items=[OutboundItem("1", stocked[0], 2)])

    old, new = (
        [one.fee for one in outbound_api(version).preview(client, request)]
        for version in VERSIONS
    )

    assert old == new


@both
def test_order_is_followed_to_its_delivery(
    emulator: Emulator, client: SpApiClient, stocked: tuple[str, int], version: str
) -> None:
    sku, units = stocked
    api = outbound_api(version)

    api.create(client, new_order(sku))
    first = api.get(client, "SHOP-1001")
    emulator.control(
        "outbound_step", order_id="SHOP-1001", carrier="UPS", tracking_number="1Z9"
    )
    shipped = api.get(client, "SHOP-1001")
    emulator.control("outbound_step", order_id="SHOP-1001", step="deliver")
    delivered = api.get(client, "SHOP-1001")

    assert left(client, sku) == units - 2
    assert (first.can_cancel, first.packages) == (True, ())
    assert [(line.sku, line.quantity) for line in first.lines] == [(sku, 2)]
    (package,) = shipped.packages
    assert (package.carrier, package.tracking_number) == ("UPS", "1Z9")
    assert package.status == PackageStatus.IN_TRANSIT
    assert [(item.sku, item.quantity) for item in package.items] == [(sku, 2)]
    assert delivered.status == OutboundStatus.COMPLETE
    assert not delivered.can_cancel
    assert [one.status for one in delivered.packages] == [PackageStatus.DELIVERED]


@both
def test_order_sent_again_is_refused_and_found(
    client: SpApiClient, stocked: tuple[str, int], version: str
) -> None:
    sku, units = stocked
    api = outbound_api(version)
    api.create(client, new_order(sku))

    with pytest.raises(errors.InvalidRequest):
        api.create(client, new_order(sku))

    assert api.get(client, "SHOP-1001").order_id == "SHOP-1001"
    assert left(client, sku) == units - 2


@both
def test_order_is_cancelled_until_it_is_picked(
    emulator: Emulator, client: SpApiClient, stocked: tuple[str, int], version: str
) -> None:
    sku, units = stocked
    api = outbound_api(version)
    for order_id in ("EARLY", "LATE"):
        api.create(client, new_order(sku, 1, order_id=order_id))
    emulator.control("outbound_step", order_id="LATE", step="process")

    api.cancel(client, "EARLY")
    emulator.advance(120)
    with pytest.raises(errors.InvalidRequest):
        api.cancel(client, "LATE")

    assert api.get(client, "EARLY").status == OutboundStatus.CANCELLED
    assert api.get(client, "LATE").status == OutboundStatus.PROCESSING
    assert left(client, sku) == units - 1


@both
def test_order_of_what_is_not_there_ends_badly(
    emulator: Emulator, client: SpApiClient, stocked: tuple[str, int], version: str
) -> None:
    sku, units = stocked
    api = outbound_api(version)

    api.create(client, new_order(sku, min(units + 1, 250), policy=Policy.FILL_OR_KILL))
    emulator.advance(120)

    order = api.get(client, "SHOP-1001")
    assert order.status in {OutboundStatus.INVALID, OutboundStatus.UNFULFILLABLE}


@both
def test_unknown_order_is_not_found(client: SpApiClient, version: str) -> None:
    with pytest.raises((errors.NotFound, errors.InvalidRequest)):
        outbound_api(version).get(client, "never-made")


def test_change_of_an_order_is_told(
    emulator: Emulator, client: SpApiClient, queue: Queue, stocked: tuple[str, int]
) -> None:
    where = notifications.create_destination(client, "outbound", emulator.queue_arn)
    notifications.create_subscription(
        client, where.destination_id, "FULFILLMENT_ORDER_STATUS"
    )

    outbound_api().create(client, new_order(stocked[0]))
    emulator.control("outbound_step", order_id="SHOP-1001", step="plan")
    emulator.flush()

    events = [
        read_outbound_event(envelope)
        for message in queue.receive(wait=5)
        if (envelope := read_envelope(message.body)).notification_type
        == "FULFILLMENT_ORDER_STATUS"
    ]
    assert {event.order_id for event in events} == {"SHOP-1001"}
    assert "PLANNING" in {event.status.upper() for event in events}
