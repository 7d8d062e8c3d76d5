"""Feeds from the queue to their end: in turn, cancelled, fatal, and told of."""

from __future__ import annotations

import json

from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import (
    FEEDS,
    document_of,
    finished,
    looked_at,
    quantity_message,
    report_of,
    result,
    sent,
    submit,
    upload,
)
from tests.emulator.listings.scene import some_listing

from ..caller import SELLERS, sign_in, subscribe
from ..notifications.scene import received


def test_feed_goes_from_the_queue_to_its_end(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    feed_id = sent(caller, quantity_message(1, some_listing(emulator).sku, 5))
    seen = [looked_at(caller, feed_id)["processingStatus"]]
    for seconds in (6, 11):
        emulator.advance(seconds)
        seen.append(looked_at(caller, feed_id)["processingStatus"])

    feed = looked_at(caller, feed_id)
    assert seen == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    assert feed["createdTime"] < feed["processingStartTime"] < feed["processingEndTime"]
    assert feed["resultFeedDocumentId"]


def test_feeds_are_processed_in_turn(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    first = sent(caller, quantity_message(1, listing.sku, 11))
    second = sent(caller, quantity_message(1, listing.sku, 22))
    emulator.advance(6)
    seen = [looked_at(caller, one)["processingStatus"] for one in (first, second)]
    emulator.advance(10)
    seen += [looked_at(caller, one)["processingStatus"] for one in (first, second)]
    finished(caller, second)

    assert seen == ["IN_PROGRESS", "IN_QUEUE", "DONE", "IN_PROGRESS"]
    assert listing.quantity == 22


def test_feed_is_cancelled_in_the_queue_only(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    before = listing.quantity
    caller = sign_in(emulator)
    cancelled = sent(caller, quantity_message(1, listing.sku, 91))
    early = caller.send("DELETE", f"{FEEDS}/{cancelled}")
    again = caller.send("DELETE", f"{FEEDS}/{cancelled}")
    emulator.advance(30)
    unchanged = listing.quantity
    running = sent(caller, quantity_message(1, listing.sku, 92))
    emulator.advance(6)
    late = caller.send("DELETE", f"{FEEDS}/{running}")
    unknown = caller.send("DELETE", f"{FEEDS}/1")

    feed = looked_at(caller, cancelled)
    statuses = [each.status for each in (early, again, late, unknown)]
    assert (statuses, unchanged) == ([200, 400, 400, 404], before)
    assert feed["processingStatus"] == "CANCELLED"
    assert "resultFeedDocumentId" not in feed


def test_old_types_of_feed_end_fatal(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    document = upload(caller, b"<AmazonEnvelope/>")
    reply = submit(caller, document, feedType="POST_INVENTORY_AVAILABILITY_DATA")

    feed = finished(caller, reply.json["feedId"])

    assert feed["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in feed


def test_feed_may_break_off_after_some_messages(emulator: Emulator) -> None:
    first, second = [
        listing
        for listing in emulator.state.seller_listings(SELLERS["na"])
        if listing.quantity is not None
    ][:2]
    before = second.quantity
    caller = sign_in(emulator)
    emulator.control("feeds", fail_next=1, fail_after=1)

    messages = (quantity_message(1, first.sku, 71), quantity_message(2, second.sku, 72))
    feed = finished(caller, sent(caller, *messages))

    assert feed["processingStatus"] == "FATAL"
    assert (first.quantity, second.quantity) == (71, before)
    # The next one is well.
    assert result(caller, *messages)["summary"]["messagesAccepted"] == 2


def test_feed_that_is_too_large_ends_fatal(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    content = document_of(caller, quantity_message(1, "X", 1))
    reply = submit(caller, upload(caller, content + b" " * 10 * 1024 * 1024))

    assert finished(caller, reply.json["feedId"])["processingStatus"] == "FATAL"


def test_report_may_lack_messages(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    emulator.control("feeds", skip_messages=1, gzip=False)
    messages = (
        quantity_message(1, listing.sku, 5),
        quantity_message(2, listing.sku, 6),
    )

    report = result(sign_in(emulator), *messages)

    assert report["summary"]["messagesProcessed"] == 1
    assert listing.quantity == 5


def test_many_messages_take_longer(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    emulator.control("feeds", queue_seconds=0)
    caller = sign_in(emulator)
    messages = [quantity_message(n, listing.sku, n % 90) for n in range(1, 2_001)]
    feed_id = sent(caller, *messages)
    emulator.advance(10.5)
    still = looked_at(caller, feed_id)["processingStatus"]

    feed = finished(caller, feed_id)

    assert still == "IN_PROGRESS"
    assert report_of(caller, feed)["summary"]["messagesAccepted"] == 2_000
    assert listing.quantity == 2_000 % 90


def test_jump_of_the_clock_passes_over_a_whole_feed(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    emulator.control("feeds", queue_seconds=0)
    caller = sign_in(emulator)
    messages = [quantity_message(n, listing.sku, 7) for n in range(1, 2_001)]
    feed_id = sent(caller, *messages)
    # One look starts it, the next finds its end.
    emulator.advance(1)
    emulator.advance(60)

    assert looked_at(caller, feed_id)["processingStatus"] == "DONE"


def test_finished_feed_is_told_of(emulator: Emulator) -> None:
    received(emulator)
    subscribe(emulator, kind="FEED_PROCESSING_FINISHED", version="2020-09-04")
    caller = sign_in(emulator)

    feed = finished(caller, sent(caller, quantity_message(1, "NO-SUCH", 1)))

    (body,) = received(emulator)
    told = json.loads(body)["payload"]["feedProcessingFinishedNotification"]
    assert told["resultFeedDocumentId"] == feed["resultFeedDocumentId"]
    assert (told["feedType"], told["processingStatus"]) == (
        "JSON_LISTINGS_FEED",
        "DONE",
    )
