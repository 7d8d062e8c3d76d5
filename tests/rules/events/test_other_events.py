"""Reading news of outbound orders and of reports, good and bad."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.rules.events.fulfillment_order_status import (
    OutboundEvent,
    read_outbound_event,
)
from channels_amazon.rules.events.order_change import BadEvent, Envelope, read_envelope
from channels_amazon.rules.events.report_finished import ReportEvent, read_report_event


def outbound(**over: Any) -> dict[str, Any]:
    """Return FULFILLMENT_ORDER_STATUS."""
    change = {
        "SellerId": "A1",
        "EventType": "Order",
        "StatusUpdatedDateTime": "2026-11-20T12:00:00Z",
        "SellerFulfillmentOrderId": "SHOP-1001",
        "FulfillmentOrderStatus": "Complete",
        **over,
    }
    return {
        "NotificationType": "FULFILLMENT_ORDER_STATUS",
        "EventTime": "2026-11-20T13:00:00Z",
        "Payload": {"FulfillmentOrderStatusNotification": change},
        "NotificationMetadata": {"NotificationId": "n"},
    }


def report(**over: Any) -> dict[str, Any]:
    """Return REPORT_PROCESSING_FINISHED, whose names begin in lower case."""
    told = {
        "sellerId": "A1",
        "accountId": "amzn1.merchant.o.A1",
        "reportId": "54517018502",
        "reportType": "T",
        "processingStatus": "DONE",
        "reportDocumentId": "amzn1.tortuga.3.x",
        **over,
    }
    return {
        "notificationType": "REPORT_PROCESSING_FINISHED",
        "eventTime": "2026-11-20T12:00:00Z",
        "payload": {"reportProcessingFinishedNotification": told},
        "notificationMetadata": {"notificationId": "n"},
    }


def envelope(body: Any) -> Envelope:
    return read_envelope(json.dumps(body))


def test_outbound_event_is_read() -> None:
    assert read_outbound_event(envelope(outbound())) == OutboundEvent(
        "A1", "SHOP-1001", "Complete"
    )


@pytest.mark.parametrize("value", [None, "", 7, []])
def test_outbound_event_needs_its_order_alone(value: Any) -> None:
    told = outbound(SellerId=value, FulfillmentOrderStatus=value)
    assert read_outbound_event(envelope(told)) == OutboundEvent("", "SHOP-1001", "")

    with pytest.raises(BadEvent, match="SellerFulfillmentOrderId") as caught:
        read_outbound_event(envelope(outbound(SellerFulfillmentOrderId=value)))

    assert caught.value.code == "notifications.wrong_schema"


def test_report_event_is_read() -> None:
    found = envelope(report())

    assert (found.notification_type, found.notification_id) == (
        "REPORT_PROCESSING_FINISHED",
        "n",
    )
    assert read_report_event(found) == ReportEvent("A1", "54517018502", "T", "DONE")


def test_report_event_may_have_no_document() -> None:
    told = report(reportDocumentId=None, processingStatus="CANCELLED")

    assert read_report_event(envelope(told)).status == "CANCELLED"


@pytest.mark.parametrize("value", [None, "", 7])
def test_report_event_needs_its_report_alone(value: Any) -> None:
    told = report(sellerId=value, reportType=value, processingStatus=value)
    assert read_report_event(envelope(told)) == ReportEvent("", "54517018502", "", "")

    with pytest.raises(BadEvent, match="reportId"):
        read_report_event(envelope(report(reportId=value)))


@pytest.mark.models
def test_examples_of_the_schemas_are_read(spapi_models: Path) -> None:
    def example(name: str) -> Envelope:
        schema = json.loads((spapi_models / "schemas" / f"{name}.json").read_text())
        return envelope(schema["examples"][0])

    shipped = read_outbound_event(example("FulfillmentOrderStatusNotification"))
    ready = read_report_event(example("ReportProcessingFinishedNotification"))

    assert (shipped.order_id, shipped.status) == ("SFOID2345", "PROCESSED")
    assert (ready.report_id, ready.status) == ("54517018502", "CANCELLED")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(json_values)
def test_reading_any_json_ends_in_an_event_or_in_bad_event(value: Any) -> None:
    bodies = [
        {"Payload": value},
        {"payload": {"reportProcessingFinishedNotification": value}},
        {"Payload": {"FulfillmentOrderStatusNotification": value}},
        outbound(FulfillmentOrderStatus=value, SellerId=value),
    ]
    for body in bodies:
        for read in (read_outbound_event, read_report_event):
            with suppress(BadEvent):
                read(envelope(body))
