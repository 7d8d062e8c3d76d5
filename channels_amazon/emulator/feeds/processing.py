"""The messages of a feed, processed one by one, and the report on them; emulator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..listings.submissions import Change, accept, find_issues
from ..listings.view import listing_view
from ..model.feeds import EmulatedFeed
from ..model.state import World
from ..protocol.calling import Refusal
from .messages import (
    VERSION,
    FeedFile,
    is_against_schema,
    message_id,
    plain_issue,
    read_change,
    refusal_issue,
    schema_issue,
)

Json = dict[str, Any]

# What sellers got for messages of a feed that names another seller.
FOREIGN = {
    "code": "BAD_REQUEST",
    "severity": "ERROR",
    "message": "Invalid 'accountId' provided.",
}


@dataclass
class Processing:
    """How far a feed is processed, and what came of its messages so far."""

    feed: EmulatedFeed
    file: FeedFile
    # so many messages are processed in all, and after so many the feed breaks off
    count: int
    breaks_at: int | None = None
    done: int = 0
    accepted: int = 0
    issues: list[Json] = field(default_factory=list)
    # of the accepted messages, in the order of the feed
    skus: list[str] = field(default_factory=list)
    known_ids: set[int] = field(default_factory=set)


def process(world: World, work: Processing, most: int) -> None:
    """Process some more messages: the accepted ones take effect as calls do."""
    end = min(work.done + most, work.count)
    if work.breaks_at is not None:
        end = min(end, work.breaks_at)
    changes = []
    for message in work.file.messages[work.done : end]:
        change, issues = _judge(world, work, message)
        named = message_id(message)
        shown = {} if named is None else {"messageId": named}
        if named is not None and isinstance(message.get("sku"), str):
            shown["sku"] = message["sku"]
        work.issues += [shown | each for each in issues]
        if change is not None and not issues:
            changes.append(change)
    work.accepted += len(changes)
    work.skus += [change.sku for change in changes]
    work.done = end
    feed = work.feed
    if changes:
        accept(world, feed.seller_id, changes, feed.marketplace_ids)


def _judge(
    world: World, work: Processing, message: Any
) -> tuple[Change | None, list[Json]]:
    if is_against_schema(message):
        return None, [schema_issue()]
    if work.file.seller_id != work.feed.seller_id:
        return None, [FOREIGN]
    named = message_id(message)
    if named in work.known_ids:
        return None, [plain_issue("The message identifier is not unique.")]
    if named is not None:
        work.known_ids.add(named)
    try:
        change = read_change(message)
    except Refusal as refusal:
        return None, [refusal_issue(refusal)]
    feed = work.feed
    found = find_issues(world, feed.seller_id, change, feed.marketplace_ids)
    return change, [_reported(each) for each in found]


def _reported(found: Json) -> Json:
    """Return an issue of a listing as the processing report writes it."""
    names = found.get("attributeNames") or [""]
    reported = {name: found[name] for name in ("code", "severity", "message")}
    return reported | ({"attributeName": names[0]} if names[0] else {})


def report_on(world: World, work: Processing) -> bytes:
    """Return the processing report of a feed that is processed to its end."""
    issues = work.file.issues + work.issues
    header: Json = {
        "sellerId": work.file.seller_id,
        "version": VERSION,
        "feedId": work.feed.feed_id,
    }
    summary: Json = {
        "errors": _count(issues, "ERROR"),
        "warnings": _count(issues, "WARNING"),
        "messagesProcessed": work.done,
        "messagesAccepted": work.accepted,
        "messagesInvalid": work.done - work.accepted,
    }
    report: Json = {"header": header, "issues": issues, "summary": summary}
    if work.file.report is not None:
        header["report"] = work.file.report
        report["items"] = _items(world, work, work.file.report["includedData"])
        found = [each for item in report["items"] for each in item.get("issues", [])]
        summary["itemSummary"] = {
            "items": len(report["items"]),
            "errors": _count(found, "ERROR"),
            "warnings": _count(found, "WARNING"),
        }
    return json.dumps(report, ensure_ascii=False).encode()


def _items(world: World, work: Processing, wanted: list[str]) -> list[Json]:
    feed = work.feed
    listings = (
        world.listings.get((feed.seller_id, sku)) for sku in dict.fromkeys(work.skus)
    )
    return [
        listing_view(world, listing, feed.marketplace_ids, wanted)
        for listing in listings
        if listing is not None
    ]


def _count(issues: list[Json], severity: str) -> int:
    return sum(each["severity"] == severity for each in issues)
