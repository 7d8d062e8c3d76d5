"""Every answer of the emulator, judged by the models Amazon publishes."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from channels_amazon.emulator.operations.routes import ROUTES
from channels_amazon.emulator.server import Emulator
from tests.fidelity import feed_cases, listing_cases, outbound_cases, report_cases
from tests.fidelity.amazon_models import event_faults, faults_of, find_operation
from tests.fidelity.judging import (
    Case,
    assert_follows_the_model,
    assert_has_the_declared_headers,
    example,
    judge,
)
from tests.fidelity.scene import DE, NOBODYS_ORDER, US, Scene, set_scene

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("spapi_models")]

ORDERS = "/orders/2026-01-01/orders"
INVENTORY = "/fba/inventory/v1/summaries"
CONFIRM = "/orders/v0/orders/{order}/shipmentConfirmation"
DESTINATIONS = "/notifications/v1/destinations"
SUBSCRIPTIONS = "/notifications/v1/subscriptions/ORDER_CHANGE"
CATALOG = "/catalog/2022-04-01/items"
RESTRICTED = "/tokens/2021-03-01/restrictedDataToken"
SHIPMENT = "/mfn/v0/shipments/00000000-0000-4000-8000-000000000000"
ELIGIBLE = "/mfn/v0/eligibleShippingServices"
EVERYTHING = (
    "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,"
    "FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"
)
SINCE = {"createdAfter": "2020-01-01T00:00:00Z"}
GRANULARITY = {
    "granularityType": "Marketplace",
    "granularityId": US,
    "marketplaceIds": US,
}
ADDRESS = {
    "Name": "Test",
    "AddressLine1": "1 Example Street",
    "Email": "test@marketplace.example",
    "City": "Sampletown",
    "PostalCode": "00001",
    "CountryCode": "US",
    "Phone": "0",
}


def parcel(**over: Any) -> dict[str, Any]:
    """Return a body for confirmShipment."""
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "UPS",
        "trackingNumber": "1Z0",
        "shipDate": "{now}",
        "orderItems": [{"orderItemId": "{item}", "quantity": 1}],
    }
    return {"marketplaceId": US, "packageDetail": detail | over}


def eligible(order_id: str) -> dict[str, Any]:
    """Return a body for getEligibleShipmentServices."""
    details = {
        "AmazonOrderId": order_id,
        "ItemList": [{"OrderItemId": "{item}", "Quantity": 1}],
        "ShipFromAddress": ADDRESS,
        "PackageDimensions": {"Length": 1, "Width": 1, "Height": 1, "Unit": "inches"},
        "Weight": {"Value": 1, "Unit": "oz"},
        "ShippingServiceOptions": {
            "DeliveryExperience": "NoTracking",
            "CarrierWillPickUp": False,
        },
    }
    return {"ShipmentRequestDetails": details}


RESTRICTED_BODY = {"restrictedResources": [{"method": "GET", "path": SHIPMENT}]}
SITES = {"marketplaceIds": US}
CASES = {
    "participations": Case(200, "GET", "/sellers/v1/marketplaceParticipations"),
    "account in Europe": Case(200, "GET", "/sellers/v1/account", caller="eu"),
    "account elsewhere": Case(403, "GET", "/sellers/v1/account"),
    "orders": Case(200, "GET", ORDERS, SINCE | {"includedData": EVERYTHING}),
    "orders by page": Case(200, "GET", ORDERS, SINCE | {"maxResultsPerPage": "2"}),
    "orders without a date": Case(400, "GET", ORDERS),
    "orders up to now": Case(400, "GET", ORDERS, SINCE | {"createdBefore": "{now}"}),
    "orders, broken token": Case(403, "GET", ORDERS, SINCE, caller="broken"),
    "order": Case(200, "GET", f"{ORDERS}/{{order}}", {"includedData": EVERYTHING}),
    "cancelled order": Case(
        200, "GET", f"{ORDERS}/{{cancelled_order}}", {"includedData": EVERYTHING}
    ),
    "bare order": Case(200, "GET", f"{ORDERS}/{{order}}"),
    "nobody's order": Case(404, "GET", f"{ORDERS}/{NOBODYS_ORDER}"),
    "order, bad data set": Case(
        400, "GET", f"{ORDERS}/{{order}}", {"includedData": "X"}
    ),
    "confirmed parcel": Case(204, "POST", CONFIRM, body=parcel()),
    "parcel with a number as reference": Case(
        400, "POST", CONFIRM, body=parcel(packageReferenceId=1)
    ),
    "parcel with a word as reference": Case(
        400, "POST", CONFIRM, body=parcel(packageReferenceId="one")
    ),
    "parcel, broken token": Case(403, "POST", CONFIRM, body=parcel(), caller="broken"),
    "stock": Case(200, "GET", INVENTORY, GRANULARITY),
    "stock in detail": Case(200, "GET", INVENTORY, GRANULARITY | {"details": "true"}),
    "stock, two ids": Case(400, "GET", INVENTORY, GRANULARITY | {"granularityId": DE}),
    "stock, broken token": Case(403, "GET", INVENTORY, GRANULARITY, caller="broken"),
    "destinations": Case(200, "GET", DESTINATIONS, caller="grantless"),
    "destination": Case(
        200, "GET", f"{DESTINATIONS}/{{destination}}", caller="grantless"
    ),
    "unknown destination": Case(404, "GET", f"{DESTINATIONS}/none", caller="grantless"),
    "destination again": Case(
        409,
        "POST",
        DESTINATIONS,
        body={"name": "x", "resourceSpecification": {"sqs": {"arn": "{arn}"}}},
        caller="grantless",
    ),
    "destination in use": Case(
        409, "DELETE", f"{DESTINATIONS}/{{destination}}", caller="grantless"
    ),
    "destinations, seller's token": Case(403, "GET", DESTINATIONS),
    "subscription": Case(200, "GET", SUBSCRIPTIONS),
    "subscription by id": Case(
        200, "GET", f"{SUBSCRIPTIONS}/{{subscription}}", caller="grantless"
    ),
    "subscription again": Case(
        409,
        "POST",
        SUBSCRIPTIONS,
        body={"payloadVersion": "1.0", "destinationId": "{destination}"},
    ),
    "unknown subscription": Case(
        404, "GET", f"{SUBSCRIPTIONS}/none", caller="grantless"
    ),
    "catalogue": Case(
        200,
        "GET",
        CATALOG,
        SITES
        | {
            "identifiers": "{asin}",
            "identifiersType": "ASIN",
            "includedData": "summaries,identifiers,productTypes",
        },
    ),
    "catalogue, keywords": Case(
        200, "GET", CATALOG, SITES | {"keywords": "alderwick", "pageSize": "2"}
    ),
    "catalogue, nothing asked": Case(400, "GET", CATALOG, SITES),
    "restricted token": Case(200, "POST", RESTRICTED, body=RESTRICTED_BODY),
    "restricted token for nothing": Case(400, "POST", RESTRICTED, body={}),
    "shipment without restricted token": Case(403, "GET", SHIPMENT),
    "label offers": Case(200, "POST", ELIGIBLE, body=eligible("{order}")),
    "label offers, nobody's order": Case(
        400, "POST", ELIGIBLE, body=eligible(NOBODYS_ORDER)
    ),
}


def test_judge_refuses_what_the_model_forbids() -> None:
    body = {"orders": [{"orderId": 1, "surprise": "", "createdTime": "today"}]}
    faults = " ".join(faults_of("GET", ORDERS, 200, json.dumps(body).encode()))
    for word in ("surprise", "not of type 'string'", "date-time", "salesChannel"):
        assert word in faults


@pytest.mark.parametrize("name", CASES)
def test_answer_follows_the_model(scene: Scene, name: str) -> None:
    assert_follows_the_model(scene, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_answer_has_the_declared_headers(scene: Scene, name: str) -> None:
    assert_has_the_declared_headers(scene, CASES[name])


@pytest.mark.parametrize("kind", ["status_500", "status_503", "throttle", "forbidden"])
def test_failing_answer_follows_the_model(
    amazon: Emulator, scene: Scene, kind: str
) -> None:
    amazon.control("faults", match="searchOrders", kind=kind, count=1)
    case = Case(0, "GET", ORDERS, SINCE)
    reply = scene.ask("GET", ORDERS, params=SINCE)
    assert reply.status >= 403
    assert judge(scene, case, reply) == []


def test_real_quota_answers_429_as_amazon_does(amazon: Emulator, scene: Scene) -> None:
    amazon.control("limits", operation="searchCatalogItems", rate=0.001, burst=1)
    params = SITES | {"keywords": "alderwick"}
    replies = [scene.ask("GET", CATALOG, params=params) for _ in range(2)]
    amazon.control("limits", operation="searchCatalogItems", rate=1000, burst=1000)
    assert replies[1].status == 429
    assert "x-amzn-ratelimit-limit" not in replies[1].headers
    assert replies[1].json["errors"][0]["code"] == "QuotaExceeded"
    assert faults_of("GET", CATALOG, 429, replies[1].body) == []


def test_shipment_with_restricted_token_is_not_found(scene: Scene) -> None:
    granted = scene.ask("POST", RESTRICTED, body=RESTRICTED_BODY).json
    scene.tokens["restricted"] = granted["restrictedDataToken"]
    reply = scene.ask("GET", SHIPMENT, caller="restricted")
    assert reply.status == 404
    assert faults_of("GET", SHIPMENT, 404, reply.body) == []


def test_subscription_and_destination_can_go(scene: Scene) -> None:
    first = scene.ask("DELETE", f"{SUBSCRIPTIONS}/{{subscription}}", caller="grantless")
    second = scene.ask("DELETE", f"{DESTINATIONS}/{{destination}}", caller="grantless")
    assert (first.status, second.status) == (200, 200)
    assert faults_of("DELETE", f"{SUBSCRIPTIONS}/x", 200, first.body) == []
    assert faults_of("DELETE", f"{DESTINATIONS}/x", 200, second.body) == []


def test_every_order_of_the_world_follows_the_model(scene: Scene) -> None:
    params = SINCE | {"includedData": EVERYTHING}
    reply = scene.ask("GET", ORDERS, params=params)
    statuses = {
        order["fulfillment"]["fulfillmentStatus"] for order in reply.json["orders"]
    }
    assert "SHIPPED" in statuses
    assert faults_of("GET", ORDERS, 200, reply.body) == []


def test_events_follow_the_schema() -> None:
    with Emulator(world="small") as amazon:
        from_queue = _events(amazon)
    kinds = {
        event["Payload"]["OrderChangeNotification"]["OrderChangeType"]
        for event in from_queue
    }
    assert kinds == {"OrderStatusChange", "BuyerRequestedChange"}
    assert [event_faults(event) for event in from_queue if event_faults(event)] == []


def test_every_served_operation_is_judged() -> None:
    apart = (feed_cases, listing_cases, report_cases, outbound_cases)
    cases = [*CASES.values(), *(case for one in apart for case in one.CASES.values())]
    judged = {find_operation(case.method, example(case.path)).name for case in cases}
    elsewhere = {
        "getShipment",
        "createDestination",
        "createSubscription",
        "deleteDestination",
        "deleteSubscriptionById",
    }
    assert {route.operation for route in ROUTES} <= judged | elsewhere


def _events(amazon: Emulator) -> list[dict[str, Any]]:
    """Let one order be placed, asked to be cancelled and cancelled; read the queue."""
    set_scene(amazon)
    (order_id,) = amazon.place_orders(1, fulfilled_by="MERCHANT")
    amazon.control("cancel", order_id=order_id, kind="request")
    amazon.control("cancel", order_id=order_id, kind="merchant")
    (fba_id,) = amazon.place_orders(1, fulfilled_by="AMAZON")
    amazon.control("ship_fba", order_id=fba_id)
    settings = amazon.settings()
    queue = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL_SQS"],
        region_name=settings["AWS_DEFAULT_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    bodies: list[str] = []
    while batch := queue.receive_message(
        QueueUrl=amazon.queue_url, MaxNumberOfMessages=10
    ).get("Messages"):
        bodies.extend(message["Body"] for message in batch)
    queue.close()
    return [json.loads(body) for body in bodies]
