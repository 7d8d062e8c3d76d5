"""Feeds from the queue to their end: DONE, CANCELLED or FATAL; emulator."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from math import ceil

from ..model.feeds import EmulatedFeed, EmulatedFeedDocument
from ..model.roles import JSON_LISTINGS_FEED
from ..model.state import World
from ..model.statuses import FeedStatus
from ..notifications.publishing import publish
from .messages import read_file
from .processing import Processing, process, report_on

FINISHED = "FEED_PROCESSING_FINISHED"
# Amazon recommends files below this; here a larger one ends FATAL.
LARGEST_FILE = 10 * 1024 * 1024
# Messages that are processed at once, and the number that doubles a feed's time.
CHUNK = 500
MESSAGES_FOR_DOUBLE = 5_000
REPORT_TYPE = "application/json; charset=UTF-8"


def submit_feed(world: World, feed: EmulatedFeed) -> None:
    """Queue a feed; those of one seller and type are processed one after another."""
    world.feeds[(feed.seller_id, feed.feed_id)] = feed
    seconds = (feed.due_at - feed.created_at).total_seconds()
    world.schedule(seconds, lambda: _start_next(world, feed))


def cancel_feed(world: World, feed: EmulatedFeed) -> bool:
    """Cancel a feed that is still IN_QUEUE; return whether it was."""
    if feed.status != FeedStatus.IN_QUEUE:
        return False
    _end(world, feed, FeedStatus.CANCELLED)
    return True


def _start_next(world: World, known: EmulatedFeed) -> None:
    """Start the first feed that has waited long enough, unless one is under way."""
    feeds = [
        feed
        for feed in world.feeds.values()
        if (feed.seller_id, feed.feed_type) == (known.seller_id, known.feed_type)
    ]
    if any(feed.status == FeedStatus.IN_PROGRESS for feed in feeds):
        return
    now = world.now()
    for feed in feeds:
        if feed.status == FeedStatus.IN_QUEUE and feed.due_at <= now:
            _start(world, feed)
            return


def _start(world: World, feed: EmulatedFeed) -> None:
    feed.status = FeedStatus.IN_PROGRESS
    feed.started_at = world.now()
    switches = world.switches.feeds
    content = world.feed_documents[feed.input_document_id].content or b""
    if feed.feed_type != JSON_LISTINGS_FEED or len(content) > LARGEST_FILE:
        world.schedule(
            switches.seconds / 2, lambda: _end(world, feed, FeedStatus.FATAL)
        )
        return
    file = read_file(content)
    work = Processing(feed, file, len(file.messages))
    if switches.fail_next > 0:
        switches.fail_next -= 1
        work.breaks_at = min(switches.fail_after, work.count)
    work.count = max(0, work.count - switches.skip_messages)
    switches.skip_messages = 0
    seconds = switches.seconds * (1 + work.count / MESSAGES_FOR_DOUBLE)
    steps = max(1, ceil(work.count / CHUNK))
    _later(world, work, timedelta(seconds=seconds / steps), world.now())


def _later(
    world: World, work: Processing, interval: timedelta, before: datetime
) -> None:
    """Process the next messages when their time has come, counted from `before`."""
    due_at = before + interval

    def act() -> None:
        process(world, work, CHUNK)
        if work.breaks_at is not None and work.done >= work.breaks_at:
            _end(world, work.feed, FeedStatus.FATAL)
        elif work.done < work.count:
            _later(world, work, interval, due_at)
        elif work.file.report is not None:
            # The listings it shows are those after the changes.
            wait = world.switches.accept_seconds
            world.schedule(wait, lambda: _finish(world, work))
        else:
            _finish(world, work)

    # Where the clock has jumped, that time is over.
    world.schedule((due_at - world.now()).total_seconds(), act)


def _finish(world: World, work: Processing) -> None:
    feed = work.feed
    region = world.sellers[feed.seller_id].region
    is_gzip = world.switches.feeds.gzip
    content = report_on(world, work)
    document = EmulatedFeedDocument(
        document_id=new_document_id(world, region),
        seller_id=feed.seller_id,
        content_type=REPORT_TYPE,
        created_at=world.now(),
        content=gzip.compress(content, 6) if is_gzip else content,
        is_gzip=is_gzip,
    )
    world.feed_documents[document.document_id] = document
    feed.result_document_id = document.document_id
    _end(world, feed, FeedStatus.DONE)


def new_document_id(world: World, region: str) -> str:
    """Return the id of another document, in the form that Amazon's have."""
    return f"amzn1.tortuga.4.{region}.{world.uuid()}.{world.token_text(14)}"


def _end(world: World, feed: EmulatedFeed, status: FeedStatus) -> None:
    feed.status = status
    feed.ended_at = world.now()
    content = {
        "sellerId": feed.seller_id,
        "accountId": f"amzn1.merchant.o.{feed.seller_id}",
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "processingStatus": status,
    }
    if feed.result_document_id:
        content["resultFeedDocumentId"] = feed.result_document_id
    publish(
        world,
        feed.seller_id,
        FINISHED,
        lambda: {"feedProcessingFinishedNotification": content},
    )
    _start_next(world, feed)
