"""Faults on demand: what the client sees, and whether the call took effect."""

from __future__ import annotations

import http.client
import time

import pytest

from channels_amazon.emulator.model.faults import Fault, Faults
from channels_amazon.emulator.server import Emulator

from ..caller import SELLERS, US, Caller, exchange, sign_in

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
OPERATION = "getMarketplaceParticipations"


def inject(emulator: Emulator, kind: str, operation: str = OPERATION) -> None:
    emulator.state.faults.add(Fault(operation, kind, count=1, seconds=0.2))


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("status_500", 500, "InternalFailure"),
        ("status_503", 503, "ServiceUnavailable"),
        ("forbidden", 403, "Unauthorized"),
        ("throttle", 429, "QuotaExceeded"),
    ],
)
def test_refusal_strikes_once_in_amazons_form(
    emulator: Emulator, kind: str, status: int, code: str
) -> None:
    caller = sign_in(emulator)
    inject(emulator, kind)
    struck = caller.get(PARTICIPATIONS)
    assert (struck.status, struck.error["code"]) == (status, code)
    assert caller.get(PARTICIPATIONS).status == 200


def test_html_503_is_html(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    inject(emulator, "html_503")
    reply = caller.get(PARTICIPATIONS)
    assert (reply.status, reply.headers["Content-Type"]) == (503, "text/html")
    assert reply.text.startswith("<html>")


def test_answer_may_be_no_json(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    inject(emulator, "not_json")
    reply = caller.get(PARTICIPATIONS)
    assert reply.status == 200
    with pytest.raises(ValueError, match="Expecting value"):
        _ = reply.json


def test_body_is_cut_in_half(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    inject(emulator, "cut_body")
    with pytest.raises(http.client.IncompleteRead):
        caller.get(PARTICIPATIONS)


@pytest.mark.parametrize("kind", ["close", "timeout", "lost_answer"])
def test_connection_is_closed_without_an_answer(emulator: Emulator, kind: str) -> None:
    caller = sign_in(emulator)
    inject(emulator, kind)
    with pytest.raises(http.client.RemoteDisconnected):
        caller.get(PARTICIPATIONS)


def test_slow_answer_comes_in_the_end(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    inject(emulator, "slow")
    started = time.monotonic()
    assert caller.get(PARTICIPATIONS).status == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("kind", "takes_effect"), [("close", False), ("lost_answer", True)]
)
def test_write_takes_effect_only_if_its_answer_is_lost(
    emulator: Emulator, kind: str, *, takes_effect: bool
) -> None:
    caller = sign_in(emulator)
    listing = next(
        item for item in emulator.state.seller_listings(SELLERS["na"]) if item.quantity
    )
    inject(emulator, kind, "patchListingsItem")
    with pytest.raises(http.client.RemoteDisconnected):
        set_quantity(caller, listing.sku, 999)
    emulator.advance(1)
    assert (listing.quantity == 999) is takes_effect


def set_quantity(caller: Caller, sku: str, quantity: int) -> None:
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
    row = {
        "op": "merge",
        "path": "/attributes/fulfillment_availability",
        "value": [value],
    }
    caller.send(
        "PATCH",
        f"/listings/2021-08-01/items/{SELLERS['na']}/{sku}",
        {"marketplaceIds": US},
        {"productType": "PRODUCT", "patches": [row]},
    )


def test_token_endpoint_may_fail_too(emulator: Emulator) -> None:
    inject(emulator, "status_500", "lwa.token")
    assert exchange(emulator, "POST", "/auth/o2/token", "").status == 500
    assert exchange(emulator, "POST", "/auth/o2/token", "").status == 400


def test_faults_leave_other_operations_alone() -> None:
    faults = Faults()
    faults.add(Fault("getOrder", "close"))
    assert faults.strike("searchOrders") is None
    assert faults.strike("getOrder") is not None


def test_rate_strikes_a_share() -> None:
    faults = Faults()
    faults.add(Fault("*", "slow", rate=0.25))
    struck = sum(faults.strike("getOrder") is not None for _ in range(1000))
    assert 200 < struck < 300


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Faults().add(Fault("*", "earthquake"))


def test_connection_is_kept_between_requests(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    try:
        connection.connect()
        first = connection.sock
        for _ in range(3):
            connection.request("GET", "/na/nothing")
            assert connection.getresponse().read()
        assert connection.sock is first
    finally:
        connection.close()
