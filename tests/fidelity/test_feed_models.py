"""The emulator's feeds, judged by the model and the schemas Amazon publishes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.emulator.feeds.messages import is_against_schema
from channels_amazon.emulator.server import Emulator
from tests.emulator.caller import sign_in, subscribe
from tests.emulator.feeds.scene import (
    document_of,
    finished,
    quantity_message,
    report_of,
    sent,
    submit,
    upload,
)
from tests.emulator.notifications.scene import received
from tests.fidelity.amazon_models import document_faults, event_faults, faults_of
from tests.fidelity.feed_cases import CASES, FEEDS, WANTED
from tests.fidelity.judging import (
    assert_follows_the_model,
    assert_has_the_declared_headers,
)
from tests.fidelity.scene import Scene

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("spapi_models")]

INPUT, REPORT = "listings-feed-schema-v2", "listings-feed-processing-report-schema-v2"
ATTRIBUTES = {"color": [{"value": "red"}]}


@pytest.fixture(scope="module")
def asked(amazon: Emulator, scene: Scene) -> Scene:
    """Return a scene with a finished feed and a cancelled one."""
    amazon.control("feeds", most_submissions=1000)
    caller = sign_in(amazon)
    content = document_of(caller, quantity_message(1, scene.names["sku"], 5))
    scene.names["input"] = upload(caller, content)
    scene.names["cancelled"] = scene.ask("POST", FEEDS, body=WANTED).json["feedId"]
    scene.ask("DELETE", f"{FEEDS}/{{cancelled}}")
    scene.names["feed"] = scene.ask("POST", FEEDS, body=WANTED).json["feedId"]
    feed = finished(caller, scene.names["feed"])
    scene.names["result"] = feed["resultFeedDocumentId"]
    return scene


@pytest.mark.parametrize("name", CASES)
def test_answer_follows_the_model(asked: Scene, name: str) -> None:
    assert_follows_the_model(asked, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_answer_has_the_declared_headers(asked: Scene, name: str) -> None:
    assert_has_the_declared_headers(asked, CASES[name])


def test_cancelled_in_the_queue_follows_the_model(asked: Scene) -> None:
    feed_id = asked.ask("POST", FEEDS, body=WANTED).json["feedId"]
    reply = asked.ask("DELETE", f"{FEEDS}/{feed_id}")
    assert reply.status == 200
    assert faults_of("DELETE", f"{FEEDS}/{feed_id}", 200, reply.body) == []


def test_limit_of_listing_feeds_answers_as_the_model_says(
    amazon: Emulator, asked: Scene
) -> None:
    amazon.control("feeds", most_submissions=0)
    reply = asked.ask("POST", FEEDS, body=WANTED)
    amazon.control("feeds", most_submissions=1000)
    assert reply.status == 429
    assert faults_of("POST", FEEDS, 429, reply.body) == []


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"version": "3.0"},
        {"sellerId": "A1OTHER"},
        {
            "report": {
                "includedData": ["summaries", "issues"],
                "apiVersion": "2021-08-01",
            }
        },
    ],
)
def test_processing_report_follows_its_schema(
    amazon: Emulator, scene: Scene, header: dict[str, Any]
) -> None:
    amazon.control("feeds", most_submissions=1000)
    caller = sign_in(amazon)
    messages = [
        quantity_message(1, scene.names["sku"], 5),
        quantity_message(2, scene.names["sku"], -5),
        quantity_message(3, "NO-SUCH", 5),
        quantity_message(1, "TWICE", 5),
        {"messageId": 5},
    ]

    report = report_of(caller, finished(caller, sent(caller, *messages, **header)))

    assert report["issues"]
    assert document_faults(REPORT, report) == []


scalars = st.sampled_from(["", "X", "LISTING", "PRODUCT", 0, 1, 1.0, 1.5, True, None])
patches = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "op": st.sampled_from(["add", "replace", "merge", "delete", "move", 1]),
            "path": st.sampled_from(["/attributes/x", "", 1]),
            "value": st.sampled_from([[], [{}], [{"a": 1}], [1], {}, None]),
        },
    )
    | scalars,
    max_size=2,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "messageId": st.sampled_from(
            [0, 1, 7, 1.0, 1.5, 2_147_483_647, 2_147_483_648, "1", True]
        ),
        "sku": scalars,
        "operationType": st.sampled_from(
            ["UPDATE", "PARTIAL_UPDATE", "PATCH", "DELETE", "REPLACE", 1]
        ),
        "productType": scalars,
        "requirements": scalars,
        "attributes": st.sampled_from([ATTRIBUTES, {}, [], None]),
        "patches": patches | scalars,
        "surprise": scalars,
    },
)


@given(messages)
def test_messages_are_judged_as_the_schema_judges(message: dict[str, Any]) -> None:
    feed = {"header": {"sellerId": "A1", "version": "2.0"}, "messages": [message]}

    assert is_against_schema(message) == bool(document_faults(INPUT, feed))


def test_finished_feeds_are_told_after_the_schema() -> None:
    with Emulator(world="small") as amazon:
        events = _ends(amazon)
    ends = [
        event["payload"]["feedProcessingFinishedNotification"]["processingStatus"]
        for event in events
    ]
    assert ends == ["FATAL", "DONE", "CANCELLED"]
    assert [event_faults(event) for event in events] == [[], [], []]


def _ends(amazon: Emulator) -> list[dict[str, Any]]:
    """Let one feed fail, one succeed and one be cancelled; return the events."""
    subscribe(amazon, kind="FEED_PROCESSING_FINISHED", version="2020-09-04")
    amazon.control("feeds", fail_next=1)
    caller = sign_in(amazon)
    document = upload(caller, document_of(caller, quantity_message(1, "X", 1)))
    for _ in range(2):
        finished(caller, submit(caller, document).json["feedId"])
    feed_id = submit(caller, document).json["feedId"]
    caller.send("DELETE", f"{FEEDS}/{feed_id}")
    return [json.loads(body) for body in received(amazon)]
