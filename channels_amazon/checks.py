"""What Django's system checks say of our settings before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning

SHORTEST_KEY = 32
# Random text of that length has far more than this; a repeated word has not.
FEWEST_SIGNS = 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_APPLICATION = (
    "SPAPI_APP_ID",
    "LWA_CLIENT_ID",
    "LWA_CLIENT_SECRET",
    "OAUTH_REDIRECT_URI",
)
_MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def check_encryption_keys(
    app_configs: Sequence[Any] | None, **options: Any
) -> list[CheckMessage]:
    """Refuse encryption keys that are missing, guessable or the signing key."""
    keys = [str(key) for key in getattr(settings, "FERNET_KEYS", None) or []]
    if settings.DEBUG and keys == [settings.SECRET_KEY]:
        # Development without any key: nothing in it is worth a secret.
        return []
    return list(_key_faults(keys))


def check_time(app_configs: Sequence[Any] | None, **options: Any) -> list[CheckMessage]:
    """Refuse a time zone other than UTC, in which all times are stored and compared."""
    if settings.USE_TZ and settings.TIME_ZONE == "UTC":
        return []
    return [
        Error(
            "TIME_ZONE must be UTC, and USE_TZ on.",
            hint="Set both in the settings; people see their own time in the browser.",
            id="shoplink.E004",
        )
    ]


def check_application(
    app_configs: Sequence[Any] | None, **options: Any
) -> list[CheckMessage]:
    """Warn of an Amazon application that is configured by half or cannot be used."""
    given = {name: bool(getattr(settings, name, "")) for name in _APPLICATION}
    found: list[CheckMessage] = []
    if any(given.values()) and not all(given.values()):
        missing = ", ".join(name for name, is_set in given.items() if not is_set)
        found.append(
            Warning(
                f"The Amazon application is configured by half: {missing} is missing.",
                hint="Set all four names of the application, or none of them.",
                id="shoplink.W001",
            )
        )
    fault = redirect_uri_fault(settings.OAUTH_REDIRECT_URI)
    if fault:
        found.append(
            Warning(
                f"OAUTH_REDIRECT_URI {fault}.",
                hint="Register https://YOUR-HOST/admin/amazon/callback/ with Amazon, "
                "and set exactly this.",
                id="shoplink.W002",
            )
        )
    return found


def redirect_uri_fault(address: str) -> str:
    """Return why Amazon would not take this redirect URI, or nothing.

    Plain http is for a local Amazon on the machine itself.
    """
    if not address:
        return ""
    parts = urlsplit(address)
    if "#" in address:
        return "contains the character #"
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        return "is not a web address"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "does not begin with https://"
    return ""


def _key_faults(keys: list[str]) -> Iterator[CheckMessage]:
    if not keys:
        yield Error(
            "FERNET_KEYS is empty: tokens could not be encrypted.",
            hint=f"Make a key: {_MAKE_KEY}",
            id="shoplink.E001",
        )
    if settings.SECRET_KEY in keys:
        yield Error(
            "SECRET_KEY is used as an encryption key.",
            hint=f"Give FERNET_KEYS a key of its own: {_MAKE_KEY}",
            id="shoplink.E002",
        )
    weak = [
        number
        for number, key in enumerate(keys, start=1)
        if len(key.encode()) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS
    ]
    for number in weak:
        yield Error(
            f"Key {number} of FERNET_KEYS is not {SHORTEST_KEY} random bytes.",
            hint=(
                "If something is stored already, put back the key that it was stored "
                f"with. Else make a new first one: {_MAKE_KEY}; then run manage.py "
                "rotate_keys."
            ),
            id="shoplink.E003",
        )
    if len(set(keys)) < len(keys):
        yield Warning(
            "A key stands twice in FERNET_KEYS.",
            hint="Remove the second one.",
            id="shoplink.W003",
        )


CHECKS = (
    (check_encryption_keys, Tags.security),
    (check_time, Tags.compatibility),
    (check_application, Tags.compatibility),
)
