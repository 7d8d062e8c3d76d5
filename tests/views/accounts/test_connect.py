"""Tests of the pages that connect an account, against the local Amazon."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    AuthorizationAttempt,
    Credential,
    Store,
    StoreMember,
)
from tests import builders
from tests.services.accounts.scene import ask_amazon, confirm_address
from tests.views.scene import make_member_client

pytestmark = pytest.mark.django_db
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
CONNECT = "/admin/amazon/connect/"
CALLBACK = "/admin/amazon/callback/"
PRIVATE = "/admin/amazon/connect/private/"
LOGIN = "/admin/amazon/appstore-login/"


@pytest.fixture
def store() -> Store:
    """Give a store."""
    return builders.make_store()


@pytest.fixture
def owner(store: Store) -> Client:
    """Give a browser in which the store's owner is signed in."""
    return make_member_client(store, StoreMember.Role.OWNER)


def leave(client: Client, store: Store, **over: Any) -> Any:
    """Send the form that leads to Amazon."""
    given = {"store": store.pk, "region": "na", "marketplaces": [US, CA], **over}
    return client.post(CONNECT, given)


def come_back(
    client: Client, store: Store, decision: str = "approve", **over: str
) -> Any:
    """Go to Amazon, decide there, and return what the callback answers."""
    answer = ask_amazon(leave(client, store)["Location"], decision)
    query = {
        "state": answer.state,
        "spapi_oauth_code": answer.code,
        "selling_partner_id": answer.seller_id,
        "error": answer.error,
    }
    given = {name: value for name, value in (query | over).items() if value}
    return client.get(f"{CALLBACK}?{urlencode(given)}")


def test_page_shows_the_sites_of_the_chosen_region(owner: Client) -> None:
    text = owner.get(f"{CONNECT}?region=eu").content.decode()
    assert "www.amazon.de" in text
    assert "www.amazon.com.mx" not in text


def test_check_list_comes_as_a_fragment(
    owner: Client, store: Store, emulator: Emulator, settings: Settings
) -> None:
    settings.OAUTH_REDIRECT_URI = f"http://testserver{CALLBACK}"
    answer = owner.get(CONNECT, {"store": store.pk}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "Login with Amazon accepts it" in text
    assert "is where this page is" not in text
    assert "does not begin with https://" in text


def test_button_to_amazon_waits_while_a_check_fails(
    owner: Client, store: Store, emulator: Emulator, settings: Settings
) -> None:
    def button() -> str:
        headers = {"HX-Request": "true"}
        answer = owner.get(CONNECT, {"store": store.pk}, headers=headers, secure=True)
        swapped = answer.content.decode().partition('<div id="sl-continue"')[2]
        assert swapped.lstrip().startswith('hx-swap-oob="true"')
        return swapped

    settings.OAUTH_REDIRECT_URI = "https://testserver/elsewhere/"
    assert "disabled" in button()
    assert "First put right what the check-list names" in button()
    # Before the check-list has come, the page has its button: Amazon says what fails.
    whole = owner.get(CONNECT).content.decode()
    assert "disabled" not in whole.partition('<div id="sl-continue"')[2][:300]

    settings.OAUTH_REDIRECT_URI = f"https://testserver{CALLBACK}"
    assert "disabled" not in button()


def test_check_list_marks_where_the_addresses_part(
    owner: Client, store: Store, emulator: Emulator, settings: Settings
) -> None:
    settings.OAUTH_REDIRECT_URI = "http://testserver/admin/amazon/callback"
    answer = owner.get(CONNECT, {"store": store.pk}, headers={"HX-Request": "true"})
    assert "callback<mark>/</mark>" in answer.content.decode()


def test_consent_leads_to_the_first_pull(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    response = come_back(owner, store)
    account = AmazonAccount.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("amazon-account-progress", args=[account.pk])
    assert response["Referrer-Policy"] == "no-referrer"
    deselected = account.participations.filter(is_selected=False)
    assert set(deselected.values_list("country_code", flat=True)) == {"MX", "BR"}


@pytest.mark.parametrize("role", [StoreMember.Role.OPERATOR, None])
def test_owner_who_is_none_any_more_when_amazon_leads_back_connects_nothing(
    role: StoreMember.Role | None, owner: Client, store: Store, emulator: Emulator
) -> None:
    answer = ask_amazon(leave(owner, store)["Location"])
    member = StoreMember.objects.get(store=store)
    if role is None:
        member.delete()
    else:
        StoreMember.objects.filter(pk=member.pk).update(role=role)

    query = {
        "state": answer.state,
        "spapi_oauth_code": answer.code,
        "selling_partner_id": answer.seller_id,
    }
    owner.get(f"{CALLBACK}?{urlencode(query)}")

    assert "account.not_an_owner" in owner.get(CALLBACK).content.decode()
    assert not AmazonAccount.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"state": "made-up"}, "oauth.state_invalid"),
        ({"spapi_oauth_code": "ANmadeup"}, "oauth.code_expired"),
        ({"spapi_oauth_code": "", "error": ""}, "oauth.answer_incomplete"),
    ],
)
def test_failure_is_told_at_an_address_without_the_code(
    over: dict[str, str], code: str, owner: Client, store: Store, emulator: Emulator
) -> None:
    kept = {name: value for name, value in over.items() if value}
    response = come_back(owner, store, **kept) if kept else _without_code(owner, store)
    assert (response.status_code, response["Location"]) == (302, CALLBACK)
    assert response["Referrer-Policy"] == "no-referrer"
    shown = owner.get(CALLBACK)
    text = shown.content.decode()
    assert (shown.status_code, shown["Referrer-Policy"]) == (400, "no-referrer")
    assert code in text
    assert "No token was stored" in text
    assert not Credential.objects.exists()


def _without_code(client: Client, store: Store) -> Any:
    answer = ask_amazon(leave(client, store)["Location"])
    return client.get(f"{CALLBACK}?{urlencode({'state': answer.state})}")


def test_denial_is_told(owner: Client, store: Store, emulator: Emulator) -> None:
    assert come_back(owner, store, "deny")["Location"] == CALLBACK
    text = owner.get(CALLBACK).content.decode()
    assert "did not authorise" in text
    assert not AmazonAccount.objects.exists()


@pytest.mark.parametrize("kind", ["status_500", "html_503"])
def test_token_endpoint_that_is_down_is_told(
    kind: str, owner: Client, store: Store, emulator: Emulator
) -> None:
    emulator.control("faults", match="lwa.token", kind=kind)
    come_back(owner, store)
    assert "Login with Amazon does not work" in owner.get(CALLBACK).content.decode()
    assert not Credential.objects.exists()


def test_callback_in_another_browser_is_refused(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    answer = ask_amazon(leave(owner, store)["Location"])
    other = make_member_client(store, StoreMember.Role.OWNER)
    query = {"state": answer.state, "spapi_oauth_code": answer.code}
    other.get(f"{CALLBACK}?{urlencode(query)}")
    assert "oauth.state_invalid" in other.get(CALLBACK).content.decode()


def test_callback_for_anonymous_keeps_the_code_out_of_the_address(
    client: Client,
) -> None:
    response = client.get(f"{CALLBACK}?state=s&spapi_oauth_code=ANsecret")
    assert response.status_code == 302
    assert "ANsecret" not in response["Location"]
    assert response["Referrer-Policy"] == "no-referrer"


def test_callback_opened_by_hand_says_that_nothing_is_under_way(owner: Client) -> None:
    assert "none is under way" in owner.get(CALLBACK).content.decode()


def test_account_is_authorised_again_under_its_own_region(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    account = builders.make_account(store, region="eu")
    text = owner.get(f"{CONNECT}?account={account.pk}").content.decode()
    assert f'name="account" value="{account.pk}"' in text
    assert 'name="region" value="eu"' in text


def test_account_of_another_region_is_refused(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    account = builders.make_account(store, region="eu")
    assert leave(owner, store, account=account.pk).status_code == 422
    assert not AuthorizationAttempt.objects.exists()


@pytest.mark.parametrize(
    "over",
    [{"marketplaces": []}, {"marketplaces": ["A1PA6795UKMFR9"]}, {"region": "eu"}],
)
def test_wrong_choice_begins_nothing(
    over: dict[str, Any], owner: Client, store: Store, emulator: Emulator
) -> None:
    assert leave(owner, store, **over).status_code == 422
    assert not AuthorizationAttempt.objects.exists()


def test_store_of_somebody_else_cannot_be_chosen(
    owner: Client, emulator: Emulator
) -> None:
    assert leave(owner, builders.make_store()).status_code == 422
    assert not AuthorizationAttempt.objects.exists()


def test_operator_cannot_connect(store: Store, emulator: Emulator) -> None:
    operator = make_member_client(store, StoreMember.Role.OPERATOR)
    assert leave(operator, store).status_code == 422
    assert "Only an owner" in operator.get(CONNECT).content.decode()


def test_plan_without_amazon_leads_nowhere(emulator: Emulator) -> None:
    store = builders.make_store(plan="basic")
    owner = make_member_client(store, StoreMember.Role.OWNER)
    response = leave(owner, store)
    assert response.status_code == 422
    assert "plan does not include" in response.content.decode()


def paste(client: Client, store: Store, emulator: Emulator, **over: str) -> Any:
    """Send the form of a private application."""
    seller = builders.emulator_seller(emulator, "na")
    given = {
        "store": str(store.pk),
        "region": "na",
        "seller_id": seller,
        "refresh_token": over.get("refresh_token") or emulator.refresh_token("na"),
    }
    return client.post(PRIVATE, given | over)


def test_pasted_token_is_verified_and_connects(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    response = paste(owner, store, emulator)
    account = AmazonAccount.objects.get()
    assert response["Location"] == reverse("amazon-account-progress", args=[account.pk])


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"refresh_token": "Atzr|made-up-token"}, "token.revoked"),
        ({"region": "eu"}, "account.wrong_region"),
        ({"seller_id": "A9SOMEBODYELSE"}, "account.seller_id_refused"),
        ({"seller_id": "no!"}, "6 to 20"),
        ({"refresh_token": "Atzr| two"}, "whole refresh token"),
    ],
)
def test_pasted_token_that_fails_stores_nothing_and_is_not_shown_again(
    over: dict[str, str], told: str, owner: Client, store: Store, emulator: Emulator
) -> None:
    response = paste(owner, store, emulator, **over)
    text = response.content.decode()
    assert response.status_code == 422
    assert told in text
    shown = text.replace("“Atzr|”", "").replace("Atzr|IwEBIExample", "")
    assert "Atzr|" not in shown
    assert not Credential.objects.exists()


def from_amazon(emulator: Emulator, **over: str) -> dict[str, str]:
    """Return the parameters with which Amazon opens our login address."""
    query = {
        "amazon_callback_uri": confirm_address(emulator),
        "amazon_state": "amazon-state",
        "selling_partner_id": builders.emulator_seller(emulator, "na"),
    }
    return query | over


def test_appstore_workflow_leads_back_to_amazon(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    query = from_amazon(emulator)
    page = owner.get(LOGIN, query)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(emulator.url))
    assert page.status_code == 200
    assert origin in page["Content-Security-Policy"]
    answer = owner.post(LOGIN, query | {"store": str(store.pk)})
    assert answer["Location"].startswith(query["amazon_callback_uri"] + "?")
    assert AuthorizationAttempt.objects.get().store == store


def test_appstore_workflow_never_leads_elsewhere(
    owner: Client, store: Store, emulator: Emulator
) -> None:
    uri = "https://evil.example/apps/authorize/confirm/x"
    query = from_amazon(emulator, amazon_callback_uri=uri)
    shown = owner.get(LOGIN, query)
    sent = owner.post(LOGIN, query | {"store": str(store.pk)})
    assert (shown.status_code, sent.status_code) == (422, 422)
    assert "evil.example" not in shown["Content-Security-Policy"]


def test_appstore_page_opened_by_hand_says_what_is_missing(
    owner: Client, emulator: Emulator
) -> None:
    assert owner.get(LOGIN).status_code == 422


def test_owner_disconnects_and_tokens_go(owner: Client, store: Store) -> None:
    account = builders.make_account(store)
    response = owner.post(reverse("amazon-account-disconnect", args=[account.pk]))
    account.refresh_from_db()
    assert response["Location"] == reverse("amazon-account-list")
    assert account.state == "disconnected"
    assert not Credential.objects.exists()


def test_page_says_what_stays_at_amazon(owner: Client, store: Store) -> None:
    account = builders.make_account(store, subscription_id="an-id")
    address = reverse("amazon-account-disconnect", args=[account.pk])
    text = owner.post(address, follow=True).content.decode()

    assert "being deleted; the diagnostic logs say what came of it" in text
    assert "Manage Your Apps" in text
    AmazonAccount.objects.update(unsubscribe_at=None)
    later = owner.get(reverse("amazon-account-list")).content.decode()
    assert "stays at Amazon" in later
    assert "ORDER_CHANGE <code>an-id</code>" in later
