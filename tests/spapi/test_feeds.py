"""Tests of submitting feeds and looking at them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import feeds
from tests.fidelity.amazon_models import request_faults
from tests.spapi.conftest import NOW, Kit
from tests.spapi.server import Script, Scripted, answer, hang_up, refusal

DE = "A1PA6795UKMFR9"
REQUEST = feeds.FeedRequest(feeds.JSON_LISTINGS_FEED, [DE], "amzn1.tortuga.x")
SECRET = "?X-Amz-Signature=CANARY"
FEED: dict[str, Any] = {
    "feedId": "23492394",
    "feedType": feeds.JSON_LISTINGS_FEED,
    "processingStatus": "DONE",
    "createdTime": "2026-11-20T11:00:00+00:00",
    "processingStartTime": "2026-11-20T11:01:00Z",
    "processingEndTime": "2026-11-20T11:05:00Z",
    "resultFeedDocumentId": "amzn1.tortuga.3.x",
    "marketplaceIds": [DE],
}


@pytest.mark.parametrize("script", [answer(503), hang_up])
def test_create_feed_is_never_sent_twice(
    server: Scripted, kit: Kit, script: Script
) -> None:
    server.then(script)

    with pytest.raises(errors.ServiceUnavailable):
        feeds.create_feed(kit.client, REQUEST)

    assert len(server.received) == 1


@pytest.mark.parametrize("count", [0, 26])
def test_create_feed_refuses_what_amazon_would(
    server: Scripted, kit: Kit, count: int
) -> None:
    with pytest.raises(errors.InvalidRequest):
        feeds.create_feed(kit.client, feeds.FeedRequest("T", [DE] * count, "d"))

    assert not server.received


def test_create_feed_that_is_refused_says_why(server: Scripted, kit: Kit) -> None:
    server.then(refusal(400, "InvalidInput", "Feed type T is not offered."))

    with pytest.raises(errors.InvalidRequest, match="not offered"):
        feeds.create_feed(kit.client, REQUEST)


def test_create_feed_sends_what_the_model_wants(server: Scripted, kit: Kit) -> None:
    server.then(answer(202, {"feedId": "7"}), answer(202, {"feedId": "8"}))

    assert feeds.create_feed(kit.client, REQUEST) == "7"
    with_options = feeds.FeedRequest("T", [DE], "d", {"a": "b"})
    feeds.create_feed(kit.client, with_options)

    assert json.loads(server.received[0].body) == {
        "feedType": feeds.JSON_LISTINGS_FEED,
        "marketplaceIds": [DE],
        "inputFeedDocumentId": "amzn1.tortuga.x",
    }
    assert json.loads(server.received[1].body)["feedOptions"] == {"a": "b"}


@pytest.mark.models
@pytest.mark.usefixtures("spapi_models")
def test_bodies_follow_amazons_model(server: Scripted, kit: Kit) -> None:
    server.then(
        answer(201, {"feedDocumentId": "d", "url": "https://x/"}),
        answer(202, {"feedId": "7"}),
    )

    feeds.create_feed_document(kit.client)
    feeds.create_feed(kit.client, feeds.FeedRequest("T", [DE], "d", {"a": "b"}))

    for request in server.received:
        body = json.loads(request.body)
        assert request_faults(request.method, request.path, body) == []


def test_document_is_made_again_after_an_outage(server: Scripted, kit: Kit) -> None:
    server.then(
        answer(503), answer(201, {"feedDocumentId": "d", "url": "https://x/" + SECRET})
    )

    upload = feeds.create_feed_document(kit.client)

    assert (upload.document_id, upload.url) == ("d", "https://x/" + SECRET)
    assert json.loads(server.received[1].body) == {"contentType": feeds.JSON_CONTENT}
    assert "CANARY" not in repr(upload)


def test_feed_is_read_whole(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, FEED))

    feed = feeds.get_feed(kit.client, "23492394")

    assert (feed.status, feed.is_finished) == ("DONE", True)
    assert feed.result_document_id == "amzn1.tortuga.3.x"
    assert (feed.marketplace_ids, feed.feed_type) == ((DE,), "JSON_LISTINGS_FEED")
    assert feed.started_at is not None


@pytest.mark.parametrize(
    ("word", "is_finished"),
    [
        ("IN_QUEUE", False),
        ("IN_PROGRESS", False),
        ("NEVER_SEEN", False),
        ("CANCELLED", True),
        ("FATAL", True),
    ],
)
def test_feed_is_finished_under_the_words_that_are_final(
    server: Scripted, kit: Kit, word: str, is_finished: bool
) -> None:
    server.then(answer(200, {**FEED, "processingStatus": word}))

    assert feeds.get_feed(kit.client, "1").is_finished == is_finished


@pytest.mark.parametrize("name", ["feedId", "feedType", "processingStatus"])
def test_feed_without_a_required_field_is_unexpected(
    server: Scripted, kit: Kit, name: str
) -> None:
    server.then(answer(200, {key: FEED[key] for key in FEED if key != name}))

    with pytest.raises(errors.UnexpectedResponse, match=name):
        feeds.get_feed(kit.client, "1")


def test_feeds_are_asked_for_with_the_token_alone(server: Scripted, kit: Kit) -> None:
    server.then(
        answer(200, {"feeds": [FEED], "nextToken": "t/1"}),
        answer(200, {"feeds": [FEED, FEED]}),
    )
    query = feeds.FeedsQuery([feeds.JSON_LISTINGS_FEED], created_since=NOW)

    page = feeds.get_feeds(kit.client, query)
    last = feeds.get_feeds(kit.client, query, page.next_token)

    assert (len(page.feeds), len(last.feeds), last.next_token) == (1, 2, None)
    assert "createdSince=2026-11-20T12:00:00Z" in server.received[0].path
    assert server.received[1].path == "/feeds/2021-06-30/feeds?nextToken=t%2F1"


def test_cancelled_feed_answers_nothing(server: Scripted, kit: Kit) -> None:
    server.then(answer(200))

    feeds.cancel_feed(kit.client, "7")

    assert server.received[0].method == "DELETE"
    assert server.received[0].path == "/feeds/2021-06-30/feeds/7"


def test_result_address_stays_out_of_sight(server: Scripted, kit: Kit) -> None:
    content = {"feedDocumentId": "d", "url": "https://x/" + SECRET}
    server.then(answer(200, {**content, "compressionAlgorithm": "GZIP"}))

    place = feeds.get_feed_document(kit.client, "d")

    assert (place.compression, place.url) == ("GZIP", content["url"])
    assert "CANARY" not in repr(place)
