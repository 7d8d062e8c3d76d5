"""Feeds 2021-06-30: make a document, submit it, poll, get the result; emulator."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ..feeds.lifecycle import cancel_feed as cancel
from ..feeds.lifecycle import new_document_id, submit_feed
from ..gate import exhausted
from ..model.clock import iso
from ..model.feeds import EmulatedFeed, EmulatedFeedDocument
from ..model.roles import FEED_ROLES, JSON_LISTINGS_FEED
from ..model.statuses import FeedStatus
from ..protocol.calling import (
    ApiReply,
    Call,
    Route,
    denied,
    field_list,
    field_text,
    invalid,
    not_found,
)
from ..protocol.job_pages import Job, JobKind, serve_page
from ..reports.documents import sign, sign_upload

Json = dict[str, Any]

# A document that is in no feed is dropped after two days.
UNUSED = timedelta(days=2)
_BASE = "/feeds/2021-06-30"
_FEEDS = f"{_BASE}/feeds"
_FEED = f"{_FEEDS}/{{feedId}}"
_DOCUMENTS = f"{_BASE}/documents"


def create_feed_document(call: Call) -> ApiReply:
    """Serve createFeedDocument: an address to put the file to, for five minutes."""
    content_type = field_text(call.json(), "contentType")
    document = EmulatedFeedDocument(
        document_id=new_document_id(call.world, call.caller.region),
        seller_id=call.seller.seller_id,
        content_type=content_type,
        created_at=call.world.now(),
    )
    call.world.feed_documents[document.document_id] = document
    view = {
        "feedDocumentId": document.document_id,
        "url": sign_upload(call.world, document, call.host_url),
    }
    return ApiReply(201, view)


def create_feed(call: Call) -> ApiReply:
    """Serve createFeed for a document that has been put to its address."""
    body = call.json()
    feed_type = field_text(body, "feedType")
    _check_type(call, feed_type)
    marketplace_ids = [str(each) for each in field_list(body, "marketplaceIds", 1, 25)]
    call.check_marketplaces(marketplace_ids)
    options = body.get("feedOptions", {})
    if not isinstance(options, dict) or not all(
        isinstance(value, str) for value in options.values()
    ):
        raise invalid("Invalid type of field feedOptions.")
    document = _input_document(call, field_text(body, "inputFeedDocumentId"))
    if feed_type == JSON_LISTINGS_FEED:
        _check_limit(call)
    now, switches = call.world.now(), call.world.switches.feeds
    feed = EmulatedFeed(
        feed_id=str(60_000_000_000 + call.world.serial()),
        seller_id=call.seller.seller_id,
        feed_type=feed_type,
        marketplace_ids=marketplace_ids,
        input_document_id=document.document_id,
        created_at=now,
        due_at=now + timedelta(seconds=switches.queue_seconds),
    )
    submit_feed(call.world, feed)
    return ApiReply(202, {"feedId": feed.feed_id})


def get_feed(call: Call) -> ApiReply:
    """Serve getFeed."""
    return ApiReply(200, _view(_find(call)))


def get_feeds(call: Call) -> ApiReply:
    """Serve getFeeds: the newest first; a token goes alone."""
    jobs = [
        Job(
            job_id=feed.feed_id,
            job_type=feed.feed_type,
            status=feed.status,
            marketplace_ids=feed.marketplace_ids,
            created_at=feed.created_at,
            view=partial(_view, feed),
        )
        for feed in _feeds(call)
    ]
    return serve_page(call, _KIND, jobs)


def cancel_feed(call: Call) -> ApiReply:
    """Serve cancelFeed: only what waits in the queue can be cancelled."""
    feed = _find(call)
    if not cancel(call.world, feed):
        raise invalid(f"Feed {feed.feed_id} is {feed.status} already.")
    return ApiReply(200)


def get_feed_document(call: Call) -> ApiReply:
    """Serve getFeedDocument: an address that lives for five minutes."""
    document_id = call.path["feedDocumentId"]
    is_header_wanted = call.flag("enableContentEncodingUrlHeader")
    document = call.world.feed_documents.get(document_id)
    if document is None or document.seller_id != call.seller.seller_id:
        raise not_found(f"Feed document {document_id} is not found.")
    encoding = "gzip" if document.is_gzip and is_header_wanted else "identity"
    view: Json = {
        "feedDocumentId": document_id,
        "url": sign(call.world, document, call.host_url, encoding),
    }
    if document.is_gzip:
        view["compressionAlgorithm"] = "GZIP"
    return ApiReply(200, view)


def _check_type(call: Call, feed_type: str) -> None:
    """Refuse an unknown feed type, and one that no granted role may submit."""
    roles = FEED_ROLES.get(feed_type)
    if roles is None:
        raise invalid(f"Feed type {feed_type} is not offered.")
    if not call.caller.roles & roles:
        raise denied()


def _input_document(call: Call, document_id: str) -> EmulatedFeedDocument:
    document = call.world.feed_documents.get(document_id)
    is_known = document is not None and document.seller_id == call.seller.seller_id
    if document is None or not is_known or _is_dropped(call, document):
        raise invalid(f"Feed document {document_id} is not found.")
    if document.content is None:
        raise invalid(f"Feed document {document_id} has not been uploaded.")
    return document


def _is_dropped(call: Call, document: EmulatedFeedDocument) -> bool:
    used = {feed.input_document_id for feed in _feeds(call)}
    age = call.world.now() - document.created_at
    return age > UNUSED and document.document_id not in used


def _check_limit(call: Call) -> None:
    """Refuse more listing feeds than Amazon takes in a while, of any marketplace."""
    switches = call.world.switches.feeds
    since = call.world.now() - timedelta(seconds=switches.submission_seconds)
    recent = [
        feed
        for feed in _feeds(call)
        if feed.feed_type == JSON_LISTINGS_FEED and feed.created_at > since
    ]
    if len(recent) >= switches.most_submissions:
        raise exhausted()


def _feeds(call: Call) -> list[EmulatedFeed]:
    return [
        feed
        for (seller_id, _), feed in call.world.feeds.items()
        if seller_id == call.seller.seller_id
    ]


def _find(call: Call) -> EmulatedFeed:
    feed_id = call.path["feedId"]
    if not feed_id.isascii() or not feed_id.isdigit():
        raise invalid(f"Invalid feed id {feed_id}.")
    feed = call.world.feeds.get((call.seller.seller_id, feed_id))
    if feed is None:
        raise not_found(f"Feed {feed_id} is not found.")
    _check_type(call, feed.feed_type)
    return feed


def _view(feed: EmulatedFeed) -> Json:
    view: Json = {
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "marketplaceIds": feed.marketplace_ids,
        "createdTime": iso(feed.created_at),
        "processingStatus": feed.status,
    }
    if feed.started_at:
        view["processingStartTime"] = iso(feed.started_at)
    if feed.ended_at:
        view["processingEndTime"] = iso(feed.ended_at)
    if feed.result_document_id:
        view["resultFeedDocumentId"] = feed.result_document_id
    return view


_KIND = JobKind("feeds", "feedTypes", tuple(FeedStatus), _check_type)
ROUTES = (
    Route("createFeedDocument", "POST", _DOCUMENTS, create_feed_document),
    Route(
        "getFeedDocument", "GET", f"{_DOCUMENTS}/{{feedDocumentId}}", get_feed_document
    ),
    Route("createFeed", "POST", _FEEDS, create_feed),
    Route("getFeeds", "GET", _FEEDS, get_feeds),
    Route("getFeed", "GET", _FEED, get_feed),
    Route("cancelFeed", "DELETE", _FEED, cancel_feed),
)
