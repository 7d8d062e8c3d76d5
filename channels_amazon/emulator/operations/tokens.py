"""Tokens 2021-03-01: createRestrictedDataToken; emulator."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from ..model.entities import EmulatedAccessToken
from ..model.roles import D2C_SHIPPING, TAX_INVOICING, TAX_REMITTANCE
from ..protocol.calling import ApiReply, Call, Route, field_text, invalid

LIFETIME_SECONDS = 3600
ELEMENTS = ("buyerInfo", "shippingAddress", "buyerTaxInformation")
NO_ACCESS = "Application do not have access to some or all requested resource"

_SHIPS = frozenset({D2C_SHIPPING})
_TAXES = frozenset({TAX_INVOICING, TAX_REMITTANCE})
# The restricted operations; one of the roles is enough.
_RESTRICTED: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...] = (
    ("GET", re.compile(r"/mfn/v0/shipments/[^/]+"), _SHIPS),
    ("DELETE", re.compile(r"/mfn/v0/shipments/[^/]+"), _SHIPS),
    ("POST", re.compile(r"/mfn/v0/shipments"), _SHIPS),
    (
        "GET",
        re.compile(r"/orders/v0/orders(/[^/]+(/address|/buyerInfo|/orderItems)?)?"),
        _SHIPS | _TAXES,
    ),
)


def create_restricted_data_token(call: Call) -> ApiReply:
    """Serve createRestrictedDataToken for restricted paths the roles open."""
    resources = call.json().get("restrictedResources")
    if not isinstance(resources, list) or not 1 <= len(resources) <= 50:
        raise invalid("restrictedResources must hold 1 to 50 resources.")
    allowed = frozenset(_resource(call, resource) for resource in resources)
    token = EmulatedAccessToken(
        token=f"Atz.sprdt|{call.world.token_text(180)}",
        application_id=call.caller.application_id,
        expires_at=call.world.now() + timedelta(seconds=LIFETIME_SECONDS),
        seller_id=call.seller.seller_id,
        refresh_token=call.caller.token.refresh_token,
        restricted_to=allowed,
    )
    call.world.access_tokens[token.token] = token
    seconds = max(1, int(call.world.clock.real_seconds(LIFETIME_SECONDS)))
    return ApiReply(200, {"restrictedDataToken": token.token, "expiresIn": seconds})


def _resource(call: Call, resource: Any) -> str:
    if not isinstance(resource, dict):
        raise invalid("A restricted resource must be an object.")
    method, path = field_text(resource, "method"), field_text(resource, "path")
    elements = resource.get("dataElements") or []
    wrong = [element for element in elements if element not in ELEMENTS]
    if wrong:
        raise invalid(f"Invalid data element {wrong[0]}.")
    for restricted_method, pattern, roles in _RESTRICTED:
        if method == restricted_method and pattern.fullmatch(path):
            if not roles & call.caller.roles:
                raise invalid(NO_ACCESS)
            return f"{method} {path}"
    raise invalid(f"{method} {path} is not a restricted resource.")


ROUTES = (
    Route(
        "createRestrictedDataToken",
        "POST",
        "/tokens/2021-03-01/restrictedDataToken",
        create_restricted_data_token,
    ),
)
