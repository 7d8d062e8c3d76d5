"""An answer that is not Amazon's judgement is never held against an item."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import timedelta

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import Fault
from channels_amazon.spapi.operations import LWA_TOKEN, OPERATIONS, Operation
from tests.amazon_proxy import (
    AmazonProxy,
    Spoiler,
    answers,
    drip,
    html,
    refusal,
    reset,
    wrong_date,
)
from tests.spapi.conftest import Connect

UNKNOWN_PATH = {"message": "Missing Authentication Token"}

# What comes, whose fault it is, and its code.
FOREIGN: dict[str, tuple[Spoiler, Fault, str]] = {
    "page": (html(), Fault.RUN, "network.captive_portal"),
    "page 403": (html(403), Fault.RUN, "network.captive_portal"),
    "page 404": (html(404), Fault.RUN, "network.captive_portal"),
    "page 413": (html(413), Fault.RUN, "network.captive_portal"),
    "page 511": (html(511), Fault.RUN, "network.captive_portal"),
    "redirect": (
        answers(302, location="http://login.example/"),
        Fault.RUN,
        "network.captive_portal",
    ),
    "proxy's sign-in": (answers(407), Fault.RUN, "network.proxy"),
    "empty 401": (answers(401), Fault.RUN, "amazon.not_judged"),
    "empty 403": (answers(403), Fault.RUN, "amazon.not_judged"),
    "empty 404": (answers(404), Fault.RUN, "amazon.not_judged"),
    "empty 400": (answers(400), Fault.RUN, "amazon.not_judged"),
    "unknown path": (answers(403, UNKNOWN_PATH), Fault.RUN, "amazon.unknown_path"),
    "unknown path, enveloped": (
        refusal(403, "MissingAuthenticationToken", "Missing Authentication Token"),
        Fault.RUN,
        "amazon.unknown_path",
    ),
    "expired token": (refusal(401, "Unauthorized"), Fault.RUN, "amazon.access_denied"),
    "firewall": (
        answers(403, {"message": "Forbidden"}),
        Fault.RUN,
        "amazon.access_denied",
    ),
    "reset": (reset(), Fault.UNCLEAR, "network.read"),
    "drip": (drip(0.3), Fault.UNCLEAR, "network.timeout"),
}


def call(client: SpApiClient, operation: Operation) -> object:
    """Call the operation with any well-formed parameters."""
    names = [name for _, name, _, _ in string.Formatter().parse(operation.path) if name]
    body: dict[str, str] | None = (
        {} if operation.write or operation.method == "POST" else None
    )
    hurried = replace(client, budget=0.5, sleep=lambda seconds: None)
    return hurried.call(operation, path=dict.fromkeys(names, "x"), body=body)


@pytest.fixture
def client(connect: Connect, amazon_proxy: AmazonProxy) -> SpApiClient:
    """Give a client all of whose calls pass the proxy."""
    made = connect(address=f"{amazon_proxy.url}/eu")
    lwa = replace(
        made.tokens.lwa,
        token_url=f"{amazon_proxy.url}/auth/o2/token",
        timeout=0.3,
        budget=0.5,
    )
    return replace(made, tokens=replace(made.tokens, lwa=lwa))


def test_page_that_asks_for_a_pause_is_a_throttle(
    amazon_proxy: AmazonProxy, client: SpApiClient
) -> None:
    amazon_proxy.spoil("getOrder", html(429))

    with pytest.raises(errors.Throttled):
        call(client, OPERATIONS["getOrder"])


@pytest.mark.parametrize(
    ("spoiler", "is_undelivered"),
    [
        (answers(302, location="http://login.example/"), True),
        (html(511), True),
        (answers(407), True),
        (html(), False),
        (html(403), False),
        (html(413), False),
    ],
)
def test_only_what_is_surely_not_amazons_answer_costs_no_call(
    amazon_proxy: AmazonProxy,
    client: SpApiClient,
    spoiler: Spoiler,
    is_undelivered: bool,
) -> None:
    amazon_proxy.spoil("getOrder", spoiler)

    with pytest.raises(errors.ServiceUnavailable) as caught:
        call(client, OPERATIONS["getOrder"])

    assert caught.value.is_undelivered == is_undelivered


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_answer_is_no_judgement_of_any_operation(
    amazon_proxy: AmazonProxy, client: SpApiClient, foreign: str
) -> None:
    spoiler, fault, code = FOREIGN[foreign]
    amazon_proxy.spoil("*", spoiler)
    # A drip takes a second of each.
    names = ["getOrder", "searchOrders"] if foreign == "drip" else list(OPERATIONS)
    found = {}

    for name in names:
        with pytest.raises(errors.SpApiError) as caught:
            call(client, OPERATIONS[name])
        error = caught.value
        found[name] = (error.code, error.fault, error.retryable)

    assert found == dict.fromkeys(names, (code, fault, True))


@pytest.mark.parametrize(
    ("spoiler", "code"),
    [
        (html(), "network.captive_portal"),
        (html(403), "network.captive_portal"),
        (answers(302, location="http://login.example/"), "network.captive_portal"),
        (answers(407), "network.proxy"),
        (answers(200, {"ok": True}), "lwa.outage"),
        (answers(200, ["no", "object"]), "lwa.outage"),
        (answers(404), "lwa.outage"),
        (answers(400, {"error": "invalid_scope"}), "lwa.refused"),
        (answers(403, {"error": "access_denied"}), "lwa.refused"),
        (reset(), "network.read"),
        (drip(0.3), "network.timeout"),
    ],
)
def test_token_endpoint_says_nothing_of_an_item(
    amazon_proxy: AmazonProxy, client: SpApiClient, spoiler: Spoiler, code: str
) -> None:
    amazon_proxy.spoil(LWA_TOKEN, spoiler)

    with pytest.raises(errors.SpApiError) as caught:
        call(client, OPERATIONS["getOrder"])

    assert (caught.value.code, caught.value.retryable) == (code, True)
    assert caught.value.fault is not Fault.ITEM
    assert not amazon_proxy.count("getOrder")


def test_captive_portal_is_named_with_its_host(
    amazon_proxy: AmazonProxy, client: SpApiClient
) -> None:
    amazon_proxy.spoil("getOrder", html())

    with pytest.raises(errors.CaptivePortal) as caught:
        call(client, OPERATIONS["getOrder"])

    seen = caught.value.evidence
    assert (seen.host, seen.status, seen.content_type) == (
        "127.0.0.1",
        200,
        "text/html",
    )
    assert "127.0.0.1" in caught.value.message


def test_wrong_date_is_no_error(amazon_proxy: AmazonProxy, client: SpApiClient) -> None:
    amazon_proxy.spoil("*", wrong_date(timedelta(days=-400)))

    # An order id that nobody has is judged as ever.
    with pytest.raises((errors.NotFound, errors.InvalidRequest)) as caught:
        call(client, OPERATIONS["getOrder"])

    assert caught.value.fault is Fault.ITEM


@pytest.mark.parametrize(("status", "code"), [(400, "InvalidInput"), (404, "NotFound")])
def test_amazons_own_refusal_is_a_judgement(
    amazon_proxy: AmazonProxy, client: SpApiClient, status: int, code: str
) -> None:
    amazon_proxy.spoil("getOrder", refusal(status, code))

    with pytest.raises(errors.SpApiError) as caught:
        call(client, OPERATIONS["getOrder"])

    assert caught.value.fault is Fault.ITEM
