"""The emulator's reports, judged by the model Amazon publishes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from channels_amazon.emulator.model.clock import iso
from channels_amazon.emulator.server import Emulator
from tests.emulator.caller import sign_in, subscribe
from tests.emulator.notifications.scene import received
from tests.emulator.operations.scene import made
from tests.fidelity.amazon_models import event_faults, faults_of
from tests.fidelity.judging import (
    assert_follows_the_model,
    assert_has_the_declared_headers,
)
from tests.fidelity.report_cases import CASES, REPORT, REPORTS, WANTED
from tests.fidelity.scene import Scene

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("spapi_models")]


@pytest.fixture(scope="module")
def asked(amazon: Emulator, scene: Scene) -> Scene:
    """Return a scene with a finished report and a cancelled one."""
    now = amazon.state.now()
    scene.names["month_ago"] = iso(now - timedelta(days=29))
    scene.names["cancelled"] = scene.ask("POST", REPORTS, body=WANTED).json["reportId"]
    scene.ask("DELETE", f"{REPORTS}/{{cancelled}}")
    scene.names["report"] = scene.ask("POST", REPORTS, body=WANTED).json["reportId"]
    amazon.advance(10)
    amazon.advance(30)
    report = scene.ask("GET", REPORT).json
    scene.names["document"] = report["reportDocumentId"]
    return scene


@pytest.mark.parametrize("name", CASES)
def test_answer_follows_the_model(asked: Scene, name: str) -> None:
    assert_follows_the_model(asked, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_answer_has_the_declared_headers(asked: Scene, name: str) -> None:
    assert_has_the_declared_headers(asked, CASES[name])


def test_cancelled_in_the_queue_follows_the_model(asked: Scene) -> None:
    report_id = asked.ask("POST", REPORTS, body=WANTED).json["reportId"]
    reply = asked.ask("DELETE", f"{REPORTS}/{report_id}")
    assert reply.status == 200
    assert faults_of("DELETE", f"{REPORTS}/{report_id}", 200, reply.body) == []


def test_finished_reports_are_told_after_the_schema() -> None:
    with Emulator(world="small") as amazon:
        events = _ends(amazon)
    ends = [
        event["payload"]["reportProcessingFinishedNotification"]["processingStatus"]
        for event in events
    ]
    assert ends == ["FATAL", "DONE"]
    assert [event_faults(event) for event in events] == [[], []]


def _ends(amazon: Emulator) -> list[dict[str, Any]]:
    """Let one report fail and one succeed; return the events."""
    subscribe(amazon, kind="REPORT_PROCESSING_FINISHED", version="2020-09-04")
    amazon.control("reports", fail_next=1)
    caller = sign_in(amazon)
    for _ in range(2):
        made(caller)
    return [json.loads(body) for body in received(amazon)]
