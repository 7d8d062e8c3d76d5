"""Tests of reading envelopes, headers and statuses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels_amazon.spapi import answers, errors
from channels_amazon.spapi.transport import Reply


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, named, body, 0.1)


def error(status: int, code: str = "", details: str = "") -> errors.SpApiError:
    text = f'{{"errors":[{{"code":"{code}","message":"m","details":"{details}"}}]}}'
    evidence = answers.evidence_of("getOrder", reply(status, text.encode()))
    return answers.error_of(evidence)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "InvalidInput", errors.InvalidRequest),
        (401, "Unauthorized", errors.AccessDenied),
        (403, "Unauthorized", errors.AccessDenied),
        (403, answers.UNKNOWN_PATH, errors.NotJudged),
        (404, "NotFound", errors.NotFound),
        (409, "Conflict", errors.InvalidRequest),
        (413, "", errors.InvalidRequest),
        (500, "InternalFailure", errors.ServiceUnavailable),
        (503, "", errors.ServiceUnavailable),
        (302, "", errors.NotJudged),
    ],
)
def test_error_follows_what_the_caller_can_do(
    status: int, code: str, kind: type[errors.SpApiError]
) -> None:
    found = error(status, code)

    assert type(found) is kind
    assert (found.status, found.operation) == (status, "getOrder")


def test_error_names_an_expired_client_secret() -> None:
    found = error(403, "Unauthorized", "The LWA client secret has expired.")

    assert found.code == "client.secret_invalid"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"errors": "x"}', b'{"errors": [1]}', b"\xff"],
)
def test_evidence_survives_any_body(body: bytes) -> None:
    evidence = answers.evidence_of("getOrder", reply(503, body))

    assert (evidence.amazon_code, evidence.issues) == ("", ())


def test_evidence_holds_no_secret_that_amazon_repeats() -> None:
    body = b'{"errors":[{"code":"X","message":"bad token Atza|canary","details":null}]}'

    evidence = answers.evidence_of("getOrder", reply(400, body))

    assert "canary" not in repr(evidence)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("0.0056", 0.0056), ("5.0", 5.0), ("", None), ("nan", None), ("-1", None)],
)
def test_rate_is_read_only_if_it_is_one(text: str, rate: float | None) -> None:
    came = Reply(200, {"x-amzn-RateLimit-Limit": text}, b"", 0.0)

    assert answers.rate_of(came) == rate


def test_date_is_read_in_utc() -> None:
    came = reply(200, Date="Fri, 20 Nov 2026 12:00:00 GMT")

    assert answers.date_of(came) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert answers.date_of(reply(200, Date="yesterday")) is None
    assert answers.date_of(reply(200)) is None


def test_decode_takes_out_what_no_database_keeps() -> None:
    assert answers.decode(b'{"a": "x\\u0000y"}') == {"a": "x\ufffdy"}
    assert answers.decode(b" ") is None
