"""Tests of the check-list before the merchant leaves for Amazon."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AccessToken
from channels_amazon.services.accounts.preflight import (
    Check,
    State,
    address_difference,
    run_preflight,
)
from tests import builders

pytestmark = pytest.mark.django_db


def checks(emulator: Emulator, ours: str = "", **store: str) -> dict[str, Check]:
    """Return the check-list by name, for a page at `ours`."""
    address = ours or emulator.redirect_uri
    found = run_preflight(builders.make_store(**store), address)
    return {check.name: check for check in found}


def test_everything_is_right_against_the_local_amazon(emulator: Emulator) -> None:
    found = checks(emulator)
    states = {name: check.state for name, check in found.items()}
    assert states == dict.fromkeys(
        ("plan", "application", "secret", "redirect_uri", "clock", "utc"), State.OK
    )
    assert not AccessToken.objects.exists()


def test_plan_without_amazon_is_told(emulator: Emulator) -> None:
    assert checks(emulator, plan="basic")["plan"].code == "store.plan"


def test_wrong_secret_is_found_out(emulator: Emulator, settings: Settings) -> None:
    settings.LWA_CLIENT_SECRET = "wrong"
    secret = checks(emulator)["secret"]
    assert (secret.state, secret.code) == (State.ERROR, "client.secret_invalid")


def test_token_endpoint_that_is_down_is_a_warning(emulator: Emulator) -> None:
    emulator.control("faults", match="lwa.token", kind="status_503")
    found = checks(emulator)
    assert found["secret"].state is State.WARNING
    assert found["plan"].state is State.OK


def test_missing_application_leaves_the_rest_readable(
    emulator: Emulator, settings: Settings
) -> None:
    settings.SPAPI_APP_ID = ""
    found = checks(emulator)
    assert found["application"].code == "store.application_missing"
    assert found["utc"].state is State.OK


def test_client_id_in_place_of_the_application_id_is_noticed(
    emulator: Emulator, settings: Settings
) -> None:
    settings.SPAPI_APP_ID = settings.LWA_CLIENT_ID
    assert checks(emulator)["application"].state is State.WARNING


def test_differing_redirect_uri_is_compared_letter_by_letter(
    emulator: Emulator, settings: Settings
) -> None:
    settings.OAUTH_REDIRECT_URI = "https://shop.example/callback/"
    found = checks(emulator, "https://shop.example/callback")["redirect_uri"]
    assert found.code == "oauth.redirect_uri_mismatch"
    assert found.difference == address_difference(
        "https://shop.example/callback", "https://shop.example/callback/"
    )
    assert found.difference is not None
    assert (found.difference.ours, found.difference.configured) == ("", "/")


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("", "not set"),
        ("https://shop.example/#callback", "#"),
        ("http://shop.example/callback/", "https://"),
    ],
)
def test_redirect_uri_that_amazon_refuses_is_told(
    uri: str, told: str, emulator: Emulator, settings: Settings
) -> None:
    settings.OAUTH_REDIRECT_URI = uri
    found = checks(emulator, uri or "https://shop.example/")["redirect_uri"]
    assert found.state is State.ERROR
    assert told in found.text


def test_http_on_this_machine_is_refused_for_the_real_amazon(
    emulator: Emulator, settings: Settings
) -> None:
    settings.SELLER_CENTRAL_URL_NA = "https://sellercentral.amazon.com"
    assert checks(emulator)["redirect_uri"].state is State.ERROR


def test_draft_is_named(emulator: Emulator, settings: Settings) -> None:
    settings.SPAPI_APP_DRAFT = True
    assert "draft" in checks(emulator)["application"].text


@pytest.mark.parametrize(
    ("ours", "configured", "cut"),
    [
        ("abc", "abd", ("ab", "c", "", "d", "")),
        ("http://a", "https://a", ("http", ":", "//a", "s", "://a")),
        ("abc", "abc", ("abc", "", "", "", "")),
        ("", "abc", ("", "", "", "a", "bc")),
    ],
)
def test_addresses_are_cut_at_the_first_difference(
    ours: str, configured: str, cut: tuple[str, ...]
) -> None:
    found = address_difference(ours, configured)
    assert cut == (
        found.same,
        found.ours,
        found.our_rest,
        found.configured,
        found.configured_rest,
    )
