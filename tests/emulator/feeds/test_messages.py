"""Messages of a feed, judged one by one; and the file as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_amazon.emulator.feeds.messages import (
    MOST_MESSAGES,
    is_against_schema,
    read_file,
)
from tests.emulator.feeds.scene import quantity_message

GOOD = quantity_message(1, "SKU", 1)
HEADER = {"sellerId": "A1", "version": "2.0"}
ATTRIBUTES = {"color": [{"value": "red"}]}


def whole(**over: Any) -> bytes:
    document = {"header": HEADER, "messages": [GOOD]} | over
    kept = {name: value for name, value in document.items() if value is not None}
    return json.dumps(kept).encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "4002001"),
        (b"{", "4002001"),
        (b"[]", "4002001"),
        (b"\xff\xfe\x00", "4002001"),
        (b"[" * 100_000, "4002001"),
        (whole(header=None), "4002005"),
        (whole(header=[HEADER]), "4002005"),
        (whole(header={"version": "2.0"}), "4002005"),
        (whole(header={"sellerId": "A1"}), "4002005"),
        (whole(messages=None), "4002005"),
        (whole(header={"sellerId": "A1", "version": "1.0"}), "4002006"),
        (whole(messages=[]), None),
        (whole(messages={}), None),
        (whole(messages=[GOOD] * (MOST_MESSAGES + 1)), None),
        (whole(header=HEADER | {"issueLocale": 1}), None),
        (whole(header=HEADER | {"report": {"includedData": ["issues"]}}), None),
        (
            whole(
                header=HEADER
                | {"report": {"includedData": ["x"], "apiVersion": "2021-08-01"}}
            ),
            None,
        ),
    ],
    ids=range(17),
)
def test_file_against_the_schema_has_one_issue(content: bytes, code: object) -> None:
    file = read_file(content)

    assert [issue.get("code") for issue in file.issues] == [code]
    assert file.messages == []


def test_file_may_hold_as_many_messages_as_amazon_takes() -> None:
    file = read_file(whole(messages=[GOOD] * MOST_MESSAGES))

    assert (len(file.messages), file.issues, file.seller_id) == (
        MOST_MESSAGES,
        [],
        "A1",
    )


@pytest.mark.parametrize(
    "over",
    [
        {},
        {"messageId": 2_147_483_647},
        {"messageId": 1.0},
        {"surprise": True},
        {"operationType": "DELETE", "productType": None, "patches": None},
        {"operationType": "UPDATE", "attributes": ATTRIBUTES, "patches": None},
        {"operationType": "PARTIAL_UPDATE", "attributes": ATTRIBUTES, "patches": None},
        {"patches": [{"op": "delete", "path": "/attributes/x"}]},
    ],
)
def test_good_message_is_taken(over: dict[str, Any]) -> None:
    assert not is_against_schema(changed(over))


@pytest.mark.parametrize(
    "over",
    [
        {"messageId": 0},
        {"messageId": 2_147_483_648},
        {"messageId": "1"},
        {"messageId": True},
        {"messageId": None},
        {"sku": ""},
        {"sku": 1},
        {"sku": None},
        {"operationType": "REPLACE"},
        {"operationType": None},
        {"productType": None},
        {"productType": ""},
        {"patches": None},
        {"patches": []},
        {"patches": [{}]},
        {"patches": [{"op": "move", "path": "/x"}]},
        {"patches": [{"op": "add"}]},
        {"patches": [{"op": "add", "path": "/x", "value": {}}]},
        {"patches": [{"op": "add", "path": "/x", "value": [1]}]},
        {"requirements": "LISTING"},
        {"attributes": ATTRIBUTES},
        {"operationType": "DELETE", "patches": None},
        {"operationType": "UPDATE", "patches": None},
        {"operationType": "UPDATE", "patches": None, "attributes": {}},
        {
            "operationType": "UPDATE",
            "patches": None,
            "attributes": ATTRIBUTES,
            "requirements": "NONSENSE",
        },
        {
            "operationType": "PARTIAL_UPDATE",
            "patches": None,
            "attributes": ATTRIBUTES,
            "requirements": "LISTING",
        },
    ],
)
def test_message_against_the_schema_is_seen(over: dict[str, Any]) -> None:
    assert is_against_schema(changed(over))


@pytest.mark.parametrize("message", [None, 1, "x", [], {}])
def test_message_that_is_none_is_seen(message: object) -> None:
    assert is_against_schema(message)


def changed(over: dict[str, Any]) -> dict[str, Any]:
    """Return the good message with changes; None takes a field away."""
    message = GOOD | over
    return {name: value for name, value in message.items() if value is not None}
