"""The store of documents: what a signed address lets through, and what not."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import (
    DOCUMENTS,
    JSON_TYPE,
    ask_store,
    finished,
    new_document,
    quantity_message,
    sent,
    upload,
)

from ..caller import sign_in

TYPED = {"Content-Type": JSON_TYPE}


def test_address_of_an_upload_ends_after_five_minutes(emulator: Emulator) -> None:
    url = new_document(sign_in(emulator))["url"]
    emulator.advance(299)
    before = ask_store(emulator, "PUT", url, b"{}", TYPED)
    emulator.advance(2)
    after = ask_store(emulator, "PUT", url, b"{}", TYPED)

    assert (before.status, after.status) == (200, 403)
    assert b"Request has expired" in after.content


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": "text/xml; charset=UTF-8"},
    ],
)
def test_upload_of_another_type_is_not_as_signed(
    emulator: Emulator, headers: dict[str, str]
) -> None:
    url = new_document(sign_in(emulator))["url"]

    stored = ask_store(emulator, "PUT", url, b"{}", headers)

    assert stored.status == 403
    assert b"SignatureDoesNotMatch" in stored.content


def test_upload_with_a_header_of_sp_api_is_refused(emulator: Emulator) -> None:
    url = new_document(sign_in(emulator))["url"]

    stored = ask_store(
        emulator, "PUT", url, b"{}", TYPED | {"x-amz-access-token": "Atza|x"}
    )

    assert stored.status == 403
    assert b"HeadersNotSigned" in stored.content


def test_address_is_for_one_document_and_one_method(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    first, second = (new_document(caller) for _ in range(2))
    swapped = second["url"].replace(second["feedDocumentId"], first["feedDocumentId"])
    answers = [
        ask_store(emulator, "PUT", swapped, b"{}", TYPED),
        ask_store(emulator, "GET", first["url"]),
        ask_store(emulator, "PUT", first["url"][:-1], b"{}", TYPED),
        ask_store(emulator, "DELETE", first["url"]),
    ]

    assert [each.status for each in answers] == [403, 403, 403, 405]


def test_uploaded_document_can_be_read_again(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    document_id = upload(caller, b'{"a": 1}')
    empty = new_document(caller)["feedDocumentId"]

    addresses = [
        caller.get(f"{DOCUMENTS}/{each}").json["url"] for each in (document_id, empty)
    ]

    stored = [ask_store(emulator, "GET", url) for url in addresses]
    assert (stored[0].content, stored[0].headers["Content-Type"]) == (
        b'{"a": 1}',
        JSON_TYPE,
    )
    assert stored[1].status == 404


def test_result_tells_its_compression(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    feed = finished(caller, sent(caller, quantity_message(1, "X", 1)))
    path = f"{DOCUMENTS}/{feed['resultFeedDocumentId']}"
    plain = caller.get(path).json
    telling = caller.get(path, enableContentEncodingUrlHeader="true").json

    stored = [ask_store(emulator, "GET", each["url"]) for each in (plain, telling)]

    assert plain["compressionAlgorithm"] == "GZIP"
    assert stored[0].content[:2] == b"\x1f\x8b"
    assert "Content-Encoding" not in stored[0].headers
    assert stored[1].headers["Content-Encoding"] == "gzip"


def test_store_can_fail_like_operations(emulator: Emulator) -> None:
    url = new_document(sign_in(emulator))["url"]
    emulator.control("faults", match="feed.upload", kind="status_503", count=1)

    statuses = [ask_store(emulator, "PUT", url, b"{}", TYPED).status for _ in range(2)]

    assert statuses == [503, 200]
    assert emulator.control("state")["calls"]["feed.upload"]["calls"] == 2
