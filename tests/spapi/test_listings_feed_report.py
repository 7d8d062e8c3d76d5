"""Tests of the processing report of a JSON_LISTINGS_FEED: nothing of it is guessed."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.spapi import errors, listings_feed_report
from channels_amazon.spapi.listings_feed_report import (
    ListingsFeedReport,
    MessageOutcome,
    read_listings_feed_report,
)

ACCEPTED, INVALID = MessageOutcome.ACCEPTED, MessageOutcome.INVALID
NOT_PROCESSED, UNKNOWN = MessageOutcome.NOT_PROCESSED, MessageOutcome.UNKNOWN
SENT = {1: "A", 2: "B", 3: "C"}
HEADER = {"sellerId": "A1", "version": "2.0", "feedId": "7"}
FILE_ISSUE = {
    "code": "4002001",
    "severity": "ERROR",
    "message": "Item 'Feed' cannot be parsed.",
}


def issue(number: object = None, **over: object) -> dict[str, Any]:
    found: dict[str, Any] = {
        "messageId": number,
        "code": "90244",
        "severity": "ERROR",
        "message": "It is not valid.",
    }
    return {name: value for name, value in (found | over).items() if value is not None}


def summary(processed: object, invalid: int = 0, **over: object) -> dict[str, Any]:
    accepted = processed - invalid if isinstance(processed, int) else 0
    return {
        "errors": invalid,
        "warnings": 0,
        "messagesProcessed": processed,
        "messagesAccepted": accepted,
        "messagesInvalid": invalid,
    } | over


def whole(*issues: Any, counts: Any = None, **over: Any) -> dict[str, Any]:
    counted = summary(3) if counts is None else counts
    return {"header": HEADER, "issues": list(issues), "summary": counted} | over


def read(report: Any, sent: dict[int, str] = SENT) -> ListingsFeedReport:
    content = report if isinstance(report, bytes) else json.dumps(report).encode()
    return read_listings_feed_report(BytesIO(content), feed_id="7", sent=sent)


def outcomes(report: Any) -> list[MessageOutcome]:
    return [result.outcome for result in read(report).results]


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"<html></html>",
        b"[]",
        b'{"header": {"version": "2.0", "feedId": "7"',
        whole(header=None),
        whole(header=[]),
        whole(header={"sellerId": "A1", "version": "2.0"}),
        whole(header=HEADER | {"version": "3.0"}),
        whole(header=HEADER | {"feedId": "8"}),
    ],
)
def test_what_is_no_report_of_this_feed_is_unexpected(report: Any) -> None:
    with pytest.raises(errors.UnexpectedResponse) as caught:
        read(report)

    assert caught.value.code == "feeds.report_unreadable"


def test_report_that_is_too_large_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listings_feed_report, "MOST_BYTES", 20)

    with pytest.raises(errors.UnexpectedResponse, match="larger than 20 bytes"):
        read(whole())


def test_silence_means_accepted_where_the_counts_agree() -> None:
    report = read(whole())

    assert [one.outcome for one in report.results] == [ACCEPTED] * 3
    assert [(one.message_id, one.sku) for one in report.results] == list(SENT.items())
    assert (report.file_issues, report.unread) == ((), ())


def test_refused_message_has_its_own_reasons() -> None:
    report = read(
        whole(
            issue(2, sku="B", attributeName="purchasable_offer"),
            issue(2, code=None, message="And another."),
            counts=summary(3, 1),
        )
    )

    assert [one.outcome for one in report.results] == [ACCEPTED, INVALID, ACCEPTED]
    first, second = report.results[1].issues
    assert (first.code, first.attribute_name) == ("90244", "purchasable_offer")
    assert (second.code, second.message) == ("", "And another.")


def test_warning_refuses_nothing() -> None:
    report = read(whole(issue(2, severity="WARNING")))

    assert [one.outcome for one in report.results] == [ACCEPTED] * 3
    assert len(report.results[1].issues) == 1


@pytest.mark.parametrize(
    "counts",
    [
        # Fewer were processed than sent.
        summary(2),
        summary(0),
        # More were refused than the report names.
        summary(3, 1),
        summary(3, messagesAccepted=2),
        summary(4),
    ],
)
def test_report_that_lacks_a_message_proves_nothing_of_the_silent(
    counts: dict[str, Any],
) -> None:
    report = read(whole(counts=counts))

    assert [one.outcome for one in report.results] == [UNKNOWN] * 3
    assert "Amazon counts" in report.unread[0]


def test_refusal_stands_whatever_the_counts_say() -> None:
    assert outcomes(whole(issue(1), counts=summary(2, 1))) == [
        INVALID,
        UNKNOWN,
        UNKNOWN,
    ]


@pytest.mark.parametrize(
    "over",
    [{"summary": None}, {"summary": []}, {"summary": summary("3")}, {"summary": {}}],
)
def test_report_without_counts_proves_nothing(over: dict[str, Any]) -> None:
    report = read(whole(issue(1)) | over)

    assert [one.outcome for one in report.results] == [INVALID, UNKNOWN, UNKNOWN]
    assert report.summary is None
    assert report.unread


def test_feed_refused_as_a_whole_processed_no_message() -> None:
    report = read(whole(FILE_ISSUE, counts=summary(0, errors=1)))

    assert [one.outcome for one in report.results] == [NOT_PROCESSED] * 3
    assert (report.file_issues[0].code, report.is_refused_whole) == ("4002001", True)


def test_file_error_beside_processed_messages_leaves_them_in_doubt() -> None:
    report = read(whole(FILE_ISSUE, counts=summary(1)))

    assert [one.outcome for one in report.results] == [UNKNOWN] * 3
    assert not report.is_refused_whole


@pytest.mark.parametrize(
    ("bad", "doubtful"),
    [
        ("no object", None),
        ({}, None),
        (issue(9), None),
        (issue("2"), None),
        (issue(True), None),
        (issue(sku="NOBODYS"), None),
        (issue(2, severity=None), 2),
        (issue(2, message=""), 2),
        (issue(2, code=5), 2),
    ],
)
def test_unreadable_issue_is_said_and_put_to_no_other_message(
    bad: Any, doubtful: int | None
) -> None:
    report = read(whole(issue(1), bad, counts=summary(3, 1)))

    assert report.unread
    assert report.results[0].outcome == INVALID
    for result in report.results[1:]:
        expected = UNKNOWN if result.message_id == doubtful else ACCEPTED
        assert (result.outcome, result.issues) == (expected, ())


def test_unreadable_refusal_is_seen_by_the_counts() -> None:
    report = read(whole(issue(9), counts=summary(3, 1)))

    assert [one.outcome for one in report.results] == [UNKNOWN] * 3


def test_issue_whose_sku_is_another_messages_leaves_both_in_doubt() -> None:
    report = read(whole(issue(1, sku="C")))

    assert [one.outcome for one in report.results] == [UNKNOWN, ACCEPTED, UNKNOWN]


def test_issue_that_names_the_sku_alone_is_put_to_its_only_message() -> None:
    assert outcomes(whole(issue(sku="B"), counts=summary(3, 1))) == [
        ACCEPTED,
        INVALID,
        ACCEPTED,
    ]
    twice = read(whole(issue(sku="A"), counts=summary(2, 1)), {1: "A", 2: "A"})
    assert [one.outcome for one in twice.results] == [UNKNOWN, UNKNOWN]


def test_report_of_missing_issues_is_said() -> None:
    report = read({"header": HEADER, "summary": summary(3)})

    assert [one.outcome for one in report.results] == [ACCEPTED] * 3
    assert "issues" in report.unread[0]


@given(
    refused=st.sets(st.sampled_from([1, 2, 3])),
    processed=st.integers(0, 4),
    invalid=st.integers(0, 4),
)
def test_message_is_accepted_only_where_all_counts_agree(
    refused: set[int], processed: int, invalid: int
) -> None:
    counts = summary(processed, invalid)
    report = read(whole(*map(issue, sorted(refused)), counts=counts))

    agrees = processed == 3 and invalid == len(refused)
    for result in report.results:
        is_refused = result.message_id in refused
        assert (result.outcome == INVALID) == is_refused
        assert (result.outcome == ACCEPTED) == (agrees and not is_refused)
