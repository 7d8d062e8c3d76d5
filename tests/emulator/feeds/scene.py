"""Feeds at the local Amazon: a document made, put to its address and submitted."""

from __future__ import annotations

import gzip
import http.client
import json
from dataclasses import dataclass
from typing import Any

from channels_amazon.emulator.server import Emulator

from ..caller import US, Caller, Reply

FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
JSON_TYPE = "application/json; charset=UTF-8"
LISTINGS = "JSON_LISTINGS_FEED"


@dataclass(frozen=True)
class Stored:
    """An answer of the store of documents."""

    status: int
    content: bytes
    headers: dict[str, str]


def ask_store(
    emulator: Emulator,
    method: str,
    url: str,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Stored:
    """Send a request to a signed address, without any header of SP-API's own."""
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    try:
        target = url.removeprefix(emulator.url)
        connection.request(method, target, content, headers or {})
        reply = connection.getresponse()
        return Stored(reply.status, reply.read(), dict(reply.headers))
    finally:
        connection.close()


def new_document(caller: Caller, content_type: str = JSON_TYPE) -> Any:
    """Return what createFeedDocument answers."""
    body = {"contentType": content_type}
    reply = caller.send("POST", DOCUMENTS, body=body)
    assert reply.status == 201, reply.text
    return reply.json


def upload(caller: Caller, content: bytes) -> str:
    """Put a new document to its address and return its id."""
    document = new_document(caller)
    headers = {"Content-Type": JSON_TYPE}
    stored = ask_store(caller.emulator, "PUT", document["url"], content, headers)
    assert stored.status == 200, stored.content
    return str(document["feedDocumentId"])


def submit(caller: Caller, document_id: str, **over: Any) -> Reply:
    """Submit a document as a feed."""
    body = {
        "feedType": LISTINGS,
        "marketplaceIds": [US],
        "inputFeedDocumentId": document_id,
    }
    return caller.send("POST", FEEDS, body=body | over)


def document_of(caller: Caller, *messages: Any, **header: Any) -> bytes:
    """Return a document with these messages."""
    with caller.emulator.state.lock:
        seller = caller.emulator.state.seller_of_region(caller.region)
    head = {"sellerId": seller.seller_id, "version": "2.0"} | header
    return json.dumps({"header": head, "messages": list(messages)}).encode()


def sent(caller: Caller, *messages: Any, **header: Any) -> str:
    """Submit a feed with these messages and return its id."""
    content = document_of(caller, *messages, **header)
    reply = submit(caller, upload(caller, content))
    assert reply.status == 202, reply.text
    return str(reply.json["feedId"])


def looked_at(caller: Caller, feed_id: str) -> Any:
    """Return what getFeed answers."""
    return caller.get(f"{FEEDS}/{feed_id}").json


def finished(caller: Caller, feed_id: str) -> Any:
    """Let time pass until the feed is finished, and return it."""
    for _ in range(40):
        feed = looked_at(caller, feed_id)
        if feed["processingStatus"] not in {"IN_QUEUE", "IN_PROGRESS"}:
            break
        caller.emulator.advance(5)
    # The accepted messages take effect.
    caller.emulator.advance(1)
    return feed


def report_of(caller: Caller, feed: Any) -> Any:
    """Return the processing report of a finished feed."""
    document_id = feed["resultFeedDocumentId"]
    document = caller.get(f"{DOCUMENTS}/{document_id}").json
    content = ask_store(caller.emulator, "GET", document["url"]).content
    if document.get("compressionAlgorithm") == "GZIP":
        content = gzip.decompress(content)
    return json.loads(content)


def result(caller: Caller, *messages: Any, **header: Any) -> Any:
    """Submit a feed with these messages and return its processing report."""
    feed = finished(caller, sent(caller, *messages, **header))
    assert feed["processingStatus"] == "DONE"
    return report_of(caller, feed)


def quantity_message(number: int, sku: str, quantity: object) -> dict[str, Any]:
    """Return the message that sets the merchant's quantity of a SKU."""
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
    row = {
        "op": "replace",
        "path": "/attributes/fulfillment_availability",
        "value": [value],
    }
    return {
        "messageId": number,
        "sku": sku,
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [row],
    }
