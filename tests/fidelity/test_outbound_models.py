"""The emulator's multi-channel fulfilment, judged by both of Amazon's models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.caller import sign_in, subscribe
from tests.emulator.mcf.web_shop import create, stocked
from tests.emulator.notifications.test_order_change import received
from tests.fidelity.amazon_models import event_faults, faults_of, request_faults
from tests.fidelity.judging import (
    Case,
    assert_follows_the_model,
    assert_has_the_declared_headers,
)
from tests.fidelity.scene import DE, US, Scene

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("spapi_models")]

OLD = "/fba/outbound/2020-07-01/fulfillmentOrders"
TRACKING = "/fba/outbound/2020-07-01/tracking"
NEW = "/fulfillment/outbound/2026-07-04/orders"
PREVIEWS = "/fulfillment/outbound/2026-07-04/previews"
ADDRESS = {
    "name": "Testa Example",
    "addressLine1": "1 Example Street",
    "addressLine2": "Floor 2",
    "city": "Sampletown",
    "districtOrCounty": "None",
    "stateOrRegion": "WA",
    "postalCode": "98000",
    "countryCode": "US",
    "phone": "1",
}
OLD_MONEY = {"currencyCode": "USD", "value": "9.99"}
NEW_MONEY = {"currencyCode": "USD", "amount": "9.99"}
OLD_ITEM = {
    "sellerSku": "{fba_sku}",
    "sellerFulfillmentOrderItemId": "1",
    "quantity": 1,
    "perUnitDeclaredValue": OLD_MONEY,
}
OLD_PREVIEW = {
    "marketplaceId": US,
    "address": ADDRESS,
    "items": [OLD_ITEM],
    "shippingSpeedCategories": ["Standard", "Expedited"],
}
OLD_ORDER = {
    "marketplaceId": US,
    "sellerFulfillmentOrderId": "{order_id}",
    "displayableOrderId": "WEB 1",
    "displayableOrderDate": "{now}",
    "displayableOrderComment": "Thank you.",
    "shippingSpeedCategory": "Standard",
    "destinationAddress": ADDRESS,
    "fulfillmentAction": "Ship",
    "fulfillmentPolicy": "FillOrKill",
    "notificationEmails": ["test@shop.example"],
    "featureConstraints": [
        {"featureName": "BLANK_BOX", "featureFulfillmentPolicy": "Required"}
    ],
    "items": [
        OLD_ITEM
        | {
            "giftMessage": "For you",
            "displayableComment": "One of one",
            "perUnitPrice": OLD_MONEY,
            "perUnitTax": OLD_MONEY,
        }
    ],
}
NEW_LINE = {
    "product": {
        "productIdentifier": {"amazonSku": "{fba_sku}"},
        "perUnitDeclaredValue": NEW_MONEY,
    },
    "amount": {"unit": "EACHES", "value": "1.0"},
}
DELIVERY = {"deliveryAddress": ADDRESS | {"email": "test@shop.example"}}
LEVEL = {"serviceLevel": {"serviceTiers": ["STANDARD"]}}
NEW_PREVIEW = {
    "channel": "SHOP",
    "origin": {"countryCode": "US"},
    "destination": DELIVERY,
    "lineItems": [NEW_LINE],
    "fulfillmentConfiguration": LEVEL,
}
NEW_ORDER = {
    "orderId": "{order_id}",
    "channel": "SHOP",
    "origin": {"countryCode": "US"},
    "destination": DELIVERY | {"deliveryNotes": "Beware of the dog."},
    "lineItems": [NEW_LINE | {"lineItemId": "1"}],
    "fulfillmentConfiguration": LEVEL | {"action": "SHIP", "policy": "FILL_OR_KILL"},
}
TOO_MANY = {"unit": "EACHES", "value": "250"}
PREVIEW = f"{OLD}/preview"
HOLD = {"fulfillmentConfiguration": {"action": "HOLD"}}
CASES = {
    "preview": Case(200, "POST", PREVIEW, body=OLD_PREVIEW),
    "preview of too many": Case(
        200,
        "POST",
        PREVIEW,
        body=OLD_PREVIEW | {"items": [OLD_ITEM | {"quantity": 250}]},
    ),
    "preview to another country": Case(
        200,
        "POST",
        PREVIEW,
        body=OLD_PREVIEW | {"address": ADDRESS | {"countryCode": "DE"}},
    ),
    "preview of nothing": Case(400, "POST", PREVIEW, body={}),
    "create, id taken": Case(
        400, "POST", OLD, body=OLD_ORDER | {"sellerFulfillmentOrderId": "{shipped}"}
    ),
    "create, wrong site": Case(
        400, "POST", OLD, body=OLD_ORDER | {"marketplaceId": DE}
    ),
    "create, broken token": Case(403, "POST", OLD, body=OLD_ORDER, caller="broken"),
    "shipped order": Case(200, "GET", f"{OLD}/{{shipped}}"),
    "delivered order": Case(200, "GET", f"{OLD}/{{delivered}}"),
    "cancelled order": Case(200, "GET", f"{OLD}/{{cancelled}}"),
    "partial order": Case(200, "GET", f"{OLD}/{{partial}}"),
    "unknown order": Case(404, "GET", f"{OLD}/none"),
    "orders": Case(200, "GET", OLD),
    "orders since": Case(200, "GET", OLD, {"queryStartDate": "{now}"}),
    "orders since nonsense": Case(400, "GET", OLD, {"queryStartDate": "now"}),
    "update": Case(
        200,
        "PUT",
        f"{OLD}/{{held}}",
        body={
            "displayableOrderComment": "Changed.",
            "destinationAddress": ADDRESS,
            "items": [{"sellerFulfillmentOrderItemId": "1", "quantity": 1}],
        },
    ),
    "update too late": Case(400, "PUT", f"{OLD}/{{shipped}}", body={}),
    "cancel too late": Case(400, "PUT", f"{OLD}/{{shipped}}/cancel"),
    "cancel nobody's": Case(404, "PUT", f"{OLD}/none/cancel"),
    "tracking": Case(200, "GET", TRACKING, {"packageNumber": "{package}"}),
    "tracking of nothing": Case(404, "GET", TRACKING, {"packageNumber": "1"}),
    "tracking of a word": Case(400, "GET", TRACKING, {"packageNumber": "one"}),
    "newer preview": Case(200, "POST", PREVIEWS, body=NEW_PREVIEW),
    "newer preview, no fees": Case(
        200, "POST", PREVIEWS, body=NEW_PREVIEW | {"excludeEstimatedFees": True}
    ),
    "newer preview of too many": Case(
        200,
        "POST",
        PREVIEWS,
        body=NEW_PREVIEW | {"lineItems": [NEW_LINE | {"amount": TOO_MANY}]},
    ),
    "newer preview of nothing": Case(400, "POST", PREVIEWS, body={}),
    "newer create, id taken": Case(
        400, "POST", NEW, body=NEW_ORDER | {"orderId": "{shipped}"}
    ),
    "newer create, nothing": Case(400, "POST", NEW, body={}),
    "newer shipped order": Case(200, "GET", f"{NEW}/{{shipped}}"),
    "newer delivered order": Case(200, "GET", f"{NEW}/{{delivered}}"),
    "newer cancelled order": Case(200, "GET", f"{NEW}/{{cancelled}}"),
    "newer partial order": Case(200, "GET", f"{NEW}/{{partial}}"),
    "newer order, lean": Case(
        200, "GET", f"{NEW}/{{shipped}}", {"shipments": "EXCLUDE"}
    ),
    "newer unknown order": Case(404, "GET", f"{NEW}/none"),
    "newer orders": Case(200, "GET", NEW),
    "newer orders since": Case(200, "GET", NEW, {"updatedAfter": "{now}"}),
    "newer orders, broken token": Case(403, "GET", NEW, caller="broken"),
    "newer update": Case(202, "PUT", f"{NEW}/{{held}}", body=HOLD),
    "newer update too late": Case(400, "PUT", f"{NEW}/{{shipped}}", body=HOLD),
    "newer cancel too late": Case(400, "PUT", f"{NEW}/{{shipped}}/cancel"),
    "newer cancel, nobody's": Case(404, "PUT", f"{NEW}/none/cancel"),
}


@pytest.fixture(scope="module")
def placed(amazon: Emulator, scene: Scene) -> Scene:
    """Return a scene with MCF orders in every stage."""
    sku = scene.names["fba_sku"]
    amazon.control("stock", sku=sku, fulfillable=200)
    for name, status in (
        ("shipped", "Complete"),
        ("delivered", "Complete"),
        ("cancelled", "Cancelled"),
        ("partial", "CompletePartialled"),
        ("held", "New"),
    ):
        scene.names[name] = f"web-{name}"
        amazon.control(
            "outbound", order_id=f"web-{name}", sku=sku, quantity=2, status=status
        )
    amazon.control("outbound_step", order_id="web-delivered", step="deliver")
    state = amazon.control("state")["outbound"]
    scene.names["package"] = str(state[0]["packages"][0]["number"])
    scene.names["order_id"] = "web-cases"
    return scene


@pytest.mark.parametrize("name", CASES)
def test_answer_follows_the_model(placed: Scene, name: str) -> None:
    assert_follows_the_model(placed, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_answer_has_the_declared_headers(placed: Scene, name: str) -> None:
    assert_has_the_declared_headers(placed, CASES[name])


def test_older_create_and_cancel_follow_the_model(placed: Scene) -> None:
    placed.names["order_id"] = "web-old"
    made = placed.ask("POST", OLD, body=OLD_ORDER)
    shown = placed.ask("GET", f"{OLD}/web-old")
    gone = placed.ask("PUT", f"{OLD}/web-old/cancel")
    assert [made.status, shown.status, gone.status] == [200, 200, 200]
    assert request_faults("POST", OLD, placed.fill(OLD_ORDER)) == []
    assert faults_of("POST", OLD, 200, made.body) == []
    assert faults_of("GET", f"{OLD}/web-old", 200, shown.body) == []
    assert faults_of("PUT", f"{OLD}/web-old/cancel", 200, gone.body) == []


@pytest.mark.parametrize(("synchronous", "status"), [(False, 202), (True, 200)])
def test_newer_create_and_cancel_follow_the_model(
    amazon: Emulator, placed: Scene, *, synchronous: bool, status: int
) -> None:
    amazon.control("outbound_behaviour", synchronous=synchronous)
    order_id = placed.names["order_id"] = f"web-{status}"
    made = placed.ask("POST", NEW, body=NEW_ORDER)
    shown = placed.ask("GET", f"{NEW}/{order_id}")
    gone = placed.ask("PUT", f"{NEW}/{order_id}/cancel")
    assert [made.status, shown.status, gone.status] == [status, 200, 202]
    assert request_faults("POST", NEW, placed.fill(NEW_ORDER)) == []
    assert faults_of("POST", NEW, status, made.body) == []
    assert faults_of("GET", f"{NEW}/{order_id}", 200, shown.body) == []
    assert faults_of("PUT", f"{NEW}/{order_id}/cancel", 202, gone.body) == []


def test_listed_copy_follows_the_model_of_orders(
    amazon: Emulator, placed: Scene
) -> None:
    state = amazon.control("state")["outbound"]
    for order in state:
        path = f"/orders/2026-01-01/orders/{order['amazon_order_id']}"
        data_sets = {"includedData": "FULFILLMENT,RECIPIENT,BUYER,PROCEEDS,PACKAGES"}
        reply = placed.ask("GET", path, params=data_sets)
        assert reply.status == 200
        assert faults_of("GET", path, 200, reply.body) == []


def test_events_follow_the_schemas() -> None:
    with Emulator(world="small") as amazon:
        events = _events(amazon)
    kinds = {event["NotificationType"] for event in events}
    assert kinds == {
        "ORDER_CHANGE",
        "FULFILLMENT_ORDER_STATUS",
        "FBA_INVENTORY_AVAILABILITY_CHANGES",
    }
    assert [event_faults(event) for event in events if event_faults(event)] == []


def _events(amazon: Emulator) -> list[dict[str, Any]]:
    """Let one order arrive and another fail; return what was told."""
    for kind in (
        "ORDER_CHANGE",
        "FULFILLMENT_ORDER_STATUS",
        "FBA_INVENTORY_AVAILABILITY_CHANGES",
    ):
        subscribe(amazon, kind=kind)
    stock = stocked(amazon)
    caller = sign_in(amazon)
    for number, step in enumerate(("deliver", "unfulfillable", "cancel")):
        order_id = f"web-{number}"
        create(caller, stock.sku, 1, sellerFulfillmentOrderId=order_id)
        amazon.control("outbound_step", order_id=order_id, step=step)
    return [json.loads(body) for body in received(amazon)]
