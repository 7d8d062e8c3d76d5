"""The token endpoint: three grants, and every refusal in LWA's own form."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from channels_amazon.emulator.model.entities import Authorization
from channels_amazon.emulator.server import Emulator
from tests.emulator.accounts.scene import FORM, ask

from ..caller import NOTIFICATIONS, Reply, exchange


def consent_code(emulator: Emulator) -> str:
    """Approve the application in North America and return the code."""
    query = urlencode({"application_id": emulator.settings()["SPAPI_APP_ID"]})
    reply = exchange(
        emulator,
        "POST",
        f"/sellercentral/na/apps/authorize/consent?{query}",
        "decision=approve",
        FORM,
    )
    return parse_qs(urlsplit(reply.headers["Location"]).query)["spapi_oauth_code"][0]


def exchange_code(emulator: Emulator, code: str, **over: str) -> Reply:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": emulator.redirect_uri,
    }
    return ask(emulator, **(fields | over))


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["error"]


def test_code_gives_both_tokens(emulator: Emulator) -> None:
    reply = exchange_code(emulator, consent_code(emulator))
    assert reply.json["access_token"].startswith("Atza|")
    assert reply.json["refresh_token"].startswith("Atzr|")
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("bearer", 3600)


def test_code_works_once(emulator: Emulator) -> None:
    code = consent_code(emulator)
    exchange_code(emulator, code)
    again = exchange_code(emulator, code)
    assert refusal(again) == (400, "invalid_grant")
    assert again.json["error_description"].endswith(": code")


def test_code_ends_after_five_minutes(emulator: Emulator) -> None:
    code = consent_code(emulator)
    emulator.advance(301)
    assert refusal(exchange_code(emulator, code)) == (400, "invalid_grant")


def test_code_is_bound_to_its_redirect_uri(emulator: Emulator) -> None:
    reply = exchange_code(
        emulator, consent_code(emulator), redirect_uri=emulator.redirect_uri + "x"
    )
    assert refusal(reply) == (400, "invalid_grant")


def test_refresh_echoes_the_refresh_token(emulator: Emulator) -> None:
    refresh_token = emulator.refresh_token("eu")
    reply = ask(emulator, grant_type="refresh_token", refresh_token=refresh_token)
    assert reply.json["refresh_token"] == refresh_token
    assert reply.headers["Cache-Control"] == "no-store"


def test_unknown_refresh_token_is_an_invalid_grant(emulator: Emulator) -> None:
    reply = ask(emulator, grant_type="refresh_token", refresh_token="Atzr|none")
    assert refusal(reply) == (400, "invalid_grant")
    assert ": refresh_token" in reply.json["error_description"]


def test_revoked_refresh_token_says_so(emulator: Emulator) -> None:
    refresh_token = emulator.refresh_token("na")
    emulator.control("revoke", region="na")
    reply = ask(emulator, grant_type="refresh_token", refresh_token=refresh_token)
    assert refusal(reply) == (400, "invalid_grant")
    assert "may have revoked" in reply.json["error_description"]


def test_refresh_token_ends_after_a_year(emulator: Emulator) -> None:
    refresh_token = emulator.refresh_token("na")
    emulator.advance(366 * 86400)
    reply = ask(emulator, grant_type="refresh_token", refresh_token=refresh_token)
    assert refusal(reply) == (400, "invalid_grant")


def test_refresh_token_of_another_application_is_not_authorised(
    emulator: Emulator,
) -> None:
    now = emulator.state.now()
    with emulator.state.lock:
        emulator.state.authorizations["Atzr|other"] = Authorization(
            "Atzr|other", "amzn1.sp.solution.other", "A1", set(), now, now
        )
    reply = ask(emulator, grant_type="refresh_token", refresh_token="Atzr|other")
    assert refusal(reply) == (400, "unauthorized_client")


def test_grantless_token_has_its_scope_and_no_refresh_token(
    emulator: Emulator,
) -> None:
    reply = ask(emulator, grant_type="client_credentials", scope=NOTIFICATIONS)
    assert reply.json["scope"] == NOTIFICATIONS
    assert "refresh_token" not in reply.json


@pytest.mark.parametrize("over", [{"client_id": "x"}, {"client_secret": "x"}])
def test_wrong_client_is_refused_as_401(
    emulator: Emulator, over: dict[str, str]
) -> None:
    reply = ask(
        emulator,
        grant_type="refresh_token",
        refresh_token=emulator.refresh_token("na"),
        **over,
    )
    assert refusal(reply) == (401, "invalid_client")
    assert reply.json["error_description"] == "Client authentication failed"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": ""}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "x"}, "invalid_scope"),
        (
            {
                "grant_type": "client_credentials",
                "scope": NOTIFICATIONS,
                "refresh_token": "x",
            },
            "invalid_request",
        ),
        (
            {
                "grant_type": "refresh_token",
                "scope": NOTIFICATIONS,
                "refresh_token": "x",
            },
            "invalid_request",
        ),
    ],
)
def test_malformed_request_is_named(
    emulator: Emulator, fields: dict[str, str], error: str
) -> None:
    assert refusal(ask(emulator, **fields)) == (400, error)


def test_json_body_is_refused(emulator: Emulator) -> None:
    headers = {"Content-Type": "application/json"}
    reply = exchange(emulator, "POST", "/auth/o2/token", "{}", headers)
    assert refusal(reply) == (400, "invalid_request")


def test_old_secret_works_for_seven_days(emulator: Emulator) -> None:
    old = emulator.settings()["LWA_CLIENT_SECRET"]
    new = emulator.control("rotate_secret")["client_secret"]
    answers = []
    for secret, days in ((old, 6), (new, 0), (old, 2), (new, 0)):
        emulator.advance(days * 86400)
        fields = {"grant_type": "client_credentials", "scope": NOTIFICATIONS}
        answers.append(ask(emulator, **fields, client_secret=secret).status)
    assert answers == [200, 200, 401, 200]


@pytest.mark.parametrize(
    ("kind", "status"), [("status_500", 500), ("html_503", 503), ("not_json", 200)]
)
def test_fault_strikes_the_token_endpoint(
    emulator: Emulator, kind: str, status: int
) -> None:
    emulator.control("faults", match="lwa.token", kind=kind, count=1)
    fields = {"grant_type": "client_credentials", "scope": NOTIFICATIONS}
    first, second = ask(emulator, **fields), ask(emulator, **fields)
    assert (first.status, second.status) == (status, 200)
    assert "access_token" not in first.text


def test_fast_clock_shortens_the_life_a_client_is_told() -> None:
    with Emulator(speed=60) as fast:
        refresh_token = fast.refresh_token("na")
        reply = ask(fast, grant_type="refresh_token", refresh_token=refresh_token)
    assert reply.json["expires_in"] == 60
