"""Tests of `connect_account` against the local Amazon: verified before it is stored."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, ApiCall, Credential, Store
from tests import builders

pytestmark = pytest.mark.django_db


def connect(given_store: Store, **options: Any) -> dict[str, Any]:
    """Run the command for North America and return its JSON."""
    out = io.StringIO()
    given = {"store": given_store.slug, "region": "na", "json": True, **options}
    call_command("connect_account", stdout=out, **given)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


@pytest.fixture
def seller(emulator: Emulator) -> str:
    """Give the id of the local Amazon's seller in North America."""
    return builders.emulator_seller(emulator, "na")


def test_verified_token_connects_the_seller(emulator: Emulator, seller: str) -> None:
    token = emulator.refresh_token("na")

    answer = connect(builders.make_store(), refresh_token=token, seller_id=seller)

    account = AmazonAccount.objects.get(pk=answer["account"])
    assert (account.seller_id, account.state) == (seller, "connected")
    assert account.credential.refresh_token == token
    assert account.jobs.exists()


def test_connected_account_is_not_live_unless_told(
    emulator: Emulator, seller: str
) -> None:
    store = builders.make_store()
    given = {"refresh_token": emulator.refresh_token("na"), "seller_id": seller}
    assert connect(store, **given)["live"] is False

    answer = connect(store, **given, live=True)

    assert answer["live"] is True
    account = AmazonAccount.objects.get()
    assert account.live_by == "connect_account"
    # Without the flag it stays what it is.
    assert connect(store, **given)["live"] is True


def test_connected_account_says_how_to_go_live(emulator: Emulator, seller: str) -> None:
    out = io.StringIO()
    call_command(
        "connect_account",
        store=builders.make_store().slug,
        region="na",
        refresh_token=emulator.refresh_token("na"),
        seller_id=seller,
        stdout=out,
    )

    account = AmazonAccount.objects.get()
    assert f"“manage.py go_live {account.pk}”" in out.getvalue()


def test_token_comes_from_the_environment_too(
    emulator: Emulator, seller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPLINK_REFRESH_TOKEN", emulator.refresh_token("na"))

    assert connect(builders.make_store(), seller_id=seller)["state"] == "connected"


def test_token_comes_from_standard_input_too(
    emulator: Emulator, seller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = io.StringIO(f"{emulator.refresh_token('na')}\n")
    monkeypatch.setattr("sys.stdin", typed)

    answer = connect(builders.make_store(), refresh_token="-", seller_id=seller)

    assert answer["state"] == "connected"


def test_only_named_marketplaces_are_synchronised(
    emulator: Emulator, seller: str
) -> None:
    answer = connect(
        builders.make_store(),
        refresh_token=emulator.refresh_token("na"),
        seller_id=seller,
        marketplace=["us", "A2EUQ1WTGCTBG2"],
    )

    assert set(answer["marketplaces"]) == {"ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"}


def test_known_seller_need_not_be_named_again(emulator: Emulator, seller: str) -> None:
    store = builders.make_store()
    first = connect(store, refresh_token=emulator.refresh_token("na"), seller_id=seller)
    token = emulator.refresh_token("na")

    again = connect(store, refresh_token=token)

    assert again["account"] == first["account"]
    assert Credential.objects.get().refresh_token == token


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"refresh_token": "Atzr|damaged-token"}, "token.revoked"),
        ({"seller_id": "A0SOMEBODYELSE"}, "account.seller_id_refused"),
        ({"seller_id": ""}, "--seller-id"),
        ({"refresh_token": ""}, "--refresh-token"),
        ({"region": "eu"}, "account.wrong_region"),
        ({"marketplace": ["JP"]}, "no marketplace of na"),
        ({"store": "nowhere"}, "no store"),
    ],
)
def test_nothing_is_stored_when_something_is_wrong(
    over: dict[str, Any], told: str, emulator: Emulator, seller: str
) -> None:
    good = {"refresh_token": emulator.refresh_token("na"), "seller_id": seller}

    with pytest.raises(CommandError, match=told):
        connect(builders.make_store(), **good | over)

    assert not AmazonAccount.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.parametrize("kind", ["status_500", "html_503", "not_json"])
def test_wrong_seller_is_not_believed_while_amazon_fails(
    kind: str, emulator: Emulator
) -> None:
    emulator.control("faults", match="searchListingsItems", kind=kind)

    with pytest.raises(CommandError, match="account.identity_unproven"):
        connect(
            builders.make_store(),
            refresh_token=emulator.refresh_token("na"),
            seller_id="A0SOMEBODYELSE",
        )

    assert not AmazonAccount.objects.exists()
    assert not Credential.objects.exists()


def test_token_is_in_no_recorded_call_or_message(
    emulator: Emulator, seller: str
) -> None:
    token = emulator.refresh_token("na")
    emulator.control("revoke", region="na")

    with pytest.raises(CommandError) as caught:
        connect(builders.make_store(), refresh_token=token, seller_id=seller)

    assert token not in str(caught.value)
    assert ApiCall.objects.exists()
    assert not any(token in str(vars(call)) for call in ApiCall.objects.all())


def test_token_endpoint_that_is_down_stores_nothing(
    emulator: Emulator, seller: str
) -> None:
    token = emulator.refresh_token("na")
    emulator.control("faults", match="lwa.token", kind="html_503")

    with pytest.raises(CommandError, match="Nothing was stored"):
        connect(builders.make_store(), refresh_token=token, seller_id=seller)

    assert not AmazonAccount.objects.exists()


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"seller_id": "My Shop GmbH"}, "one looks like A3TH9S8BH6GOGM"),
        ({"refresh_token": "Atzr|…"}, "one looks like Atzr"),
    ],
)
def test_id_of_another_form_is_refused_with_an_example(
    over: dict[str, str], told: str
) -> None:
    good = {"seller_id": "A3TH9S8BH6GOGM", "refresh_token": "Atzr|made-up-token"}

    with pytest.raises(CommandError, match=told):
        connect(builders.make_store(), **good | over)
