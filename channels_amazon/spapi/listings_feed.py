"""Writes the document of a JSON_LISTINGS_FEED; pure, client layer.

Schema: listings-feed-schema-v2.json. Each message is one change of one SKU, and its
id, unique within the feed, is how the processing report speaks of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from channels_amazon.spapi.fields import JsonObject

VERSION = "2.0"
# Amazon's limit of messages, and the bytes that it recommends a document to have.
MOST_MESSAGES = 25_000
MOST_BYTES = 10 * 1024 * 1024
HIGHEST_MESSAGE_ID = 2_147_483_647


class MessageOperation(StrEnum):
    """What a message does; PARTIAL_UPDATE is a PATCH that replaces attributes."""

    UPDATE = "UPDATE"
    PARTIAL_UPDATE = "PARTIAL_UPDATE"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """One change of one SKU. Amounts are Decimal, and are written digit by digit."""

    message_id: int
    sku: str
    operation: MessageOperation
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeedPart:
    """As many messages as one document may hold, and that document."""

    messages: tuple[FeedMessage, ...]
    content: bytes = field(repr=False)

    @property
    def sent(self) -> dict[int, str]:
        """Return the SKU of each message's id, as the report's reader wants it."""
        return {message.message_id: message.sku for message in self.messages}


def patch_message(
    message_id: int, sku: str, patches: Sequence[JsonObject], product_type: str
) -> FeedMessage:
    """Return the message that does what patchListingsItem does."""
    content = {"productType": product_type, "patches": list(patches)}
    return _message(message_id, sku, MessageOperation.PATCH, content, "patches")


def partial_update_message(
    message_id: int, sku: str, attributes: JsonObject, product_type: str
) -> FeedMessage:
    """Return the message that replaces these attributes of a listing."""
    content = {"productType": product_type, "attributes": attributes}
    operation = MessageOperation.PARTIAL_UPDATE
    return _message(message_id, sku, operation, content, "attributes")


def update_message(
    message_id: int,
    sku: str,
    attributes: JsonObject,
    product_type: str,
    requirements: str,
) -> FeedMessage:
    """Return the message that replaces a listing: what it leaves out is dropped."""
    content = {
        "productType": product_type,
        "requirements": requirements,
        "attributes": attributes,
    }
    return _message(message_id, sku, MessageOperation.UPDATE, content, "attributes")


def delete_message(message_id: int, sku: str) -> FeedMessage:
    """Return the message that deletes a listing."""
    return _message(message_id, sku, MessageOperation.DELETE, {}, "")


def write_listings_feed(
    seller_id: str, messages: Iterable[FeedMessage], *, issue_locale: str = ""
) -> Iterator[FeedPart]:
    """Yield documents with all the messages in their order, as few as limits allow.

    Raises ValueError for an id that was there before, and for a message that no
    document can hold.
    """
    header: JsonObject = {"sellerId": seller_id, "version": VERSION}
    if issue_locale:
        header["issueLocale"] = issue_locale
    begin = f'{{"header":{_json(header)},"messages":['.encode()
    known: set[int] = set()
    part = _Part(begin)
    for message in messages:
        if message.message_id in known:
            raise ValueError(f"two messages have the id {message.message_id}")
        known.add(message.message_id)
        written = _written(message)
        if not part.has_room_for(written):
            yield part.closed()
            part = _Part(begin)
        part.add(message, written)
    if part.messages:
        yield part.closed()


@dataclass(slots=True)
class _Part:
    """A document that is being filled."""

    begin: bytes
    messages: list[FeedMessage] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        self.size = len(self.begin) + len(_END)

    def has_room_for(self, written: bytes) -> bool:
        """Tell whether a message may still come in; an empty part takes any."""
        if not self.messages:
            return True
        fits = self.size + len(written) + 1 <= MOST_BYTES
        return fits and len(self.messages) < MOST_MESSAGES

    def add(self, message: FeedMessage, written: bytes) -> None:
        """Take a message in; raises ValueError for one that no document can hold."""
        self.size += len(written) + bool(self.messages)
        if self.size > MOST_BYTES:
            raise ValueError(f"message {message.message_id} is larger than a feed")
        self.messages.append(message)
        self.written.append(written)

    def closed(self) -> FeedPart:
        """Return the document with its messages."""
        content = self.begin + b",".join(self.written) + _END
        return FeedPart(tuple(self.messages), content)


_END = b"]}"


def _message(
    message_id: int,
    sku: str,
    operation: MessageOperation,
    content: JsonObject,
    required: str,
) -> FeedMessage:
    """Return the message; raises ValueError for what the schema forbids."""
    if not 1 <= message_id <= HIGHEST_MESSAGE_ID:
        raise ValueError(f"{message_id} is no id of a message")
    if not sku:
        raise ValueError("a message names its SKU")
    if required and not (content[required] and content["productType"]):
        raise ValueError(f"the message on {sku} has no {required} or no product type")
    return FeedMessage(message_id, sku, operation, content)


def _written(message: FeedMessage) -> bytes:
    whole = {
        "messageId": message.message_id,
        "sku": message.sku,
        "operationType": message.operation,
        **message.content,
    }
    try:
        # Several times as fast, where there is no amount.
        return _plain(whole).encode()
    except TypeError:
        return _json(whole).encode()


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _json(value: Any) -> str:
    """Return the value as JSON with every Decimal as it is, never through a float."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no amount")
        return f"{value:f}"
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(key)}:{_json(each)}" for key, each in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    return _plain(value)
