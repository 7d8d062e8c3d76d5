"""What the gate refuses before an operation runs, and in which form."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.gate import EXPIRED, MALFORMED, MISSING
from channels_amazon.emulator.model.roles import (
    DEFAULT_ROLES,
    PRODUCT_LISTING,
    may_call,
)
from channels_amazon.emulator.server import Emulator

from .caller import US, Caller, Reply, exchange, sign_in, sign_in_grantless

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
CATALOG = "/catalog/2022-04-01/items"
DESTINATIONS = "/notifications/v1/destinations"


def search_catalog(caller: Caller) -> Reply:
    return caller.get(CATALOG, marketplaceIds=US, keywords="alderwick")


def test_missing_token_is_named(emulator: Emulator) -> None:
    reply = Caller(emulator, "na", "").get(PARTICIPATIONS)
    assert (reply.status, reply.error["code"]) == (403, "Unauthorized")
    assert reply.error["details"] == MISSING


def test_damaged_token_is_refused(emulator: Emulator) -> None:
    reply = Caller(emulator, "na", "Atza|nonsense").get(PARTICIPATIONS)
    assert (reply.status, reply.error["details"]) == (403, MALFORMED)


def test_expired_token_is_refused(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.advance(3601)
    assert caller.get(PARTICIPATIONS).error["details"] == EXPIRED


def test_revoked_grant_ends_its_tokens(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.control("revoke", region="na")
    assert caller.get(PARTICIPATIONS).error["details"] == MALFORMED


def test_token_of_another_region_is_refused(emulator: Emulator) -> None:
    european = sign_in(emulator, "eu")
    reply = Caller(emulator, "na", european.token).get(PARTICIPATIONS)
    assert (reply.status, reply.error["details"]) == (403, MALFORMED)


def test_bare_root_takes_the_region_of_the_token(emulator: Emulator) -> None:
    token = sign_in(emulator, "fe").token
    reply = exchange(
        emulator, "GET", PARTICIPATIONS, None, {"x-amz-access-token": token}
    )
    assert reply.json["payload"][0]["marketplace"]["countryCode"] == "JP"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/orders/v0/orders"), ("DELETE", PARTICIPATIONS), ("GET", "/")],
)
def test_unknown_path_or_verb_is_refused_by_the_gateway(
    emulator: Emulator, method: str, path: str
) -> None:
    reply = sign_in(emulator).send(method, path)
    assert (reply.status, reply.error["code"]) == (403, "MissingAuthenticationToken")


def test_signature_is_ignored(emulator: Emulator) -> None:
    token = sign_in(emulator).token
    headers = {"x-amz-access-token": token, "Authorization": "AWS4-HMAC-SHA256 x"}
    reply = exchange(emulator, "GET", f"/na{PARTICIPATIONS}", None, headers)
    assert reply.status == 200


def test_removed_role_closes_its_operations_at_once(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    assert search_catalog(caller).status == 200
    emulator.control("roles", remove=[PRODUCT_LISTING])
    refused = search_catalog(caller)
    assert (refused.status, refused.error["details"]) == (403, "")
    assert "x-amzn-RateLimit-Limit" not in refused.headers


def test_added_role_waits_for_a_new_consent(emulator: Emulator) -> None:
    emulator.control("roles", remove=[PRODUCT_LISTING])
    before = sign_in(emulator)
    emulator.control("roles", add=[PRODUCT_LISTING])
    assert search_catalog(before).status == 403
    assert search_catalog(sign_in(emulator)).status == 200


def test_account_is_readable_in_europe_only() -> None:
    assert may_call("getAccount", set(DEFAULT_ROLES), "eu")
    assert not may_call("getAccount", set(DEFAULT_ROLES), "na")


def test_grantless_operation_refuses_a_sellers_token(emulator: Emulator) -> None:
    assert sign_in(emulator).get(DESTINATIONS).status == 403
    assert sign_in_grantless(emulator).get(DESTINATIONS).status == 200


def test_sellers_operation_refuses_a_grantless_token(emulator: Emulator) -> None:
    assert sign_in_grantless(emulator).get(PARTICIPATIONS).status == 403


def test_body_must_be_json(emulator: Emulator) -> None:
    token = sign_in(emulator).token
    path = "/na/tokens/2021-03-01/restrictedDataToken"
    headers = {"x-amz-access-token": token, "Content-Type": "text/plain"}
    assert exchange(emulator, "POST", path, "{}", headers).status == 415
    headers["Content-Type"] = "application/json"
    assert exchange(emulator, "POST", path, "{", headers).status == 400


def test_participations_show_what_the_seller_trades_in(emulator: Emulator) -> None:
    reply = sign_in(emulator, "eu").get(PARTICIPATIONS)
    countries = [row["marketplace"]["countryCode"] for row in reply.json["payload"]]
    assert countries == ["DE", "FR", "IT", "ES", "GB"]


def test_restricted_token_is_made_by_role_and_opens_its_path_only(
    emulator: Emulator,
) -> None:
    caller = sign_in(emulator)
    path = "/mfn/v0/shipments/00000000-0000-4000-8000-000000000000"
    body = {"restrictedResources": [{"method": "GET", "path": path}]}
    made = caller.send("POST", "/tokens/2021-03-01/restrictedDataToken", body=body)
    restricted = Caller(emulator, "na", made.json["restrictedDataToken"])
    assert caller.get(path).status == 403
    assert restricted.get(path).status == 404
    assert restricted.get(PARTICIPATIONS).status == 403


def test_restricted_token_without_the_role_is_a_bad_request(
    emulator: Emulator,
) -> None:
    emulator.control("roles", remove=["Direct-to-Consumer Shipping"])
    path = "/mfn/v0/shipments/00000000-0000-4000-8000-000000000000"
    body = {"restrictedResources": [{"method": "GET", "path": path}]}
    reply = sign_in(emulator).send(
        "POST", "/tokens/2021-03-01/restrictedDataToken", body=body
    )
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert "do not have access" in reply.error["message"]
