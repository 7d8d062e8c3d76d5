"""Which settings each process was started with, without telling them; services layer.

A command in a shell reads its own environment. What it sees of Amazon through another
proxy, application or key says nothing of the processes that do the work.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping

from django.conf import settings

# What decides where a call goes, as whom, and whether the answer is believed.
_SETTINGS = (
    *("SECRET_KEY", "FERNET_KEYS", "REDIS_URL", "SQS_QUEUE_URL"),
    *("LWA_CLIENT_ID", "LWA_CLIENT_SECRET", "LWA_TOKEN_URL"),
    *("SPAPI_ENDPOINT_NA", "SPAPI_ENDPOINT_EU", "SPAPI_ENDPOINT_FE"),
)
# Both spellings of each are read, by requests and by us.
_VARIABLES = (
    *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


def environment() -> dict[str, str]:
    """Return a short name of the value of each setting that counts, by its name.

    Two processes with equal names have equal values; the value is not got from its
    name without SECRET_KEY.
    """
    values = {name: str(getattr(settings, name)) for name in _SETTINGS}
    for name in _VARIABLES:
        values[name] = os.environ.get(name.lower()) or os.environ.get(name, "")
    return {name: _fingerprint(name, value) for name, value in values.items()}


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Return the settings in which two environments differ, by name."""
    found = [name for name in ours if theirs.get(name) != ours[name]]
    # With another one nothing can be compared.
    return ["SECRET_KEY"] if "SECRET_KEY" in found else found


def _fingerprint(name: str, value: str) -> str:
    key = settings.SECRET_KEY.encode()
    text = f"{name}\n{value}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:16]
