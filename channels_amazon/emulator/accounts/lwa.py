"""Login with Amazon: the token endpoint, its grants and its refusals; emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from werkzeug.wrappers import Request, Response

from ..model.entities import EmulatedAccessToken, EmulatedClientSecret
from ..model.state import World

# Lifetimes as at Amazon: an access token's, and the old secret's after a rotation.
TOKEN_SECONDS = 3600
OLD_SECRET_DAYS = 7
GRANTLESS_SCOPES = frozenset(
    {
        "sellingpartnerapi::notifications",
        "sellingpartnerapi::client_credential:rotation",
        "sellingpartnerapi::shipments:track",
    }
)
FORM = "application/x-www-form-urlencoded"

Fields = Mapping[str, str]
TokenReply = dict[str, str | int]


@dataclass
class LwaError(Exception):
    """A refusal in LWA's own form, which is not the SP-API envelope."""

    status: int
    error: str
    description: str


def handle(world: World, request: Request) -> Response:
    """Answer a request to the token endpoint."""
    with world.lock:
        request_id = f"lwa-{world.serial():08d}"
        try:
            body, status = _grant(world, request), 200
        except LwaError as refusal:
            body = {
                "error": refusal.error,
                "error_description": refusal.description,
                "request_id": request_id,
            }
            status = refusal.status
    response = Response(
        json.dumps(body), status, content_type="application/json;charset=UTF-8"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    response.headers["x-amzn-RequestId"] = request_id
    return response


def rotate_secret(world: World) -> EmulatedClientSecret:
    """Give the application a new secret; the others stay valid for seven days."""
    with world.lock:
        until = world.now() + timedelta(days=OLD_SECRET_DAYS)
        for secret in world.application.secrets:
            secret.expires_at = min(secret.expires_at or until, until)
        fresh = EmulatedClientSecret(f"amzn1.oa2-cs.v1.{world.token_text(64)}")
        world.application.secrets.append(fresh)
        return fresh


def _grant(world: World, request: Request) -> TokenReply:
    if request.method != "POST":
        raise _invalid_request("The request method must be POST")
    if request.mimetype != FORM:
        raise _invalid_request(f"The Content-Type must be {FORM}")
    fields = request.form.to_dict()
    grant_type = _required(fields, "grant_type")
    grant = _GRANTS.get(grant_type)
    if grant is None:
        raise LwaError(
            400,
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server",
        )
    _authenticate(world, fields)
    return grant(world, fields)


def _authenticate(world: World, fields: Fields) -> None:
    """Refuse a wrong client id, and a secret that is wrong or has expired."""
    client_id = _required(fields, "client_id")
    client_secret = _required(fields, "client_secret")
    now = world.now()
    valid = {
        secret.value
        for secret in world.application.secrets
        if secret.expires_at is None or now < secret.expires_at
    }
    if client_id != world.application.client_id or client_secret not in valid:
        raise LwaError(401, "invalid_client", "Client authentication failed")


def _authorization_code(world: World, fields: Fields) -> TokenReply:
    code = world.codes.get(_required(fields, "code"))
    redirect_uri = _required(fields, "redirect_uri")
    if code is None or code.used or world.now() >= code.expires_at:
        raise _invalid_grant("code")
    if code.application_id != world.application.application_id:
        raise _unauthorized_client()
    if redirect_uri != code.redirect_uri:
        raise _invalid_grant("code")
    code.used = True
    authorization = world.authorize(code.seller_id)
    return _seller_token(world, authorization.seller_id, authorization.refresh_token)


def _refresh_token(world: World, fields: Fields) -> TokenReply:
    refresh_token = _required(fields, "refresh_token")
    if fields.get("scope"):
        raise _invalid_request("The request has an invalid parameter : scope")
    authorization = world.authorizations.get(refresh_token)
    if authorization is None:
        raise _invalid_grant("refresh_token")
    if authorization.application_id != world.application.application_id:
        raise _unauthorized_client()
    if authorization.revoked or world.now() >= authorization.expires_at:
        raise _invalid_grant(
            "refresh_token. User may have revoked or didn't grant the permission."
        )
    return _seller_token(world, authorization.seller_id, refresh_token)


def _client_credentials(world: World, fields: Fields) -> TokenReply:
    scope = _required(fields, "scope")
    if fields.get("refresh_token"):
        raise _invalid_request("The request has an invalid parameter : refresh_token")
    if scope not in GRANTLESS_SCOPES:
        raise LwaError(
            400,
            "invalid_scope",
            "The request has an invalid, unknown or malformed parameter : scope",
        )
    token = _issue(world, scope=scope)
    return _answer(world, token) | {"scope": scope}


_GRANTS: dict[str, Callable[[World, Fields], TokenReply]] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
}


def _seller_token(world: World, seller_id: str, refresh_token: str) -> TokenReply:
    token = _issue(world, seller_id=seller_id, refresh_token=refresh_token)
    return _answer(world, token) | {"refresh_token": refresh_token}


def _issue(
    world: World,
    *,
    seller_id: str | None = None,
    refresh_token: str | None = None,
    scope: str | None = None,
) -> EmulatedAccessToken:
    token = EmulatedAccessToken(
        token=f"Atza|{world.token_text(180)}",
        application_id=world.application.application_id,
        expires_at=world.now() + timedelta(seconds=TOKEN_SECONDS),
        seller_id=seller_id,
        scope=scope,
        refresh_token=refresh_token,
    )
    world.access_tokens[token.token] = token
    return token


def _answer(world: World, token: EmulatedAccessToken) -> TokenReply:
    # `expires_in` is in real seconds, which the client counts: fewer on a fast clock.
    seconds = max(1, int(world.clock.real_seconds(TOKEN_SECONDS)))
    return {
        "access_token": token.token,
        "token_type": "bearer",
        "expires_in": seconds,
    }


def _required(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise _invalid_request(f"The request is missing a required parameter : {name}")
    return value


def _invalid_request(description: str) -> LwaError:
    return LwaError(400, "invalid_request", description)


def _invalid_grant(parameter: str) -> LwaError:
    return LwaError(
        400,
        "invalid_grant",
        f"The request has an invalid grant parameter : {parameter}",
    )


def _unauthorized_client() -> LwaError:
    return LwaError(
        400, "unauthorized_client", "Not authorized for requested operation"
    )
