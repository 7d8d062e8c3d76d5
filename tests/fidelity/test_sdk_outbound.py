"""Amazon's own Python SDK lets the emulator fulfil orders of the web shop."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator
from tests.fidelity.scene import US, Scene
from tests.fidelity.sdk import OUTBOUND, Sdk

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def old(sdk: Sdk) -> Any:
    """Return the SDK's multi-channel fulfilment of 2020."""
    return sdk.package.FbaOutboundApi(sdk.seller)


@pytest.fixture(scope="module")
def new(sdk: Sdk) -> Any:
    """Return the SDK's multi-channel fulfilment of 2026."""
    return sdk.package.FulfillmentOutboundApi(sdk.seller)


@pytest.fixture(scope="module")
def sku(amazon: Emulator, scene: Scene) -> str:
    """Return a SKU with many units at Amazon."""
    amazon.control("stock", sku=scene.names["fba_sku"], fulfillable=100)
    return scene.names["fba_sku"]


def old_address(sdk: Sdk) -> Any:
    """Return an address of the older version."""
    return sdk.models("fulfillment_outbound_v2020_07_01").Address(
        name="Testa Example",
        address_line1="1 Example Street",
        city="Sampletown",
        state_or_region="WA",
        postal_code="98000",
        country_code="US",
    )


def new_address(sdk: Sdk) -> Any:
    """Return an address of the newer version."""
    return sdk.models("fulfillment_outbound_v2026_07_04").Address(
        name="Testa Example",
        address_line1="1 Example Street",
        city="Sampletown",
        state_or_region="WA",
        postal_code="98000",
        country_code="US",
    )


def create_old(sdk: Sdk, old: Any, sku: str) -> str:
    """Create an order in the older way and return its id."""
    models = sdk.models("fulfillment_outbound_v2020_07_01")
    order_id = f"sdk-{next(NUMBERS)}"
    item = models.CreateFulfillmentOrderItem(
        seller_sku=sku, seller_fulfillment_order_item_id="1", quantity=2
    )
    old.create_fulfillment_order(
        models.CreateFulfillmentOrderRequest(
            marketplace_id=US,
            seller_fulfillment_order_id=order_id,
            displayable_order_id=order_id,
            displayable_order_date=datetime(2026, 1, 2, tzinfo=UTC),
            displayable_order_comment="Thank you.",
            shipping_speed_category="Standard",
            destination_address=old_address(sdk),
            items=[item],
        )
    )
    return order_id


def create_new(sdk: Sdk, new: Any, sku: str, order_id: str = "") -> str:
    """Create an order in the newer way and return its id."""
    models = sdk.models("fulfillment_outbound_v2026_07_04")
    order_id = order_id or f"sdk-{next(NUMBERS)}"
    line = models.CreateOrderLineItem(
        line_item_id="1",
        product=models.OrderProduct(
            product_identifier=models.ProductIdentifier(amazon_sku=sku)
        ),
        amount=models.Amount(unit="EACHES", value="2"),
    )
    new.create_order(
        models.CreateOrderRequest(
            order_id=order_id,
            destination=models.OrderDestination(delivery_address=new_address(sdk)),
            line_items=[line],
        )
    )
    return order_id


def test_get_fulfillment_preview(sdk: Sdk, old: Any, sku: str) -> None:
    models = sdk.models("fulfillment_outbound_v2020_07_01")
    item = models.GetFulfillmentPreviewItem(
        seller_sku=sku, seller_fulfillment_order_item_id="1", quantity=2
    )
    answer = old.get_fulfillment_preview(
        models.GetFulfillmentPreviewRequest(
            marketplace_id=US, address=old_address(sdk), items=[item]
        )
    )
    preview = answer.payload.fulfillment_previews[0]
    assert preview.is_fulfillable
    assert preview.estimated_fees[0].amount.currency_code == "USD"


def test_create_fulfillment_order(sdk: Sdk, old: Any, sku: str) -> None:
    order_id = create_old(sdk, old, sku)
    shown = old.get_fulfillment_order(order_id).payload
    assert shown.fulfillment_order.displayable_order_comment == "Thank you."
    assert shown.fulfillment_order_items[0].quantity == 2


def test_get_fulfillment_order(amazon: Emulator, sdk: Sdk, old: Any, sku: str) -> None:
    order_id = create_old(sdk, old, sku)
    amazon.control("outbound_step", order_id=order_id)
    shown = old.get_fulfillment_order(order_id).payload
    assert shown.fulfillment_order.fulfillment_order_status == "Complete"
    assert shown.fulfillment_shipments[0].fulfillment_shipment_package


def test_list_all_fulfillment_orders(sdk: Sdk, old: Any, sku: str) -> None:
    order_id = create_old(sdk, old, sku)
    listed = old.list_all_fulfillment_orders().payload.fulfillment_orders
    assert order_id in [order.seller_fulfillment_order_id for order in listed]


def test_update_fulfillment_order(sdk: Sdk, old: Any, sku: str) -> None:
    order_id = create_old(sdk, old, sku)
    models = sdk.models("fulfillment_outbound_v2020_07_01")
    body = models.UpdateFulfillmentOrderRequest(displayable_order_comment="Changed.")
    old.update_fulfillment_order(order_id, body)
    shown = old.get_fulfillment_order(order_id).payload.fulfillment_order
    assert shown.displayable_order_comment == "Changed."


def test_cancel_fulfillment_order(sdk: Sdk, old: Any, sku: str) -> None:
    order_id = create_old(sdk, old, sku)
    old.cancel_fulfillment_order(order_id)
    shown = old.get_fulfillment_order(order_id).payload.fulfillment_order
    assert shown.fulfillment_order_status == "Cancelled"


def test_get_package_tracking_details(
    amazon: Emulator, sdk: Sdk, old: Any, sku: str
) -> None:
    order_id = create_old(sdk, old, sku)
    amazon.control("outbound_step", order_id=order_id)
    shipment = old.get_fulfillment_order(order_id).payload.fulfillment_shipments[0]
    number = shipment.fulfillment_shipment_package[0].package_number
    shown = old.get_package_tracking_details(number).payload
    assert shown.current_status == "IN_TRANSIT"


def test_get_order_preview(sdk: Sdk, new: Any, sku: str) -> None:
    models = sdk.models("fulfillment_outbound_v2026_07_04")
    line = models.PreviewLineItem(
        product=models.PreviewProduct(
            product_identifier=models.ProductIdentifier(amazon_sku=sku)
        ),
        amount=models.Amount(unit="EACHES", value="2"),
    )
    destination = models.PreviewDestination(delivery_address=new_address(sdk))
    answer = new.get_order_preview(
        models.GetOrderPreviewRequest(line_items=[line], destination=destination)
    )
    offer = answer.planned_shipments[0].offers[0]
    assert offer.fulfillment_configuration.service_level.service_tier == "STANDARD"
    assert float(offer.estimated_price.total_price.amount) > 0


def test_create_order(amazon: Emulator, sdk: Sdk, new: Any, sku: str) -> None:
    # For 202 the SDK knows the shape of 200 only, and says so.
    with pytest.raises(ValueError, match="order"):
        create_new(sdk, new, sku, "sdk-accepted")
    assert new.get_order("sdk-accepted").order.status == "PROCESSING"
    amazon.control("outbound_behaviour", synchronous=True)
    order_id = create_new(sdk, new, sku)
    assert new.get_order(order_id).order.line_items[0].amount.value == "2.0"


def test_get_order(amazon: Emulator, sdk: Sdk, new: Any, sku: str) -> None:
    amazon.control("outbound_behaviour", synchronous=True)
    order_id = create_new(sdk, new, sku)
    amazon.control("outbound_step", order_id=order_id, tracking_number="TBA1")
    order = new.get_order(order_id).order
    tracking = order.shipments[0].packages[0].tracking
    assert (order.status, tracking.carrier.tracking_number) == ("COMPLETE", "TBA1")


def test_list_orders(amazon: Emulator, sdk: Sdk, new: Any, sku: str) -> None:
    amazon.control("outbound_behaviour", synchronous=True)
    order_id = create_new(sdk, new, sku)
    listed = new.list_orders(shipments="EXCLUDE").orders
    assert order_id in [order.order_id for order in listed]


def test_update_order(amazon: Emulator, sdk: Sdk, new: Any, sku: str) -> None:
    models = sdk.models("fulfillment_outbound_v2026_07_04")
    amazon.control("outbound_behaviour", synchronous=True)
    order_id = create_new(sdk, new, sku)
    hold = models.UpdateOrderFulfillmentConfiguration(action="HOLD")
    new.update_order(
        order_id, models.UpdateOrderRequest(fulfillment_configuration=hold)
    )
    amazon.advance(1)
    assert new.get_order(order_id).order.fulfillment_configuration.action == "HOLD"


def test_cancel_order(amazon: Emulator, sdk: Sdk, new: Any, sku: str) -> None:
    amazon.control("outbound_behaviour", synchronous=True)
    order_id = create_new(sdk, new, sku)
    new.cancel_order(order_id)
    amazon.advance(1)
    assert new.get_order(order_id).order.status == "CANCELLED"


def test_operations_were_performed(amazon: Emulator) -> None:
    with amazon.state.lock:
        assert set(amazon.state.calls) >= OUTBOUND
