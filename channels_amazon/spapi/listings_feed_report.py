"""Reads the processing report of a JSON_LISTINGS_FEED; pure, client layer.

Schema: listings-feed-processing-report-schema-v2.json. Amazon lists the problems only,
so a message of which the report says nothing counts as accepted where the report's own
counts leave no other way, and else as unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any

from channels_amazon.amazon_json import read_json
from channels_amazon.spapi import errors, fields
from channels_amazon.spapi.errors import Evidence
from channels_amazon.spapi.fields import FieldError, JsonObject
from channels_amazon.spapi.listings_feed import VERSION
from channels_amazon.spapi.operations import FEED_DOCUMENT
from channels_amazon.spapi.unreadable import raw_redacted
from channels_amazon.wording import Sentence, sentence

ERROR = "ERROR"
# Bytes of a report: 25,000 messages with a page of issues each.
MOST_BYTES = 64 * 1024 * 1024


class MessageOutcome(StrEnum):
    """What became of a message.

    ACCEPTED: it is taken in, not yet done. INVALID: refused, with the reasons.
    NOT_PROCESSED: the whole feed was refused before any message was looked at.
    UNKNOWN: the report does not tell.
    """

    ACCEPTED = "accepted"
    INVALID = "invalid"
    NOT_PROCESSED = "not_processed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FeedIssue:
    """What Amazon says of a message, or of the whole feed; it may have no code."""

    severity: str
    message: str
    code: str = ""
    attribute_name: str = ""

    @property
    def is_error(self) -> bool:
        """Tell whether it refuses what it is about."""
        return self.severity == ERROR


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message that was sent, with its SKU, its end and what was said of it."""

    message_id: int
    sku: str
    outcome: MessageOutcome
    issues: tuple[FeedIssue, ...]


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """Amazon's own counts of a feed."""

    errors: int
    warnings: int
    processed: int
    accepted: int
    invalid: int


@dataclass(frozen=True, slots=True)
class ListingsFeedReport:
    """What became of a feed: of the whole and of each message, in the order sent.

    `unread` says what of the report could not be read or fits to nothing sent;
    `summary` is None where its counts cannot be read.
    """

    results: tuple[MessageResult, ...]
    file_issues: tuple[FeedIssue, ...]
    summary: FeedSummary | None
    unread: tuple[str, ...]

    @property
    def is_refused_whole(self) -> bool:
        """Tell whether Amazon looked at no message."""
        outcomes = {result.outcome for result in self.results}
        return outcomes == {MessageOutcome.NOT_PROCESSED}


def read_listings_feed_report(
    file: IO[bytes], *, feed_id: str, sent: Mapping[int, str]
) -> ListingsFeedReport:
    """Return what the report says of the messages `sent` (SKU by message id).

    Raises UnexpectedResponse for what is no report, or one of another feed.
    """
    report = _opened(file, feed_id)
    reading = _Reading(sent)
    for entry in _entries(report, reading):
        reading.take(entry)
    summary = _summary(report, reading)
    return ListingsFeedReport(
        results=reading.results(summary),
        file_issues=tuple(reading.file_issues),
        summary=summary,
        unread=tuple(reading.unread),
    )


class _Reading:
    """The issues of a report, sorted to the messages they are about."""

    def __init__(self, sent: Mapping[int, str]) -> None:
        self.sent = sent
        self.file_issues: list[FeedIssue] = []
        self.unread: list[str] = []
        self._issues: dict[int, list[FeedIssue]] = defaultdict(list)
        # Messages of which something was said that cannot be read.
        self._doubtful: set[int] = set()
        counts = Counter(sent.values())
        self._id_of = {sku: key for key, sku in sent.items() if counts[sku] == 1}

    def take(self, entry: Any) -> None:
        """Sort one issue to its message, to the feed, or among the unread."""
        if not isinstance(entry, dict):
            self._leave(entry, sentence("the entry is not an object"))
            return
        message_id: int | None = None
        try:
            message_id = self._message_id(entry)
            issue = _issue(entry)
        except FieldError as error:
            self._leave(entry, error.reason)
            if message_id is not None:
                self._doubtful.add(message_id)
            return
        if message_id is None:
            self.file_issues.append(issue)
        else:
            self._issues[message_id].append(issue)

    def results(self, summary: FeedSummary | None) -> tuple[MessageResult, ...]:
        """Return the end of every message that was sent."""
        refused = {
            message_id
            for message_id, issues in self._issues.items()
            if any(issue.is_error for issue in issues)
        }
        silent = self._outcome_of_silence(summary, refused)
        return tuple(
            MessageResult(
                message_id,
                sku,
                self._outcome(message_id, refused, silent),
                tuple(self._issues.get(message_id, ())),
            )
            for message_id, sku in self.sent.items()
        )

    def _outcome(
        self, message_id: int, refused: set[int], silent: MessageOutcome
    ) -> MessageOutcome:
        if message_id in refused:
            return MessageOutcome.INVALID
        return MessageOutcome.UNKNOWN if message_id in self._doubtful else silent

    def _outcome_of_silence(
        self, summary: FeedSummary | None, refused: set[int]
    ) -> MessageOutcome:
        """Return what it means that the report refuses a message nowhere."""
        if summary is None:
            return MessageOutcome.UNKNOWN
        is_refused_whole = any(issue.is_error for issue in self.file_issues)
        if is_refused_whole and not refused and not summary.processed:
            return MessageOutcome.NOT_PROCESSED
        counted = (summary.processed, summary.invalid, summary.accepted)
        if counted == (len(self.sent), len(refused), len(self.sent) - len(refused)):
            return MessageOutcome.ACCEPTED
        self.unread.append(
            sentence(
                "Amazon counts %(processed)s messages, %(invalid)s of them refused; "
                "sent were %(sent)s, and it names %(named)s as refused.",
                processed=summary.processed,
                invalid=summary.invalid,
                sent=len(self.sent),
                named=len(refused),
            )
        )
        return MessageOutcome.UNKNOWN

    def _message_id(self, entry: JsonObject) -> int | None:
        """Return which message an issue is about, None for the whole feed.

        An issue that names the SKU alone is about the only message on that SKU.
        """
        named = fields.optional_integer(entry, "messageId")
        sku = fields.optional_text(entry, "sku") or ""
        if named is None:
            if sku and sku not in self._id_of:
                raise FieldError("messageId", sentence("is missing"))
            return self._id_of.get(sku)
        if named not in self.sent:
            raise FieldError("messageId", sentence("is of no message that was sent"))
        if sku and sku != self.sent[named]:
            # Which of both it is about is a guess.
            self._doubtful.update({named, self._id_of.get(sku, named)})
            raise FieldError("sku", sentence("is not the one of this message"))
        return named

    def _leave(self, entry: Any, reason: str) -> None:
        self.unread.append(
            sentence(
                "An issue of the report: %(reason)s. %(raw)s",
                reason=reason,
                raw=raw_redacted(entry)[:300],
            )
        )


def _opened(file: IO[bytes], feed_id: str) -> JsonObject:
    """Return the report; raises UnexpectedResponse where it is none of this feed."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        reason = sentence("it is larger than %(size)s bytes", size=MOST_BYTES)
        raise _unexpected(reason)
    try:
        report = read_json(content)
    except ValueError:
        raise _unexpected(sentence("it is not JSON")) from None
    if not isinstance(report, dict):
        raise _unexpected(sentence("it is not an object"))
    try:
        header = fields.required_object(report, "header")
        version = fields.text(header, "version")
        found = fields.text(header, "feedId")
    except FieldError as error:
        raise _unexpected(error.reason) from error
    if version != VERSION:
        raise _unexpected(
            sentence("its version is %(version)s", version=repr(version[:20]))
        )
    if found != feed_id:
        raise _unexpected(sentence("it is of the feed %(feed)s", feed=found[:40]))
    return report


def _entries(report: JsonObject, reading: _Reading) -> list[Any]:
    try:
        return fields.entries(report, "issues")
    except FieldError as error:
        reading.unread.append(error.reason)
        return []


def _issue(entry: JsonObject) -> FeedIssue:
    return FeedIssue(
        severity=fields.text(entry, "severity"),
        message=fields.text(entry, "message"),
        code=fields.optional_text(entry, "code") or "",
        attribute_name=fields.optional_text(entry, "attributeName") or "",
    )


def _summary(report: JsonObject, reading: _Reading) -> FeedSummary | None:
    try:
        counts = fields.required_object(report, "summary")
        return FeedSummary(
            errors=fields.integer(counts, "errors"),
            warnings=fields.integer(counts, "warnings"),
            processed=fields.integer(counts, "messagesProcessed"),
            accepted=fields.integer(counts, "messagesAccepted"),
            invalid=fields.integer(counts, "messagesInvalid"),
        )
    except FieldError as error:
        reading.unread.append(error.reason)
        return None


def _unexpected(reason: Sentence | str) -> errors.UnexpectedResponse:
    message = sentence(
        "The report on the feed cannot be read: %(reason)s.", reason=reason
    )
    return errors.UnexpectedResponse(
        message, Evidence(FEED_DOCUMENT.name), code="feeds.report_unreadable"
    )
