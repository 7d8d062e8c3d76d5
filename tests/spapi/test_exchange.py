"""What is kept of the request and the answer of a call that failed."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from channels_amazon.spapi.exchange import MOST_BYTES, exchange_of
from channels_amazon.spapi.outline import LEFT_OUT
from channels_amazon.spapi.redact import REDACTED
from channels_amazon.spapi.transport import Reply

CANARY = "CanaryStrasse 5"


def nested(depth: int) -> dict[str, Any]:
    """Return an object that many others stand around."""
    return {"a": [nested(depth - 1)]} if depth else {"orderId": CANARY}


def reply(body: bytes, status: int = 400) -> Reply:
    """Return an answer with this body."""
    return Reply(status, {}, body, 0.1)


def test_amazon_s_error_is_kept_whole() -> None:
    said = {"errors": [{"code": "InvalidInput", "message": "No such thing"}]}

    kept = exchange_of("", None, reply(json.dumps(said).encode()))

    assert kept == {"answered": said}


def test_request_keeps_ids_and_quantities() -> None:
    body = {
        "marketplaceId": "ATVPDKIKX0DER",
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "UPS",
            "trackingNumber": "1Z999",
            "orderItems": [{"orderItemId": "77", "quantity": 2}],
        },
    }

    kept = exchange_of("?orderIds=902-1&nextToken=abc", json.dumps(body).encode(), None)

    package = kept["sent"]["packageDetail"]
    assert package["orderItems"] == [{"orderItemId": "77", "quantity": 2}]
    assert package["trackingNumber"] == LEFT_OUT
    assert kept["query"]["nextToken"] == LEFT_OUT
    assert "answered" not in kept


@pytest.mark.parametrize(
    "body",
    [
        {"destinationAddress": {"name": CANARY, "postalCode": 80331}},
        {"displayableOrderComment": CANARY},
        {"deliveryPreferences": {"dropOffLocation": {"attributes": {"x": CANARY}}}},
        {"anythingNew": [{"whatever": CANARY}]},
        {"buyer": {"orderId": CANARY}},
        {"restrictedDataToken": CANARY},
        {"message": f"the buyer wrote from {CANARY.split()[0]}@mail.example"},
        nested(40),
    ],
)
def test_nothing_about_people_is_kept(body: Any) -> None:
    encoded = json.dumps(body).encode()

    kept = exchange_of("", encoded, reply(encoded))

    assert CANARY not in json.dumps(kept)
    assert CANARY.split()[0] not in json.dumps(kept)
    assert "80331" not in json.dumps(kept)


@pytest.mark.parametrize("key", ["message", "details"])
def test_answer_that_quotes_the_request_is_kept_without_it(key: str) -> None:
    sent = {
        "destinationAddress": {
            "name": "Anna Müller",
            "addressLine1": "Musterstr. 5",
            "postalCode": 80331,
            "countryCode": "DE",
        },
        "displayableOrderComment": "For Bob, call bob@mail.example",
        "sellerFulfillmentOrderId": "S-1",
    }
    said = (
        "Value 'Anna Müller, Musterstr. 5' at 'destinationAddress.name' (80331 DE) of "
        "S-1: 'For Bob, call bob@mail.example' is too long"
    )
    answer = {"errors": [{"code": "InvalidInput", key: said}]}

    kept = exchange_of(
        "", json.dumps(sent).encode(), reply(json.dumps(answer).encode())
    )

    assert kept["answered"]["errors"][0] == {
        "code": "InvalidInput",
        key: (
            f"Value '{REDACTED}, {REDACTED}' at 'destinationAddress.name' "
            f"({REDACTED} DE) of S-1: '{REDACTED}' is too long"
        ),
    }


def test_code_that_amazon_refuses_is_named() -> None:
    sent = {
        "patches": [
            {
                "op": "replace",
                "path": "/attributes/condition_type",
                "value": [{"value": "the title", "language_tag": "en"}],
            }
        ],
        "attributes": {
            "condition_type": [{"value": "new_new"}],
            "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT"}],
            "item_weight": [{"unit": "kg", "value": 2}],
            "comment": [{"value": "Bob"}],
            "details": {"value": "Ann"},
        },
    }
    said = "DEFAULT, new_new, kg, en: no such code of 'the title' for Bob and Ann"
    answer = {"errors": [{"code": "InvalidInput", "message": said}]}

    kept = exchange_of(
        "", json.dumps(sent).encode(), reply(json.dumps(answer).encode())
    )

    assert kept["answered"]["errors"][0]["message"] == (
        f"DEFAULT, new_new, kg, en: no such code of '{REDACTED}' for {REDACTED} and "
        f"{REDACTED}"
    )
    attributes = kept["sent"]["attributes"]
    assert attributes["condition_type"] == [{"value": "new_new"}]
    assert attributes["item_weight"] == [{"unit": "kg", "value": 2}]
    assert attributes["comment"] == [{"value": LEFT_OUT}]
    assert attributes["details"] == {"value": LEFT_OUT}


def test_list_is_cut_and_says_so() -> None:
    answer = json.dumps({"errors": [{"code": "A"} for _ in range(23)]}).encode()

    kept = exchange_of("", None, reply(answer))["answered"]["errors"]

    assert kept == [*({"code": "A"} for _ in range(20)), "[3 more]"]


def test_long_answer_is_cut_before_anything_is_looked_for_in_it() -> None:
    names = [f"seller word {number}" for number in range(2000)]
    sent = json.dumps({"names": names}).encode()
    answer = json.dumps(
        {"errors": [{"message": f"no {name} of the many here"} for name in names]}
    ).encode()
    began = time.process_time()

    kept = exchange_of("", sent, reply(answer))

    # A fiftieth of what looking through all of it takes.
    assert time.process_time() - began < 0.2
    errors = kept["answered"]["errors"]
    assert errors[0] == {"message": f"no {REDACTED} of the many here"}
    assert errors[-1] == "[1980 more]"


def test_answer_to_a_request_that_cannot_be_read_is_its_size() -> None:
    answer = json.dumps({"message": f"no {CANARY}"}).encode()

    assert exchange_of("", CANARY.encode(), reply(answer))["answered"] == {
        "bytes": len(answer)
    }


def test_code_and_state_of_an_address_are_not_kept() -> None:
    kept = exchange_of("?code=CANARY1&state=CANARY2&pageSize=5", None, None)

    assert kept == {"query": {"code": REDACTED, "state": REDACTED, "pageSize": "5"}}


def test_text_of_a_known_key_passes_the_redaction() -> None:
    body = {"message": "token Atza|IwEBICanary expired"}

    kept = exchange_of("", None, reply(json.dumps(body).encode()))

    assert kept["answered"]["message"] == f"token {REDACTED} expired"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>CANARY</html>",
        b'{"cut": ',
        b"[" * 100_000,
        json.dumps({"a": "x" * 400_000}).encode(),
        json.dumps({f"key{number}": number for number in range(3)}).encode() * 2,
    ],
)
def test_body_that_is_no_json_or_too_long_is_its_size(body: bytes) -> None:
    assert exchange_of("", None, reply(body))["answered"] == {"bytes": len(body)}


def test_exchange_is_bounded_whatever_is_sent() -> None:
    body = json.dumps(
        [{f"name{n}{'x' * 60}": {"message": "é" * 900, "n": n}} for n in range(500)]
    ).encode()

    kept = exchange_of("?" + "&".join(f"a{n}=b" for n in range(900)), body, reply(body))

    assert len(json.dumps(kept, ensure_ascii=False).encode()) < 3 * MOST_BYTES + 100


def test_call_without_query_body_and_answer_keeps_nothing() -> None:
    assert exchange_of("", None, None) == {}
