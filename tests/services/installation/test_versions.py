"""What is shown of versions and settings, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.services.installation.versions import (
    PACKAGES,
    SHOWN,
    secret_values,
    shown_settings,
    versions,
)
from tests.builders import make_application

pytestmark = pytest.mark.django_db


def test_versions_name_what_runs_here() -> None:
    found = versions()

    assert found["migration"].startswith("00")
    assert found["database"].split()[0] in {"SQLite", "PostgreSQL"}
    assert found["shoplink"]
    assert set(found["packages"]) == set(PACKAGES)
    assert found["packages"]["Django"].startswith("5.")


def test_settings_show_named_ones_alone(settings: Settings) -> None:
    settings.LWA_CLIENT_SECRET = "CANARY-secret-of-amazon"
    settings.SQS_QUEUE_URL = "https://sqs.example/123456789012/CANARY"

    shown = shown_settings()

    assert set(shown["settings"]) == set(SHOWN)
    assert shown["is_set"]["LWA_CLIENT_SECRET"] is True
    assert "CANARY" not in json.dumps(shown)


def test_address_is_shown_without_user_and_query(settings: Settings) -> None:
    settings.LWA_TOKEN_URL = "https://ann:CANARY@proxy.example:8443/token?key=CANARY"

    shown = shown_settings()["settings"]["LWA_TOKEN_URL"]

    assert shown == "https://proxy.example:8443/token"


def test_no_name_of_a_secret_is_among_those_shown() -> None:
    for word in ("SECRET", "KEY", "PASSWORD", "TOKEN_V", "DATABASE", "REDIS", "SQS"):
        assert not [name for name in SHOWN if word in name]


def test_secrets_are_known_also_as_json_writes_them(settings: Settings) -> None:
    settings.LWA_CLIENT_SECRET = 'a"b\\c-long-enough'
    settings.REDIS_URL = "redis://:hunter2hunter2@cache.example/0"

    found = secret_values()

    assert 'a"b\\c-long-enough' in found
    assert 'a\\"b\\\\c-long-enough' in found
    assert "hunter2hunter2" in found
    assert settings.SECRET_KEY in found


def test_secrets_of_applications_and_of_boto3_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CANARY-aws-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "CANARY-aws-session")
    application = make_application()
    for name in ("rotated", "lost", "current"):
        row = application.client_secrets.create(
            secret=f"CANARY-{name}", since=timezone.now()
        )
        if name == "lost":
            # As where its key is lost; the others are known all the same.
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {row._meta.db_table} SET secret = %s WHERE id = %s",  # noqa: S608
                    [b"gAAAAA-damaged", row.pk],
                )

    found = secret_values()

    assert {one for one in found if "CANARY" in one} == {
        "CANARY-aws-secret",
        "CANARY-aws-session",
        "CANARY-rotated",
        "CANARY-current",
    }


def test_secrets_of_applications_are_read_by_one_statement(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    application = make_application()
    for name in range(5):
        application.client_secrets.create(secret=f"CANARY-{name}", since=timezone.now())

    with django_assert_num_queries(1):
        found = secret_values()

    assert {f"CANARY-{name}" for name in range(5)} <= found


def test_secret_of_the_environment_that_is_not_set_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)

    assert "" not in secret_values()
