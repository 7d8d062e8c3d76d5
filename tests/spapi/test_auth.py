"""Tests of Login with Amazon against a scripted token endpoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from channels_amazon.spapi import errors
from tests.spapi.conftest import NOW, Kit
from tests.spapi.server import Scripted, Slow, answer, cut, hang_up

GOOD = {
    "access_token": "Atza|new",
    "token_type": "bearer",
    "expires_in": 3600,
    "refresh_token": "Atzr|same",
}


def lwa_error(status: int, code: str) -> Any:
    return answer(status, {"error": code, "error_description": f"about {code}"})


def test_refresh_sends_the_form_and_reads_the_tokens(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(200, GOOD))

    tokens = kit.lwa.refresh("Atzr|same")

    assert (tokens.access_token, tokens.refresh_token) == ("Atza|new", "Atzr|same")
    assert tokens.expires_at == NOW + timedelta(hours=1)
    assert parse_qs(server.received[0].body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|same"],
        "client_id": ["client"],
        "client_secret": ["amzn1.oa2-cs.v1.canary"],
    }


def test_tokens_and_client_hide_secrets_from_repr(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, GOOD))
    shown = repr(kit.lwa.refresh("Atzr|same")) + repr(kit.lwa)

    assert "Atz" not in shown
    assert "canary" not in shown


@pytest.mark.parametrize(
    ("status", "code", "kind", "shoplink_code"),
    [
        (400, "invalid_grant", errors.AuthorizationLost, "token.revoked"),
        (401, "invalid_client", errors.ClientSecretInvalid, "client.secret_invalid"),
        (
            400,
            "unauthorized_client",
            errors.AuthorizationLost,
            "token.foreign_client",
        ),
        (400, "invalid_request", errors.LwaRefused, "lwa.refused"),
        (403, "access_denied", errors.LwaRefused, "lwa.refused"),
        (500, "server_error", errors.LwaUnavailable, "lwa.outage"),
        (503, "temporarily_unavailable", errors.LwaUnavailable, "lwa.outage"),
    ],
)
def test_refresh_names_the_cause_of_a_refusal(
    server: Scripted,
    kit: Kit,
    status: int,
    code: str,
    kind: type[errors.SpApiError],
    shoplink_code: str,
) -> None:
    server.then(lwa_error(status, code))

    with pytest.raises(kind) as caught:
        kit.lwa.refresh("Atzr|x")

    assert caught.value.code == shoplink_code
    assert (caught.value.amazon_code, caught.value.operation) == (code, "lwa.token")


def test_exchange_names_an_expired_code(server: Scripted, kit: Kit) -> None:
    server.then(lwa_error(400, "invalid_grant"))

    with pytest.raises(errors.CodeExpired) as caught:
        kit.lwa.exchange_code("code", "https://shop.example/")

    assert caught.value.code == "oauth.code_expired"


def test_refresh_is_repeated_when_the_endpoint_fails(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(503, text="<html>"), cut, answer(200, GOOD))

    kit.lwa.refresh("Atzr|same")

    assert [call.status for call in kit.recorder.calls] == [503, None, 200]
    assert [call.attempt for call in kit.recorder.calls] == [1, 2, 3]


def test_exchange_is_not_repeated_once_delivered(server: Scripted, kit: Kit) -> None:
    server.then(hang_up, answer(200, GOOD))

    with pytest.raises(errors.NetworkError):
        kit.lwa.exchange_code("code", "https://shop.example/")

    assert len(server.received) == 1


def test_refresh_gives_up_on_an_endpoint_that_hangs(server: Scripted, kit: Kit) -> None:
    slow = Slow()
    server.then(slow)

    with pytest.raises(errors.NetworkError) as caught:
        replace(kit.lwa, timeout=0.2, budget=0.5).refresh("Atzr|same")
    slow.over.set()

    assert caught.value.code == "network.timeout"


def test_refresh_refuses_an_answer_without_token(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {"token_type": "bearer"}))

    with pytest.raises(errors.LwaUnavailable):
        kit.lwa.refresh("Atzr|same")


def test_records_hold_no_secret(server: Scripted, kit: Kit) -> None:
    server.then(
        answer(400, {"error": "invalid_grant", "error_description": "Atzr|canary"})
    )

    with pytest.raises(errors.AuthorizationLost) as caught:
        kit.lwa.refresh("Atzr|canary")

    assert "canary" not in repr(kit.recorder.calls) + str(caught.value)
