"""Tests of feeds against the local Amazon: written, submitted, read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import feeds, listings
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.listings_feed import (
    FeedMessage,
    FeedPart,
    partial_update_message,
    patch_message,
    write_listings_feed,
)
from channels_amazon.spapi.listings_feed_report import (
    ListingsFeedReport,
    MessageOutcome,
    read_listings_feed_report,
)
from tests.spapi.recorder import ListRecorder

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

DE = "A1PA6795UKMFR9"
SELLER = "A1EMULATOREU1"


@pytest.fixture
def skus(emulator: Emulator) -> list[str]:
    """Give SKUs that the merchant ships."""
    return [
        listing.sku
        for listing in emulator.state.seller_listings(SELLER)
        if listing.quantity is not None and not listing.is_fba and DE in listing.offers
    ]


def quantity(number: int, sku: str, units: int) -> FeedMessage:
    patches = [listings.quantity_patch(units, 2)]
    return patch_message(number, sku, patches, listings.ANY_PRODUCT_TYPE)


def written(*messages: FeedMessage) -> FeedPart:
    (part,) = write_listings_feed(SELLER, messages)
    return part


def submitted(client: SpApiClient, content: bytes) -> str:
    """Upload a document, submit it, and return the feed's id."""
    upload = feeds.create_feed_document(client)
    feeds.upload_feed_document(client, upload, content)
    request = feeds.FeedRequest(feeds.JSON_LISTINGS_FEED, (DE,), upload.document_id)
    return feeds.create_feed(client, request)


def finished(emulator: Emulator, client: SpApiClient, feed_id: str) -> feeds.Feed:
    """Let the feed's time pass."""
    for _ in range(4):
        emulator.advance(15)
    return feeds.get_feed(client, feed_id)


def read(client: SpApiClient, feed: feeds.Feed, part: FeedPart) -> ListingsFeedReport:
    assert feed.result_document_id is not None
    place = feeds.get_feed_document(client, feed.result_document_id)
    with feeds.open_feed_document(client, place) as content:
        return read_listings_feed_report(
            content.file, feed_id=feed.feed_id, sent=part.sent
        )


def test_upload_to_an_address_that_has_run_out(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder
) -> None:
    upload = feeds.create_feed_document(client)
    emulator.advance(360)

    with pytest.raises(errors.DocumentExpired):
        feeds.upload_feed_document(client, upload, b"{}")

    assert recorder.calls[-1].operation == "feed.upload"
    assert "?" not in recorder.calls[-1].path


@pytest.mark.usefixtures("emulator")
def test_upload_of_another_type_is_refused_for_good(client: SpApiClient) -> None:
    upload = feeds.create_feed_document(client, "text/xml; charset=UTF-8")
    other = feeds.FeedUpload(upload.document_id, upload.url, feeds.JSON_CONTENT)

    with pytest.raises(errors.InvalidRequest) as caught:
        feeds.upload_feed_document(client, other, b"{}")

    assert caught.value.code == "feeds.document_refused"


@pytest.mark.parametrize("gzip", [True, False])
def test_each_message_has_its_end(
    emulator: Emulator, client: SpApiClient, skus: list[str], gzip: bool
) -> None:
    emulator.control("feeds", gzip=gzip)
    terms = {
        "marketplace_id": DE,
        "currency": "EUR",
        "our_price": [{"schedule": [{"value_with_tax": Decimal("12.10")}]}],
    }
    part = written(
        quantity(1, skus[0], 17),
        quantity(2, "NO-SUCH", 5),
        partial_update_message(3, skus[1], {"purchasable_offer": [terms]}, "PRODUCT"),
    )

    feed = finished(emulator, client, submitted(client, part.content))
    report = read(client, feed, part)

    assert feed.status == feeds.DONE
    assert [(one.sku, one.outcome) for one in report.results] == [
        (skus[0], MessageOutcome.ACCEPTED),
        ("NO-SUCH", MessageOutcome.INVALID),
        (skus[1], MessageOutcome.ACCEPTED),
    ]
    assert report.results[1].issues[0].code == "13013"
    found = emulator.state.listings
    assert found[SELLER, skus[0]].quantity == 17
    assert found[SELLER, skus[1]].offers[DE].price == Decimal("12.1")


def test_fatal_feed_has_no_report(
    emulator: Emulator, client: SpApiClient, skus: list[str]
) -> None:
    emulator.control("feeds", fail_next=1)

    content = written(quantity(1, skus[0], 3)).content
    feed = finished(emulator, client, submitted(client, content))

    assert (feed.status, feed.is_finished) == (feeds.FATAL, True)
    assert feed.result_document_id is None


def test_messages_that_the_report_lacks_are_unknown(
    emulator: Emulator, client: SpApiClient, skus: list[str]
) -> None:
    emulator.control("feeds", skip_messages=1)
    part = written(quantity(1, skus[0], 3), quantity(2, skus[1], 4))

    feed = finished(emulator, client, submitted(client, part.content))

    outcomes = {one.outcome for one in read(client, feed, part).results}
    assert outcomes == {MessageOutcome.UNKNOWN}


def test_file_that_amazon_cannot_read_changes_nothing(
    emulator: Emulator, client: SpApiClient, skus: list[str]
) -> None:
    part = written(quantity(1, skus[0], 3))

    feed = finished(emulator, client, submitted(client, part.content[:-1]))
    report = read(client, feed, part)

    assert report.is_refused_whole
    assert report.file_issues[0].code == "4002001"


def test_feed_is_found_again_and_cancelled(
    emulator: Emulator, client: SpApiClient, skus: list[str]
) -> None:
    feed_id = submitted(client, written(quantity(1, skus[0], 3)).content)

    page = feeds.get_feeds(client, feeds.FeedsQuery([feeds.JSON_LISTINGS_FEED]))
    feeds.cancel_feed(client, feed_id)

    assert [feed.feed_id for feed in page.feeds] == [feed_id]
    assert feeds.get_feed(client, feed_id).status == feeds.CANCELLED
    with pytest.raises(errors.InvalidRequest):
        feeds.cancel_feed(client, feed_id)


def test_sixth_feed_in_five_minutes_is_throttled(
    emulator: Emulator, client: SpApiClient, skus: list[str]
) -> None:
    content = written(quantity(1, skus[0], 3)).content
    for _ in range(5):
        submitted(client, content)

    with pytest.raises(errors.Throttled):
        submitted(client, content)

    assert emulator.control("state")["calls"]["createFeed"]["throttled"] >= 1
