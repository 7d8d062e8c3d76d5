"""Amazon's own Python SDK asks the emulator for reports."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import pytest
import requests

from channels_amazon.emulator.server import Emulator
from tests.fidelity.scene import US, Scene
from tests.fidelity.sdk import REPORTS, Sdk

ALL_ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"


@pytest.fixture(scope="module")
def api(sdk: Sdk) -> Any:
    """Return the SDK's reports."""
    return sdk.package.ReportsApi(sdk.seller)


def ask(sdk: Sdk, amazon: Emulator, api: Any) -> str:
    """Ask for a report of the last days and return its id."""
    now = amazon.state.now()
    body = sdk.models("reports_v2021_06_30").CreateReportSpecification(
        report_type=ALL_ORDERS,
        marketplace_ids=[US],
        data_start_time=now - timedelta(days=20),
        data_end_time=now,
    )
    report_id: str = api.create_report(body).report_id
    return report_id


def done(sdk: Sdk, amazon: Emulator, api: Any) -> Any:
    """Return a report that is done."""
    report_id = ask(sdk, amazon, api)
    amazon.advance(10)
    amazon.advance(30)
    return api.get_report(report_id)


def test_create_report(sdk: Sdk, amazon: Emulator, api: Any) -> None:
    assert ask(sdk, amazon, api).isdigit()


def test_get_report(sdk: Sdk, amazon: Emulator, api: Any) -> None:
    report = api.get_report(ask(sdk, amazon, api))
    assert report.processing_status == "IN_QUEUE"


def test_get_reports(sdk: Sdk, amazon: Emulator, api: Any) -> None:
    report_id = ask(sdk, amazon, api)
    first = api.get_reports(report_types=[ALL_ORDERS], page_size=1)
    second = api.get_reports(next_token=first.next_token)
    assert first.reports[0].report_id == report_id
    assert second.reports


def test_cancel_report(sdk: Sdk, amazon: Emulator, api: Any) -> None:
    report_id = ask(sdk, amazon, api)
    api.cancel_report(report_id)
    assert api.get_report(report_id).processing_status == "CANCELLED"


def test_get_report_document(
    sdk: Sdk, amazon: Emulator, api: Any, scene: Scene
) -> None:
    report = done(sdk, amazon, api)
    document = api.get_report_document(report.report_document_id)
    answer = requests.get(document.url, timeout=10)
    text = gzip.decompress(answer.content).decode()
    assert document.compression_algorithm == "GZIP"
    assert scene.names["order"] in text


def test_operations_were_performed(amazon: Emulator) -> None:
    with amazon.state.lock:
        assert set(amazon.state.calls) >= REPORTS
