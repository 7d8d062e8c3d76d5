"""What is sent for outbound orders and reports, judged by Amazon's published models."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from channels_amazon.spapi.apis import reports
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.outbound import OutboundItem, Speed, Window
from channels_amazon.spapi.outbound_versions import outbound_api
from tests.spapi import outbound_answers as told
from tests.spapi.conftest import NOW, Kit
from tests.spapi.outbound_answers import NEW, OLD
from tests.spapi.server import Scripted, answer

pytestmark = pytest.mark.models

MODELS = {
    OLD: "fulfillmentOutbound_2020-07-01",
    NEW: "fulfillmentOutbound_2026-07-04",
    "reports": "reports_2021-06-30",
}


def faults(folder: Path, version: str, name: str, content: Any) -> list[str]:
    """Return what the model forbids; no property is allowed that it does not name."""
    file = folder / "models" / f"{MODELS[version]}.json"
    definitions = deepcopy(json.loads(file.read_text())["definitions"])
    for definition in definitions.values():
        if "properties" in definition and "allOf" not in definition:
            definition["additionalProperties"] = False
    schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
    found = Draft7Validator(schema).iter_errors(content)
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize(
    ("version", "name"),
    [(OLD, "CreateFulfillmentOrderRequest"), (NEW, "CreateOrderRequest")],
)
def test_order_sent_keeps_to_the_model(
    server: Scripted, kit: Kit, spapi_models: Path, version: str, name: str
) -> None:
    server.then(answer(200, {} if version == OLD else told.new_order()))
    whole = told.order(
        destination=told.place(
            line2="2", line3="3", district="d", state="BE", phone="030"
        ),
        items=[OutboundItem("1", "S", 2, Money(Decimal("9.99"), "EUR"))],
        speed=Speed.SCHEDULED,
        delivery=Window(NOW, NOW.replace(hour=14)),
        ship_from_country="DE",
        channel="" if version == OLD else "SHOP",
    )

    for order in (told.order(), whole):
        outbound_api(version).create(kit.client, order)

    for call in server.received:
        assert faults(spapi_models, version, name, json.loads(call.body)) == []


@pytest.mark.parametrize(
    ("version", "name"),
    [(OLD, "GetFulfillmentPreviewRequest"), (NEW, "GetOrderPreviewRequest")],
)
def test_preview_sent_keeps_to_the_model(
    server: Scripted, kit: Kit, spapi_models: Path, version: str, name: str
) -> None:
    server.then(answer(200, {"payload": {}, "plannedShipments": []}))

    outbound_api(version).preview(
        kit.client, told.question(speeds=tuple(Speed), ship_from_country="DE")
    )

    body = json.loads(server.received[0].body)
    assert faults(spapi_models, version, name, body) == []


def test_report_asked_for_keeps_to_the_model(
    server: Scripted, kit: Kit, spapi_models: Path
) -> None:
    server.then(answer(202, {"reportId": "1"}))

    reports.create_report(
        kit.client,
        reports.ReportRequest(reports.ALL_ORDERS, [told.DE], None, NOW, {"a": "b"}),
    )

    body = json.loads(server.received[0].body)
    assert faults(spapi_models, "reports", "CreateReportSpecification", body) == []


@pytest.mark.parametrize(
    ("version", "name", "content"),
    [
        (OLD, "GetFulfillmentOrderResponse", told.old_order()),
        (OLD, "GetPackageTrackingDetailsResponse", told.tracking()),
        (
            OLD,
            "GetFulfillmentPreviewResponse",
            {"payload": {"fulfillmentPreviews": [told.old_preview("Standard")]}},
        ),
        (NEW, "GetOrderResponse", told.new_order()),
        (
            NEW,
            "GetOrderPreviewResponse",
            {
                "plannedShipments": [
                    told.new_shipment("S", 1, told.new_offer("STANDARD", "1"))
                ]
            },
        ),
    ],
)
def test_answers_of_these_tests_keep_to_the_model(
    spapi_models: Path, version: str, name: str, content: Any
) -> None:
    assert faults(spapi_models, version, name, content) == []
