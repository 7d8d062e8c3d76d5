"""Page tokens: opaque, valid for one query, and expiring; emulator."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from .calling import Call, invalid

INVALID_TOKEN = "The provided page token is invalid or has expired."  # noqa: S105


def make_token(
    call: Call, name: str, changeable: set[str], state: dict[str, Any]
) -> str:
    """Return a token that remembers `state`; parameters in `changeable` may differ."""
    content = state | {
        "query": _fingerprint(call, changeable | {name}),
        "made": call.world.now().isoformat(),
    }
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def read_token(
    call: Call, name: str, changeable: set[str], lifetime: timedelta | None = None
) -> dict[str, Any] | None:
    """Return the state of the token the call brings, or None; raises Refusal."""
    text = call.text(name)
    if text is None:
        return None
    try:
        content = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        made = datetime.fromisoformat(content["made"])
        query = content["query"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid(INVALID_TOKEN) from error
    if lifetime is not None and call.world.now() - made > lifetime:
        raise invalid(INVALID_TOKEN)
    if query != _fingerprint(call, changeable | {name}):
        raise invalid("The parameters differ from those of the first page.")
    return dict(content)


def _fingerprint(call: Call, without: set[str]) -> str:
    kept = {
        name: call.values(name) for name in sorted(call.query) if name not in without
    }
    seller_id = call.caller.seller.seller_id if call.caller.seller else ""
    text = json.dumps([seller_id, call.caller.region, kept])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
