"""Tests of putting documents to signed addresses; reports' tests fetch them."""

from __future__ import annotations

import traceback

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import feeds
from channels_amazon.spapi.documents import StoredDocument
from tests.spapi.conftest import Kit
from tests.spapi.server import Script, Scripted, Slow, answer, cut, hang_up

SECRET = "?X-Amz-Credential=CANARY1&X-Amz-Signature=CANARY2&X-Amz-Expires=300"
EXPIRED = (
    "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
)
NOT_SIGNED = "<Error><Code>SignatureDoesNotMatch</Code></Error>"


def upload(server: Scripted) -> feeds.FeedUpload:
    return feeds.FeedUpload("d", server.url + "/doc" + SECRET, feeds.JSON_CONTENT)


@pytest.mark.parametrize(
    ("script", "kind", "code"),
    [
        (
            answer(403, text=EXPIRED),
            errors.DocumentExpired,
            "feeds.document_expired",
        ),
        (
            answer(403, text=NOT_SIGNED),
            errors.InvalidRequest,
            "feeds.document_refused",
        ),
        (answer(404), errors.NotFound, "amazon.not_found"),
        (
            answer(302, location="http://127.0.0.1/x"),
            errors.DocumentUnreadable,
            "feeds.document_unreadable",
        ),
        (
            answer(200, text="<html>Sign in</html>", content_type="text/html"),
            errors.CaptivePortal,
            "network.captive_portal",
        ),
        (answer(429), errors.ServiceUnavailable, "amazon.outage"),
        (answer(503), errors.ServiceUnavailable, "amazon.outage"),
        (hang_up, errors.NetworkError, "network.read"),
        (cut, errors.NetworkError, "network.read"),
    ],
)
def test_upload_that_fails_ends_in_an_error_without_secret(
    server: Scripted,
    kit: Kit,
    script: Script,
    kind: type[errors.SpApiError],
    code: str,
) -> None:
    server.then(script)

    with pytest.raises(kind) as caught:
        feeds.upload_feed_document(kit.client, upload(server), b"{}")

    shown = "".join(traceback.format_exception(caught.value))
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert "CANARY" not in shown + repr(kit.recorder.calls)


def test_upload_is_repeated_whole_after_an_outage(server: Scripted, kit: Kit) -> None:
    server.then(hang_up, answer(503), answer(200))

    feeds.upload_feed_document(kit.client, upload(server), b"{}" * 50_000)

    assert [len(each.body) for each in server.received] == [100_000] * 3
    assert [call.attempt for call in kit.recorder.calls] == [1, 2, 3]
    assert kit.recorder.calls[-1].bytes_sent == 100_000


def test_upload_too_slow_ends_at_its_time(server: Scripted, kit: Kit) -> None:
    slow = Slow()
    server.then(slow)

    with pytest.raises(errors.NetworkError) as caught:
        feeds.upload_feed_document(kit.client, upload(server), b"{}", timeout=1.0)
    slow.over.set()

    assert caught.value.step == "timeout"


@pytest.mark.parametrize("url", ["http://example.com/d", "https://u@example.com/d", ""])
def test_upload_to_an_unsafe_address_is_not_made(kit: Kit, url: str) -> None:
    place = feeds.FeedUpload("d", url, feeds.JSON_CONTENT)

    with pytest.raises(errors.DocumentUnreadable, match="not a secure one"):
        feeds.upload_feed_document(kit.client, place, b"{}")

    assert not kit.recorder.calls


def test_upload_has_the_signed_type_and_no_token(server: Scripted, kit: Kit) -> None:
    server.then(answer(200))

    feeds.upload_feed_document(kit.client, upload(server), b"{}")

    (request,) = server.received
    assert (request.method, request.body) == ("PUT", b"{}")
    assert request.headers["content-type"] == feeds.JSON_CONTENT
    assert not [name for name in request.headers if name.startswith("x-amz")]
    assert "authorization" not in request.headers


def test_result_of_a_feed_is_fetched_under_its_own_name(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(403, text=EXPIRED))
    place = StoredDocument("d", server.url + "/doc" + SECRET, None)

    with (
        pytest.raises(errors.DocumentExpired) as caught,
        feeds.open_feed_document(kit.client, place),
    ):
        pass

    assert caught.value.code == "feeds.document_expired"
    assert kit.recorder.calls[0].operation == "feed.document"
