"""Feeds the seller submitted, their documents, and how they are processed; emulator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .statuses import FeedStatus


@dataclass
class FeedSwitches:
    """How feeds are processed; seconds are simulated."""

    # how long a feed waits in the queue, and longer while another one is processed
    queue_seconds: float = 5.0
    # how long a feed of few messages is processed; MESSAGES_FOR_DOUBLE take twice as
    # long
    seconds: float = 10.0
    # whether the processing report is compressed
    gzip: bool = True
    # how many of the next feeds end FATAL, and after how many messages
    fail_next: int = 0
    fail_after: int = 0
    # so many messages at the end of the next feed are neither processed nor counted
    skip_messages: int = 0
    # Amazon's limit for the type JSON_LISTINGS_FEED: so many in so many seconds
    most_submissions: int = 5
    submission_seconds: float = 300.0


@dataclass
class EmulatedFeed:
    """A feed from the queue to its processing report."""

    feed_id: str
    seller_id: str
    feed_type: str
    marketplace_ids: list[str]
    input_document_id: str
    created_at: datetime
    # when it has waited long enough; it then waits for the feeds before it
    due_at: datetime
    status: FeedStatus = FeedStatus.IN_QUEUE
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result_document_id: str | None = None


@dataclass
class EmulatedFeedDocument:
    """A document of a feed; `content` is None until it is uploaded."""

    document_id: str
    seller_id: str
    content_type: str
    created_at: datetime
    content: bytes | None = None
    is_gzip: bool = False
