"""A seller's decision on the consent page of the local Amazon."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import parse_qs, urlencode, urlsplit

from channels_amazon.emulator.server import Emulator
from channels_amazon.services.accounts.oauth import (
    OAuthCallback,
)


def ask_amazon(address: str, decision: str = "approve") -> OAuthCallback:
    """Decide on the consent page at `address`; return what Amazon sends back."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"decision": decision})
    try:
        connection.request("POST", f"{parts.path}?{parts.query}", body, form)
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 302, reply.status
        back = parse_qs(urlsplit(reply.headers["Location"]).query)
    finally:
        connection.close()
    return OAuthCallback(
        state=back["state"][0],
        code=back.get("spapi_oauth_code", [""])[0],
        seller_id=back.get("selling_partner_id", [""])[0],
        error=back.get("error", [""])[0],
    )


def confirm_address(emulator: Emulator, region: str = "na") -> str:
    """Return the address at which the local Amazon waits for a confirmation."""
    base = emulator.settings()[f"SELLER_CENTRAL_URL_{region.upper()}"]
    app_id = emulator.settings()["SPAPI_APP_ID"]
    return f"{base}/apps/authorize/confirm/{app_id}"
