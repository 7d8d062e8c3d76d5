"""The emulator's multi-channel fulfilment, judged by both of Amazon's models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.caller import sign_in, subscribe
from tests.emulator.mcf.web_shop import create, stocked
from tests.emulator.notifications.scene import received
from tests.fidelity.amazon_models import event_faults, faults_of, request_faults
from tests.fidelity.judging import (
    assert_follows_the_model,
    assert_has_the_declared_headers,
)
from tests.fidelity.outbound_cases import CASES, NEW, NEW_ORDER, OLD, OLD_ORDER
from tests.fidelity.scene import Scene

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("spapi_models")]


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
