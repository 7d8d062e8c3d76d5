"""Test what the system checks say of our settings."""

from __future__ import annotations

import pytest
from django.core import checks
from pytest_django import Settings

from channels_amazon.checks import redirect_uri_fault

GOOD = "a-key-of-more-than-thirty-two-random-bytes"


def ids() -> set[str]:
    """Return the ids of our own findings."""
    found = (message.id or "" for message in checks.run_checks())
    return {id_ for id_ in found if id_.startswith("shoplink.")}


def test_good_settings_raise_no_finding(settings: Settings) -> None:
    settings.FERNET_KEYS = [GOOD]

    assert ids() == set()


@pytest.mark.parametrize(
    ("keys", "id_"),
    [
        ([], "shoplink.E001"),
        ([GOOD, "the-signing-key"], "shoplink.E002"),
        (["short"], "shoplink.E003"),
        ([GOOD, "ab" * 40], "shoplink.E003"),
        ([GOOD, GOOD], "shoplink.W003"),
    ],
)
def test_bad_encryption_keys_are_found(
    keys: list[str], id_: str, settings: Settings
) -> None:
    settings.SECRET_KEY = "the-signing-key"
    settings.FERNET_KEYS = keys

    assert id_ in ids()


def test_signing_key_encrypts_in_development_only(settings: Settings) -> None:
    settings.FERNET_KEYS = [settings.SECRET_KEY]
    settings.DEBUG = True
    assert ids() == set()

    settings.DEBUG = False
    assert "shoplink.E002" in ids()


def test_another_time_zone_is_refused(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"

    assert "shoplink.E004" in ids()


def test_application_configured_by_half_is_named(settings: Settings) -> None:
    settings.SPAPI_APP_ID = "amzn1.sp.solution.test"
    settings.LWA_CLIENT_ID = ""

    found = [m for m in checks.run_checks() if m.id == "shoplink.W001"]
    assert "LWA_CLIENT_ID" in found[0].msg


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("", True),
        ("https://shop.example.com/admin/amazon/callback/", True),
        ("http://127.0.0.1:8000/admin/amazon/callback/", True),
        ("http://shop.example.com/admin/amazon/callback/", False),
        ("https://shop.example.com/#/callback", False),
        ("shop.example.com/admin/amazon/callback/", False),
    ],
)
def test_redirect_uri_is_judged_as_amazon_does(address: str, is_good: bool) -> None:
    assert (redirect_uri_fault(address) == "") is is_good
