"""Asking the local Amazon for a token."""

from __future__ import annotations

from urllib.parse import urlencode

from channels_amazon.emulator.server import Emulator

from ..caller import Reply, exchange

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(emulator: Emulator, **fields: str) -> Reply:
    """Ask for a token; a field given as an empty text is left out."""
    settings = emulator.settings()
    form = {
        "client_id": settings["LWA_CLIENT_ID"],
        "client_secret": settings["LWA_CLIENT_SECRET"],
    } | fields
    sent = urlencode({name: text for name, text in form.items() if text})
    return exchange(emulator, "POST", "/auth/o2/token", sent, FORM)
