"""Feeds API 2021-06-30: many changes in one document; client layer.

Make a document, put the content to its address, submit it as a feed, look until the
feed is finished, and read the result, which alone says what became of each message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels_amazon.spapi import errors, fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.documents import (
    MAX_BYTES,
    TIMEOUT,
    DocumentContent,
    StoredDocument,
    open_document,
    put_document,
)
from channels_amazon.spapi.errors import Evidence
from channels_amazon.spapi.fields import Details, JsonObject
from channels_amazon.wording import sentence

JSON_LISTINGS_FEED = "JSON_LISTINGS_FEED"
JSON_CONTENT = "application/json; charset=UTF-8"
IN_QUEUE, IN_PROGRESS = "IN_QUEUE", "IN_PROGRESS"
DONE, CANCELLED, FATAL = "DONE", "CANCELLED", "FATAL"
# Amazon's limit for marketplaceIds of createFeed.
MOST_MARKETPLACES = 25
# Amazon takes so many feeds of the type JSON_LISTINGS_FEED in so many seconds from an
# account in a region, whatever tokens createFeed has.
MOST_LISTINGS_FEEDS = 5
LISTINGS_FEEDS_SECONDS = 300.0
_FINISHED = frozenset({DONE, CANCELLED, FATAL})


@dataclass(frozen=True, slots=True)
class FeedUpload:
    """Where a new document is put to; `url` is a secret that lives five minutes."""

    document_id: str
    url: str = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """Which uploaded document to submit, as what, and for which marketplaces."""

    feed_type: str
    marketplace_ids: Sequence[str]
    document_id: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as Amazon keeps it; `status` keeps Amazon's word.

    DONE says that it was processed, not that a message was accepted. FATAL: some, none
    or all of it was done. `unread` says what could not be read.
    """

    feed_id: str
    feed_type: str
    status: str
    created_at: datetime
    result_document_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    marketplace_ids: tuple[str, ...]
    unread: tuple[str, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Tell whether its status is final."""
        return self.status in _FINISHED


@dataclass(frozen=True, slots=True)
class FeedsQuery:
    """Which feeds: at most 10 types and marketplaces, 90 days back by default."""

    feed_types: Sequence[str]
    statuses: Sequence[str] = ()
    marketplace_ids: Sequence[str] = ()
    created_since: datetime | None = None
    created_until: datetime | None = None
    page_size: int = 100


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """Feeds, the newest first, and the token of the next page."""

    feeds: tuple[Feed, ...]
    next_token: str | None


def create_feed_document(
    client: SpApiClient, content_type: str = JSON_CONTENT
) -> FeedUpload:
    """Return an address for a new document. Model: feeds_2021-06-30.json."""
    answer = client.call(
        operations.CREATE_FEED_DOCUMENT, body={"contentType": content_type}
    )
    return fields.parse(
        answer,
        lambda data: FeedUpload(
            document_id=fields.text(data, "feedDocumentId"),
            url=fields.text(data, "url"),
            content_type=content_type,
        ),
    )


def upload_feed_document(
    client: SpApiClient,
    upload: FeedUpload,
    content: bytes,
    *,
    timeout: float = TIMEOUT,
) -> None:
    """Put the content to its address; raises as `put_document` does."""
    put_document(
        client,
        upload.url,
        content,
        upload.content_type,
        operations.FEED_UPLOAD,
        timeout=timeout,
    )


def create_feed(client: SpApiClient, request: FeedRequest) -> str:
    """Submit an uploaded document and return the feed's id.

    When this ends in ServiceUnavailable the feed may have been made: look for it with
    `get_feeds` before submitting again. Raises InvalidRequest without a call for what
    Amazon can only refuse.
    """
    if not 1 <= len(request.marketplace_ids) <= MOST_MARKETPLACES:
        message = sentence("A feed is for 1 to 25 marketplaces.")
        raise errors.InvalidRequest(message, Evidence(operations.CREATE_FEED.name))
    body: dict[str, Any] = {
        "feedType": request.feed_type,
        "marketplaceIds": list(request.marketplace_ids),
        "inputFeedDocumentId": request.document_id,
    }
    if request.options:
        body["feedOptions"] = dict(request.options)
    answer = client.call(operations.CREATE_FEED, body=body)
    return fields.parse(answer, lambda data: fields.text(data, "feedId"))


def get_feed(client: SpApiClient, feed_id: str) -> Feed:
    """Return the feed; raises NotFound when Amazon has none of that id."""
    answer = client.call(operations.GET_FEED, path={"feedId": feed_id})
    return fields.parse(answer, _feed)


def get_feeds(
    client: SpApiClient, query: FeedsQuery, next_token: str | None = None
) -> FeedsPage:
    """Return one page of the account's feeds; none names its document."""
    wanted = {
        "feedTypes": tuple(query.feed_types),
        "processingStatuses": tuple(query.statuses) or None,
        "marketplaceIds": tuple(query.marketplace_ids) or None,
        "createdSince": query.created_since,
        "createdUntil": query.created_until,
        "pageSize": query.page_size,
    }
    # Amazon refuses nextToken together with any other parameter.
    answer = client.call(
        operations.GET_FEEDS,
        query={"nextToken": next_token} if next_token else wanted,
    )
    return fields.parse(answer, _page)


def cancel_feed(client: SpApiClient, feed_id: str) -> None:
    """Cancel a feed that is still in the queue; raises InvalidRequest for another.

    After any error look with `get_feed`: the call may have cancelled it.
    """
    client.call(operations.CANCEL_FEED, path={"feedId": feed_id})


def get_feed_document(client: SpApiClient, document_id: str) -> StoredDocument:
    """Return where the document lies, an address that lives for five minutes."""
    answer = client.call(
        operations.GET_FEED_DOCUMENT, path={"feedDocumentId": document_id}
    )
    return fields.parse(answer, _document)


def open_feed_document(
    client: SpApiClient,
    document: StoredDocument,
    *,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
) -> AbstractContextManager[DocumentContent]:
    """Give the content as a file; raises as `open_document` does."""
    return open_document(
        client,
        document,
        operations.FEED_DOCUMENT,
        max_bytes=max_bytes,
        timeout=timeout,
    )


def _page(data: JsonObject) -> FeedsPage:
    return FeedsPage(
        feeds=tuple(map(_feed, fields.required_objects(data, "feeds"))),
        next_token=fields.optional_text(data, "nextToken") or None,
    )


def _feed(data: JsonObject) -> Feed:
    details = Details()
    return Feed(
        feed_id=fields.text(data, "feedId"),
        feed_type=fields.text(data, "feedType"),
        status=fields.text(data, "processingStatus"),
        created_at=fields.timestamp(data, "createdTime"),
        result_document_id=fields.optional_text(data, "resultFeedDocumentId") or None,
        started_at=details.time(data, "processingStartTime"),
        ended_at=details.time(data, "processingEndTime"),
        marketplace_ids=details.of(fields.texts, data, "marketplaceIds") or (),
        unread=tuple(details.unread),
    )


def _document(data: JsonObject) -> StoredDocument:
    return StoredDocument(
        document_id=fields.text(data, "feedDocumentId"),
        url=fields.text(data, "url"),
        compression=fields.optional_text(data, "compressionAlgorithm") or None,
    )
