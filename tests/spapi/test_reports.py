"""Tests of asking for reports and fetching their documents."""

from __future__ import annotations

import gzip
import json
import traceback
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import reports
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.report_documents import (
    ReportDocument,
    open_report_document,
)
from tests.spapi.conftest import NOW, Kit
from tests.spapi.server import (
    Script,
    Scripted,
    Slow,
    answer,
    cut,
    hang_up,
)

DE = "A1PA6795UKMFR9"
SECRET = (
    "?X-Amz-Credential=CANARY1&X-Amz-Security-Token=CANARY2"
    "&X-Amz-Signature=CANARY3&X-Amz-Expires=300"
)
REPORT: dict[str, Any] = {
    "reportId": "54517018502",
    "reportType": reports.ALL_ORDERS,
    "processingStatus": "DONE",
    "createdTime": "2026-11-20T11:00:00+00:00",
    "processingEndTime": "2026-11-20T11:05:00Z",
    "reportDocumentId": "amzn1.tortuga.3.x",
    "dataStartTime": "2026-11-19T00:00:00Z",
    "marketplaceIds": [DE],
}


def data(content: bytes, status: int = 200, **headers: str) -> Script:
    """Return a script that sends the bytes as they are."""

    def script(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        try:
            handler.wfile.write(content)
        except OSError:
            # The client had enough before the end.
            handler.close_connection = True

    return script


def document(server: Scripted, compression: str | None = None) -> ReportDocument:
    return ReportDocument("d", server.url + "/doc" + SECRET, compression)


def fetched(kit: Kit, place: ReportDocument, **limits: Any) -> bytes:
    with open_report_document(kit.client, place, **limits) as content:
        return content.file.read()


def test_create_report_sends_the_span_in_utc(server: Scripted, kit: Kit) -> None:
    server.then(answer(202, {"reportId": "7"}))
    request = reports.ReportRequest(
        reports.ALL_ORDERS, [DE], NOW - timedelta(days=1), NOW, {"a": "b"}
    )

    assert reports.create_report(kit.client, request) == "7"
    assert json.loads(server.received[0].body) == {
        "reportType": reports.ALL_ORDERS,
        "marketplaceIds": [DE],
        "dataStartTime": "2026-11-19T12:00:00.000Z",
        "dataEndTime": "2026-11-20T12:00:00.000Z",
        "reportOptions": {"a": "b"},
    }


@pytest.mark.parametrize("script", [answer(503), hang_up])
def test_create_report_is_never_sent_twice(
    server: Scripted, kit: Kit, script: Script
) -> None:
    server.then(script)

    with pytest.raises(errors.ServiceUnavailable):
        reports.create_report(kit.client, reports.ReportRequest("T", [DE]))

    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("places", "start"), [([], None), (["x"] * 26, None), ([DE], NOW)]
)
def test_create_report_refuses_what_amazon_would(
    server: Scripted, kit: Kit, places: Sequence[str], start: datetime | None
) -> None:
    request = reports.ReportRequest("T", places, start, NOW)

    with pytest.raises(errors.InvalidRequest):
        reports.create_report(kit.client, request)

    assert not server.received


def test_report_is_read_whole(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, REPORT))

    report = reports.get_report(kit.client, "54517018502")

    assert (report.status, report.is_finished) == ("DONE", True)
    assert report.document_id == "amzn1.tortuga.3.x"
    assert report.ended_at == datetime(2026, 11, 20, 11, 5, tzinfo=UTC)
    assert (report.data_end, report.marketplace_ids) == (None, (DE,))


@pytest.mark.parametrize("word", ["IN_QUEUE", "IN_PROGRESS", "NEVER_SEEN"])
def test_report_is_unfinished_under_any_other_word(
    server: Scripted, kit: Kit, word: str
) -> None:
    server.then(answer(200, {**REPORT, "processingStatus": word}))

    assert not reports.get_report(kit.client, "1").is_finished


@pytest.mark.parametrize("name", ["dataStartTime", "processingEndTime"])
def test_unreadable_time_of_one_report_sinks_no_list(
    server: Scripted, kit: Kit, name: str
) -> None:
    odd = {**REPORT, "reportId": "1", name: "soon"}
    server.then(answer(200, {"reports": [odd, REPORT]}))

    page = reports.get_reports(
        kit.client, reports.ReportsQuery([reports.ALL_ORDERS], [])
    )

    assert [report.report_id for report in page.reports] == ["1", REPORT["reportId"]]
    assert page.reports[0].unread == (f"the field {name} is not a time",)
    assert page.reports[1].unread == ()


def test_reports_are_asked_for_with_the_token_alone(server: Scripted, kit: Kit) -> None:
    server.then(
        answer(200, {"reports": [REPORT], "nextToken": "t/1"}),
        answer(200, {"reports": [REPORT, REPORT]}),
    )
    query = reports.ReportsQuery([reports.ALL_ORDERS], ["DONE"], created_since=NOW)

    page = reports.get_reports(kit.client, query)
    last = reports.get_reports(kit.client, query, page.next_token)

    assert (len(page.reports), len(last.reports), last.next_token) == (1, 2, None)
    assert "processingStatuses=DONE&createdSince=2026-11-20T12:00:00Z" in (
        server.received[0].path
    )
    assert server.received[1].path == "/reports/2021-06-30/reports?nextToken=t%2F1"


def test_document_address_stays_out_of_sight(server: Scripted, kit: Kit) -> None:
    content = {"reportDocumentId": "d", "url": "https://x/" + SECRET}
    server.then(answer(200, {**content, "compressionAlgorithm": "GZIP"}))

    place = reports.get_report_document(kit.client, "d")

    assert (place.compression, place.url) == ("GZIP", content["url"])
    assert "CANARY" not in repr(place)


TEXT = "amazon-order-id\tß\r\n".encode() * 500
PACKED = gzip.compress(TEXT)
PAGE = b"<html><body>Sign in to the network.</body></html>"


@pytest.mark.parametrize(
    ("compression", "script"),
    [
        (None, data(TEXT)),
        ("GZIP", data(PACKED)),
        # Some proxy has unpacked it on the way.
        ("GZIP", data(TEXT)),
        # It is packed, and only the bytes say so.
        (None, data(PACKED)),
        ("GZIP", data(PACKED, content_encoding="gzip")),
        ("GZIP", data(gzip.compress(PACKED), content_encoding="gzip")),
    ],
)
def test_document_is_unpacked_when_it_is_packed(
    server: Scripted, kit: Kit, compression: str | None, script: Script
) -> None:
    server.then(script)

    assert fetched(kit, document(server, compression)) == TEXT


@pytest.mark.parametrize(
    ("told", "charset"),
    [
        ("", ""),
        ("text/plain", ""),
        ("text/plain; charset=Cp1252", "cp1252"),
        ('text/plain;charset="Shift_JIS"', "shift_jis"),
        (";;=;charset", ""),
    ],
)
def test_document_tells_the_charset_of_its_store(
    server: Scripted, kit: Kit, told: str, charset: str
) -> None:
    server.then(data(TEXT, content_type=told))

    with open_report_document(kit.client, document(server)) as content:
        assert content.charset == charset


def test_document_may_be_empty(server: Scripted, kit: Kit) -> None:
    server.then(data(b""))

    assert fetched(kit, document(server)) == b""


def test_document_is_asked_for_without_token(server: Scripted, kit: Kit) -> None:
    server.then(data(TEXT))

    fetched(kit, document(server))

    headers = server.received[0].headers
    assert not [name for name in headers if name.startswith("x-amz")]
    assert "authorization" not in headers
    assert headers["accept-encoding"] == "identity"
    assert server.received[0].path.endswith(SECRET)


def test_document_is_recorded_without_its_secret(server: Scripted, kit: Kit) -> None:
    server.then(data(TEXT))

    fetched(kit, document(server))

    call = kit.recorder.calls[0]
    assert (call.operation, call.status) == ("report.document", 200)
    assert call.bytes_received == len(TEXT)
    assert "CANARY" not in repr(kit.recorder.calls)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (
            data(b"<Error><Message>Request has expired</Message></Error>", 403),
            errors.DocumentExpired,
        ),
        (data(b"", 404), errors.NotFound),
        (data(PAGE), errors.CaptivePortal),
        (data(PAGE, 404), errors.CaptivePortal),
        (data(TEXT, content_type="text/html"), errors.CaptivePortal),
        (data(b"", 302, location="http://127.0.0.1/x"), errors.DocumentUnreadable),
        (data(b"", 429), errors.ServiceUnavailable),
        (data(b"", 503), errors.ServiceUnavailable),
        (cut, errors.NetworkError),
        (hang_up, errors.NetworkError),
        (data(PACKED[:-20]), errors.DocumentUnreadable),
        (data(PACKED[:50] + b"junk" * 9), errors.DocumentUnreadable),
        (data(PACKED + b"junk"), errors.DocumentUnreadable),
    ],
)
def test_bad_document_ends_in_an_error_without_secret(
    server: Scripted, kit: Kit, script: Script, kind: type[errors.SpApiError]
) -> None:
    server.then(script)

    with pytest.raises(kind) as caught:
        fetched(kit, document(server))

    shown = "".join(traceback.format_exception(caught.value))
    assert type(caught.value) is kind
    assert "CANARY" not in shown + repr(kit.recorder.calls)


def test_document_is_fetched_again_after_an_outage(server: Scripted, kit: Kit) -> None:
    server.then(cut, data(b"", 503), data(TEXT))

    assert fetched(kit, document(server)) == TEXT
    assert [call.attempt for call in kit.recorder.calls] == [1, 2, 3]


def test_document_expired_is_worth_another_address() -> None:
    error = errors.DocumentExpired("m", errors.Evidence("o"))

    assert (error.code, error.retryable) == ("reports.document_expired", True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/doc",
        "ftp://127.0.0.1/doc",
        "file:///etc/passwd",
        "https://user@example.com/doc",
        "https:///doc",
        "",
    ],
)
def test_document_at_an_unsafe_address_is_not_asked_for(kit: Kit, url: str) -> None:
    with pytest.raises(errors.DocumentUnreadable, match="not a secure one"):
        fetched(kit, ReportDocument("d", url, None))

    assert not kit.recorder.calls


@pytest.mark.parametrize(
    "content",
    # Named, since a packed text bears the second it was made in.
    [b"x" * 3000, gzip.compress(b"x" * 3000)],
    ids=["plain", "packed"],
)
def test_document_larger_than_allowed_is_refused(
    server: Scripted, kit: Kit, content: bytes
) -> None:
    server.then(data(content))

    with pytest.raises(errors.DocumentUnreadable, match="2000 bytes"):
        fetched(kit, document(server), max_bytes=2000)


def test_document_too_slow_ends_at_its_time(server: Scripted, kit: Kit) -> None:
    slow = Slow(trickles=True)
    server.then(slow)

    with pytest.raises(errors.NetworkError) as caught:
        fetched(kit, document(server), timeout=1.0)
    slow.over.set()

    assert caught.value.step == "timeout"


def test_document_takes_no_memory_of_its_size(server: Scripted, kit: Kit) -> None:
    size = 40_000_000
    server.then(data(gzip.compress(b"x" * size)))
    place = document(server)

    tracemalloc.start()
    with open_report_document(kit.client, place) as content:
        content.file.seek(0, 2)
        found = content.file.tell()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == size
    assert peak < 4_000_000


def test_secrets_of_a_document_address_are_redacted() -> None:
    line = "GET https://s3.example/doc" + SECRET

    assert "CANARY" not in redact_text(line)
    assert "CANARY" not in redact_text("x?AWSAccessKeyId=A&Signature=CANARY&Expires=1")
