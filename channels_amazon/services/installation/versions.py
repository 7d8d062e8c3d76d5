"""Says which versions run here, and how it is set up, without secrets; services layer.

What is shown of the settings is named one by one: what is not named here is not shown.
"""

from __future__ import annotations

import json
import os
import platform
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import BinaryField
from django.db.models.functions import Cast

from channels_amazon.models import ClientSecret

# Those on which it depends how we speak with Amazon, the database and the browser.
PACKAGES = (
    "Django",
    "boto3",
    "certifi",
    "cryptography",
    "django-q2",
    "django-unfold",
    "gunicorn",
    "psycopg",
    "redis",
    "requests",
    "urllib3",
)
SHOWN = (
    "BEHIND_PROXY",
    "BODY_LIMIT_BYTES",
    "DEBUG",
    "ECB_RATES_URL",
    "FBA_OUTBOUND_VERSION",
    "HTTPS_ONLY",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "LOG_RETENTION_DAYS",
    "LWA_TOKEN_URL",
    "OAUTH_REDIRECT_URI",
    "PROXY_COUNT",
    "SELLER_CENTRAL_URL_EU",
    "SELLER_CENTRAL_URL_FE",
    "SELLER_CENTRAL_URL_NA",
    "SESSION_IDLE_MINUTES",
    "SPAPI_APP_DRAFT",
    "SPAPI_ENDPOINT_EU",
    "SPAPI_ENDPOINT_FE",
    "SPAPI_ENDPOINT_NA",
    "TIME_ZONE",
    "WEBHOOK_ALLOW_PRIVATE",
)
# Of these it is only said whether there is a value.
SET_OR_NOT = (
    "FERNET_KEYS",
    "LWA_CLIENT_ID",
    "LWA_CLIENT_SECRET",
    "REDIS_URL",
    "SECRET_KEY",
    "SPAPI_APP_ID",
    "SQS_QUEUE_ARN",
    "SQS_QUEUE_URL",
    "WEBHOOK_CA_FILE",
)
# A shorter one is no secret, and would be found in every text.
_SHORTEST_SECRET = 6
# What boto3 reads by itself.
_OF_ENVIRONMENT = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def product_version() -> str:
    """Return Shoplink's version, "" where its file cannot be read."""
    try:
        text = (Path(settings.BASE_DIR) / "pyproject.toml").read_text("utf-8")
        return str(tomllib.loads(text)["project"]["version"])
    except (OSError, ValueError, KeyError):
        return ""


def versions() -> dict[str, Any]:
    """Return the versions of what runs here, by name; `migration` is our newest."""
    applied = MigrationRecorder.Migration.objects.filter(app="channels_amazon")
    return {
        "shoplink": product_version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "database": _database_version(),
        "migration": max(applied.values_list("name", flat=True), default=""),
        "packages": {name: _package_version(name) for name in PACKAGES},
    }


def shown_settings() -> dict[str, Any]:
    """Return the settings that hold no secret, and of the others whether they are set.

    Addresses come without a user, a password and a query.
    """
    queue = settings.Q_CLUSTER
    return {
        "settings": {name: _open(getattr(settings, name, None)) for name in SHOWN},
        "is_set": {name: bool(getattr(settings, name, "")) for name in SET_OR_NOT},
        "database": connection.vendor,
        "broker": "redis" if "redis" in queue else "database",
        "workers": queue.get("workers"),
    }


def secret_values() -> frozenset[str]:
    """Return every secret of the settings and the applications, also as JSON has it.

    To take them out of texts, wherever they may have come from.
    """
    found = {one for one in _secrets() if len(one) >= _SHORTEST_SECRET}
    return frozenset(found | {json.dumps(one)[1:-1] for one in found})


def _secrets() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS
    yield from settings.FERNET_KEYS
    yield settings.LWA_CLIENT_SECRET
    yield str(connection.settings_dict.get("PASSWORD") or "")
    if settings.REDIS_URL:
        yield settings.REDIS_URL
        yield urlsplit(settings.REDIS_URL).password or ""
    for name in _OF_ENVIRONMENT:
        yield os.environ.get(name, "")
    yield from _stored_secrets()


def _stored_secrets() -> Iterator[str]:
    """Yield the applications' client secrets, of which Amazon may still accept some."""
    secret: Any = ClientSecret._meta.get_field("secret")
    # As they are stored: where no key opens one any more the others are known still.
    stored = ClientSecret.objects.order_by().annotate(
        stored=Cast("secret", BinaryField())
    )
    for token in stored.values_list("stored", flat=True):
        try:
            yield str(secret.from_db_value(token, None, connection))
        except InvalidToken:
            continue


def _open(value: Any) -> Any:
    if not isinstance(value, str) or "://" not in value:
        return value
    parts = urlsplit(value)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def _package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _database_version() -> str:
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sqlite_version()" if is_sqlite else "SHOW server_version"
        )
        (found,) = cursor.fetchone()
    return f"{'SQLite' if is_sqlite else 'PostgreSQL'} {found}"
