"""Amazon's own Python SDK submits feeds to the emulator."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import requests

from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import JSON_TYPE, LISTINGS, quantity_message
from tests.fidelity.scene import US, Scene
from tests.fidelity.sdk import FEEDS, Sdk


@pytest.fixture(scope="module")
def api(amazon: Emulator, sdk: Sdk) -> Any:
    """Return the SDK's feeds."""
    amazon.control("feeds", most_submissions=1000)
    return sdk.package.FeedsApi(sdk.seller)


def made(sdk: Sdk, api: Any) -> Any:
    """Return a new document."""
    models = sdk.models("feeds_v2021_06_30")
    body = models.CreateFeedDocumentSpecification(content_type=JSON_TYPE)
    return api.create_feed_document(body)


def submitted(sdk: Sdk, api: Any, scene: Scene, quantity: int = 5) -> str:
    """Submit a change of one quantity and return the feed's id."""
    document = made(sdk, api)
    feed = {
        "header": {"sellerId": scene.names["seller"], "version": "2.0"},
        "messages": [quantity_message(1, scene.names["sku"], quantity)],
    }
    stored = requests.put(
        document.url,
        data=json.dumps(feed).encode(),
        headers={"Content-Type": JSON_TYPE},
        timeout=10,
    )
    assert stored.status_code == 200
    body = sdk.models("feeds_v2021_06_30").CreateFeedSpecification(
        feed_type=LISTINGS,
        marketplace_ids=[US],
        input_feed_document_id=document.feed_document_id,
    )
    feed_id: str = api.create_feed(body).feed_id
    return feed_id


def done(amazon: Emulator, api: Any, feed_id: str) -> Any:
    """Return the feed when its time is over, and that of the feeds before it."""
    for _ in range(20):
        amazon.advance(20)
        feed = api.get_feed(feed_id)
        if feed.processing_status == "DONE":
            break
    return feed


def test_create_feed_document(sdk: Sdk, api: Any) -> None:
    document = made(sdk, api)
    assert document.url.startswith("http")
    assert document.feed_document_id


def test_create_feed(sdk: Sdk, api: Any, scene: Scene) -> None:
    assert submitted(sdk, api, scene).isdigit()


def test_get_feed(sdk: Sdk, api: Any, scene: Scene) -> None:
    feed = api.get_feed(submitted(sdk, api, scene))
    assert (feed.processing_status, feed.feed_type) == ("IN_QUEUE", LISTINGS)


def test_get_feeds(sdk: Sdk, api: Any, scene: Scene) -> None:
    feed_id = submitted(sdk, api, scene)
    first = api.get_feeds(feed_types=[LISTINGS], page_size=1)
    second = api.get_feeds(next_token=first.next_token)
    assert first.feeds[0].feed_id == feed_id
    assert second.feeds


def test_cancel_feed(sdk: Sdk, api: Any, scene: Scene) -> None:
    feed_id = submitted(sdk, api, scene)
    api.cancel_feed(feed_id)
    assert api.get_feed(feed_id).processing_status == "CANCELLED"


def test_get_feed_document(sdk: Sdk, amazon: Emulator, api: Any, scene: Scene) -> None:
    feed = done(amazon, api, submitted(sdk, api, scene, quantity=6))
    document = api.get_feed_document(feed.result_feed_document_id)
    answer = requests.get(document.url, timeout=10)
    report = json.loads(gzip.decompress(answer.content))
    assert document.compression_algorithm == "GZIP"
    assert report["summary"]["messagesAccepted"] == 1


def test_operations_were_performed(amazon: Emulator) -> None:
    with amazon.state.lock:
        assert set(amazon.state.calls) >= FEEDS
