"""Tests of reports against the local Amazon: asked for, fetched, read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from channels_amazon.rules.events.order_change import read_envelope
from channels_amazon.rules.events.report_finished import read_report_event
from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import fba_inventory, notifications, reports
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.order_report import OrderReportContent, read_order_report
from channels_amazon.spapi.outbound import OutboundItem
from channels_amazon.spapi.outbound_versions import outbound_api
from channels_amazon.spapi.report_documents import (
    ReportDocument,
    open_report_document,
)
from channels_amazon.spapi.sqs import Queue
from tests.spapi import outbound_answers as told
from tests.spapi.recorder import ListRecorder

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

DE = "A1PA6795UKMFR9"


def asked(client: SpApiClient) -> str:
    """Ask for a report of the last days and return its id."""
    start = datetime.now(tz=UTC) - timedelta(days=29)
    # Until now: a stated end is cut to the second, and orders are younger than that.
    request = reports.ReportRequest(reports.ALL_ORDERS, [DE], start)
    return reports.create_report(client, request)


def finished(emulator: Emulator, client: SpApiClient) -> reports.Report:
    """Have a report made at once."""
    emulator.control("reports", seconds=0)
    report_id = asked(client)
    # One look starts it, the next finds its end.
    emulator.flush()
    emulator.flush()
    return reports.get_report(client, report_id)


def placed(client: SpApiClient, report: reports.Report) -> ReportDocument:
    assert report.document_id is not None
    return reports.get_report_document(client, report.document_id)


def read(client: SpApiClient, report: reports.Report) -> OrderReportContent:
    with open_report_document(client, placed(client, report)) as content:
        return read_order_report(content.file, charset=content.charset)


def test_report_holds_the_orders_placed(
    emulator: Emulator, client: SpApiClient
) -> None:
    # An order that is released later is changed after the report's interval.
    emulator.control("behaviour", pending_seconds=0)
    placed_ids = set(
        emulator.place_orders(
            5, region="eu", marketplace_id=DE, fulfilled_by="MERCHANT"
        )
    )

    found = read(client, finished(emulator, client))

    mine = [order for order in found.orders if order.order_id in placed_ids]
    assert len(mine) == 5
    assert {order.fulfilled_by for order in mine} == {"MERCHANT"}
    assert all(line.sku and line.quantity for order in mine for line in order.lines)
    assert not found.quarantined


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "shift_jis"])
@pytest.mark.parametrize("gzip", [True, False])
def test_report_is_read_in_odd_forms(
    emulator: Emulator, client: SpApiClient, encoding: str, gzip: bool
) -> None:
    emulator.control("behaviour", pending_seconds=0)
    emulator.place_orders(3, region="eu", marketplace_id=DE)
    emulator.control(
        "reports",
        encoding=encoding,
        gzip=gzip,
        shuffle=True,
        sparse=True,
        extra_column=True,
    )

    found = read(client, finished(emulator, client))

    assert len(found.orders) >= 3
    assert not found.quarantined


def test_order_of_a_web_shop_is_known_in_the_report(
    emulator: Emulator, client: SpApiClient
) -> None:
    (order_id,) = emulator.place_orders(1, region="eu", marketplace_id=DE)
    sku = next(
        one.seller_sku
        for one in fba_inventory.get_inventory_summaries(
            client, fba_inventory.InventoryQuery(DE)
        ).summaries
        if isinstance(one, fba_inventory.InventorySummary) and one.fulfillable
    )
    items = [OutboundItem("1", sku, 1)]
    today = datetime.now(tz=UTC)
    outbound_api().create(client, told.order(items=items, ordered_at=today))
    emulator.advance(120)

    found = read(client, finished(emulator, client))

    elsewhere = [order for order in found.orders if order.is_non_amazon]
    assert [one.lines[0].sku for one in elsewhere] == [sku]
    assert order_id in {one.order_id for one in found.orders if not one.is_non_amazon}


def test_failed_report_has_a_document_that_is_no_table(
    emulator: Emulator, client: SpApiClient
) -> None:
    emulator.place_orders(1, region="eu", marketplace_id=DE)
    emulator.control("reports", fail_next=1)

    report = finished(emulator, client)

    assert (report.status, report.is_finished) == (reports.FATAL, True)
    with pytest.raises(errors.UnexpectedResponse) as caught:
        read(client, report)
    assert caught.value.code == "reports.columns_missing"


def test_document_address_runs_out(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder
) -> None:
    emulator.place_orders(1, region="eu", marketplace_id=DE)
    place = placed(client, finished(emulator, client))
    emulator.advance(360)

    with (
        pytest.raises(errors.DocumentExpired),
        open_report_document(client, place),
    ):
        pass

    assert recorder.calls[-1].operation == "report.document"
    assert "?" not in recorder.calls[-1].path


def test_end_of_a_report_is_told(
    emulator: Emulator, client: SpApiClient, queue: Queue
) -> None:
    where = notifications.create_destination(client, "reports", emulator.queue_arn)
    notifications.create_subscription(
        client, where.destination_id, "REPORT_PROCESSING_FINISHED", "2020-09-04"
    )
    emulator.place_orders(1, region="eu", marketplace_id=DE)

    report = finished(emulator, client)
    emulator.flush()

    events = [
        read_report_event(read_envelope(message.body))
        for message in queue.receive(wait=5)
    ]
    assert [(event.report_id, event.status) for event in events] == [
        (report.report_id, "DONE")
    ]
