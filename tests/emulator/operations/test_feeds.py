"""The operations on feeds: what they answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import (
    DOCUMENTS,
    FEEDS,
    LISTINGS,
    document_of,
    finished,
    new_document,
    quantity_message,
    sent,
    submit,
    upload,
)

from ..caller import DE, US, Caller, exchange, sign_in

MESSAGE = quantity_message(1, "X", 1)


def uploaded(caller: Caller) -> str:
    return upload(caller, document_of(caller, MESSAGE))


@pytest.mark.parametrize(
    "over",
    [
        {"feedType": "POST_NOTHING"},
        {"feedType": None},
        {"marketplaceIds": []},
        {"marketplaceIds": [US] * 26},
        {"marketplaceIds": US},
        {"marketplaceIds": [DE]},
        {"inputFeedDocumentId": "amzn1.none"},
        {"inputFeedDocumentId": None},
        {"feedOptions": []},
        {"feedOptions": {"a": 1}},
    ],
)
def test_bad_submission_is_refused(emulator: Emulator, over: dict[str, Any]) -> None:
    caller = sign_in(emulator)

    reply = submit(caller, uploaded(caller), **over)

    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert emulator.control("state")["feeds"] == []


def test_document_without_type_is_refused(emulator: Emulator) -> None:
    assert sign_in(emulator).send("POST", DOCUMENTS, body={}).status == 400


def test_document_must_have_been_uploaded(emulator: Emulator) -> None:
    caller = sign_in(emulator)

    reply = submit(caller, new_document(caller)["feedDocumentId"])

    assert reply.status == 400
    assert "has not been uploaded" in reply.error["message"]


def test_unused_document_is_dropped_after_two_days(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    unused, used = uploaded(caller), uploaded(caller)
    submit(caller, used)
    emulator.advance(2 * 86_400 + 60)

    caller = sign_in(emulator)

    assert [submit(caller, each).status for each in (unused, used)] == [400, 202]


def test_document_of_another_seller_is_unknown(emulator: Emulator) -> None:
    caller, other = sign_in(emulator), sign_in(emulator, "eu")
    feed_id = sent(caller, MESSAGE)
    result = finished(caller, feed_id)["resultFeedDocumentId"]

    assert submit(other, uploaded(caller), marketplaceIds=[DE]).status == 400
    assert other.get(f"{DOCUMENTS}/{result}").status == 404
    assert other.get(f"{FEEDS}/{feed_id}").status == 404


def test_feed_of_no_possible_id_is_refused(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    statuses = [caller.get(f"{FEEDS}/{feed_id}").status for feed_id in ("1", "x")]

    assert statuses == [404, 400]


def test_feed_without_its_role_is_forbidden(emulator: Emulator) -> None:
    emulator.control("roles", only=["Pricing"])
    caller = sign_in(emulator)

    assert submit(caller, uploaded(caller)).status == 403
    assert caller.get(FEEDS, feedTypes=LISTINGS).status == 403


def test_five_listing_feeds_are_taken_in_five_minutes(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    document = uploaded(caller)
    statuses = [submit(caller, document).status for _ in range(6)]
    old_type = submit(caller, document, feedType="POST_PRODUCT_DATA").status
    emulator.advance(301)
    later = submit(caller, document)

    assert statuses == [202] * 5 + [429]
    assert (old_type, later.status) == (202, 202)


def test_create_feed_has_fifteen_tokens(emulator: Emulator) -> None:
    emulator.control("feeds", most_submissions=100)
    caller = sign_in(emulator)
    document = uploaded(caller)
    statuses = [submit(caller, document).status for _ in range(16)]
    emulator.advance(121)

    assert statuses == [202] * 15 + [429]
    assert submit(caller, document).status == 202


def test_feeds_are_listed_newest_first_by_page(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    ids = [sent(caller, MESSAGE) for _ in range(3)]

    first = caller.get(FEEDS, feedTypes=LISTINGS, pageSize=2).json
    second = caller.get(FEEDS, nextToken=first["nextToken"]).json
    mixed = caller.get(FEEDS, nextToken=first["nextToken"], pageSize=2)

    shown = [row["feedId"] for row in first["feeds"] + second["feeds"]]
    assert shown == ids[::-1]
    assert "nextToken" not in second
    assert (mixed.status, caller.get(FEEDS).status) == (400, 400)


def test_feeds_are_filtered(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    feed_id = sent(caller, MESSAGE)
    finished(caller, feed_id)
    queued = sent(caller, MESSAGE)

    def found(**query: object) -> list[str]:
        page = caller.get(FEEDS, feedTypes=LISTINGS, **query).json
        return [row["feedId"] for row in page["feeds"]]

    assert found(processingStatuses="DONE") == [feed_id]
    assert found(processingStatuses="IN_QUEUE,IN_PROGRESS") == [queued]
    assert found(marketplaceIds=US) == [queued, feed_id]
    assert found(createdUntil="2020-01-01T00:00:00Z") == []


def test_state_tells_of_feeds(emulator: Emulator) -> None:
    feed_id = sent(sign_in(emulator), MESSAGE)

    state = exchange(emulator, "GET", "/_emulator/state").json

    assert [feed["feed_id"] for feed in state["feeds"]] == [feed_id]
    assert state["feeds"][0]["status"] == "IN_QUEUE"
