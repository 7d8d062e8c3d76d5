"""Tests of both OAuth workflows against the local Amazon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.errors import NeedsMerchant
from channels_amazon.models import (
    AccessToken,
    AmazonAccount,
    AuthorizationAttempt,
    Credential,
    DiagnosticEntry,
    Store,
)
from channels_amazon.services.accounts import connection as accounts_connection
from channels_amazon.services.accounts import oauth
from channels_amazon.services.accounts.oauth import (
    AuthorizationRequest,
    OAuthCallback,
    Requester,
)
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.services.jobs import registry
from channels_amazon.spapi import errors
from tests import builders
from tests.services.accounts.scene import ask_amazon, confirm_address

pytestmark = pytest.mark.django_db
ANN = Requester(
    user_id=1,
    session_key="session-of-ann",
    may_connect=lambda store: True,
    name="ann",
)


def begin(store: Store, region: str = "na", **over: object) -> str:
    """Return the address of the consent page for the store."""
    return oauth.begin(AuthorizationRequest(store, region, **over), ANN)  # type: ignore[arg-type]


def nothing_is_stored() -> bool:
    """Tell whether there is neither account nor token."""
    rows = (AmazonAccount, Credential, AccessToken)
    return not any(model.objects.exists() for model in rows)


def test_consent_connects_the_seller_and_starts_the_first_pull(
    emulator: Emulator,
) -> None:
    store = builders.make_store()
    callback = ask_amazon(begin(store))
    account = oauth.redeem(callback, ANN)
    assert (account.store, account.region, account.state) == (store, "na", "connected")
    assert account.seller_id == builders.emulator_seller(emulator, "na")
    assert account.credential.refresh_token.startswith("Atzr|")
    due = account.jobs.filter(due_at__lte=timezone.now())
    assert due.count() == len(registry.kinds())
    assert AccessToken.objects.get(subject=account.quota_subject).token


def test_callback_asks_for_the_application_once(emulator: Emulator) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    with CaptureQueriesContext(connection) as queries:
        oauth.redeem(callback, ANN)
    table = 'FROM "channels_amazon_developerapplication"'
    assert sum(table in query["sql"] for query in queries) == 1


def test_account_is_called_as_the_storefront(emulator: Emulator) -> None:
    account = oauth.redeem(ask_amazon(begin(builders.make_store())), ANN)
    assert account.name
    assert account.name != account.seller_id


def test_failing_question_for_the_name_does_not_cost_the_code(
    emulator: Emulator,
) -> None:
    address = begin(builders.make_store())
    emulator.control("faults", match="getMarketplaceParticipations", kind="forbidden")
    account = oauth.redeem(ask_amazon(address), ANN)
    assert account.name == account.seller_id


def test_state_works_once(emulator: Emulator) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    oauth.redeem(callback, ANN)
    with pytest.raises(oauth.StateInvalid):
        oauth.redeem(callback, ANN)


@pytest.mark.parametrize(
    "requester",
    [
        replace(ANN, user_id=2),
        replace(ANN, session_key="another-session"),
        replace(ANN, user_id=2, session_key="both"),
    ],
)
def test_state_of_another_user_or_session_is_refused(
    requester: Requester, emulator: Emulator
) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    with pytest.raises(oauth.StateInvalid) as caught:
        oauth.redeem(callback, requester)
    assert caught.value.code == "oauth.state_invalid"
    assert nothing_is_stored()
    assert oauth.redeem(callback, ANN).is_connected


@pytest.mark.parametrize("state", ["", "made-up", "a:b:c", "é\x00", "x" * 5000])
def test_made_up_state_is_refused(state: str, settings: Settings) -> None:
    with pytest.raises(oauth.StateInvalid):
        oauth.redeem(OAuthCallback(state, "code", "A1"), ANN)


def test_state_lasts_ten_minutes(emulator: Emulator) -> None:
    address = begin(builders.make_store())
    callback = ask_amazon(address)
    later = timezone.now() + timedelta(minutes=10, seconds=1)
    with time_machine.travel(later), pytest.raises(oauth.StateInvalid):
        oauth.redeem(callback, ANN)
    assert nothing_is_stored()


def test_state_is_stored_as_a_hash_only(emulator: Emulator) -> None:
    address = begin(builders.make_store())
    state = parse_qs(urlsplit(address).query)["state"][0]
    attempt = AuthorizationAttempt.objects.get()
    assert state not in str(vars(attempt))
    assert ANN.session_key not in str(vars(attempt))


def test_denial_stores_nothing_and_is_told(emulator: Emulator) -> None:
    store = builders.make_store()
    callback = ask_amazon(begin(store), "deny")
    with pytest.raises(oauth.AuthorizationDenied):
        oauth.redeem(callback, ANN)
    assert nothing_is_stored()
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.store, entry.actor) == ("oauth.denied", store, "ann")


def test_expired_code_stores_nothing(emulator: Emulator) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    emulator.advance(301)
    with pytest.raises(errors.CodeExpired) as caught:
        oauth.redeem(callback, ANN)
    assert callback.code not in str(caught.value)
    assert nothing_is_stored()


@pytest.mark.parametrize("kind", ["status_503", "html_503", "close", "cut_body"])
def test_broken_token_endpoint_stores_nothing(kind: str, emulator: Emulator) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    emulator.control("faults", match="lwa.token", kind=kind)
    with pytest.raises(errors.SpApiError):
        oauth.redeem(callback, ANN)
    assert nothing_is_stored()


def test_wrong_client_secret_stores_nothing(
    emulator: Emulator, settings: Settings
) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    settings.LWA_CLIENT_SECRET = "wrong"
    with pytest.raises(errors.ClientSecretInvalid):
        oauth.redeem(callback, ANN)
    assert nothing_is_stored()


def test_answer_without_a_code_stores_nothing(emulator: Emulator) -> None:
    state = ask_amazon(begin(builders.make_store())).state
    with pytest.raises(oauth.CallbackIncomplete):
        oauth.redeem(OAuthCallback(state), ANN)
    assert nothing_is_stored()


def test_seller_id_of_somebody_else_is_found_out(emulator: Emulator) -> None:
    callback = ask_amazon(begin(builders.make_store()))
    with pytest.raises(NeedsMerchant) as caught:
        oauth.redeem(replace(callback, seller_id="A9SOMEBODYELSE"), ANN)
    assert caught.value.code == "account.seller_id_refused"
    assert nothing_is_stored()


@pytest.mark.parametrize(
    "faults",
    [
        {"searchListingsItems": "forbidden", "searchCatalogItems": "forbidden"},
        {"searchListingsItems": "forbidden", "searchCatalogItems": "status_503"},
        {
            "searchListingsItems": "forbidden",
            "getMarketplaceParticipations": "forbidden",
        },
        {"searchListingsItems": "status_500"},
        {"searchListingsItems": "html_503"},
        {"searchListingsItems": "close"},
        {"searchListingsItems": "not_json"},
    ],
    ids=lambda faults: " ".join(faults.values()),
)
def test_seller_whose_identity_is_not_proven_is_not_connected(
    emulator: Emulator, faults: dict[str, str]
) -> None:
    store = builders.make_store()
    callback = ask_amazon(begin(store))
    for match, kind in faults.items():
        emulator.control("faults", match=match, kind=kind)
    with pytest.raises(NeedsMerchant) as caught:
        oauth.redeem(callback, ANN)
    assert caught.value.code == "account.identity_unproven"
    assert caught.value.fix
    assert nothing_is_stored()

    # Nothing is in the way of another try.
    emulator.control("faults", clear=True)
    assert oauth.redeem(ask_amazon(begin(store)), ANN).is_connected


def test_consent_of_one_region_claims_no_seller_of_another(emulator: Emulator) -> None:
    intruder, victim = builders.make_store(), builders.make_store()
    own = ask_amazon(begin(intruder, "eu"))
    claim = ask_amazon(begin(intruder, "na"))
    assert own.seller_id != claim.seller_id

    with pytest.raises(NeedsMerchant) as caught:
        oauth.redeem(replace(claim, code=own.code), ANN)

    assert caught.value.code == "account.identity_unproven"
    assert nothing_is_stored()
    account = oauth.redeem(ask_amazon(begin(victim, "na")), ANN)
    assert (account.store, account.seller_id) == (victim, claim.seller_id)


def test_seller_of_another_store_is_refused_before_the_exchange(
    emulator: Emulator,
) -> None:
    oauth.redeem(ask_amazon(begin(builders.make_store())), ANN)
    kept = Credential.objects.get().refresh_token
    callback = ask_amazon(begin(builders.make_store()))
    with pytest.raises(accounts_connection.SellerElsewhere):
        oauth.redeem(callback, ANN)
    assert AmazonAccount.objects.count() == 1
    assert Credential.objects.get().refresh_token == kept


def test_authorising_an_account_again_keeps_it(emulator: Emulator) -> None:
    store = builders.make_store()
    first = oauth.redeem(ask_amazon(begin(store)), ANN)
    old = first.credential.refresh_token
    emulator.control("revoke", region="na")
    again = oauth.redeem(ask_amazon(begin(store, account=first)), ANN)
    assert again.pk == first.pk
    assert Credential.objects.get().refresh_token != old


def test_another_seller_does_not_take_an_accounts_place(emulator: Emulator) -> None:
    account = builders.make_account(seller_id="A9SOMEBODYELSE")
    callback = ask_amazon(begin(account.store, account=account))
    with pytest.raises(NeedsMerchant) as caught:
        oauth.redeem(callback, ANN)
    assert caught.value.code == "account.other_seller"
    assert AmazonAccount.objects.count() == 1


def test_plan_without_amazon_begins_nothing(emulator: Emulator) -> None:
    with pytest.raises(accounts_connection.PlanExcludesAmazon):
        begin(builders.make_store(plan="basic"))
    assert not AuthorizationAttempt.objects.exists()


def test_draft_asks_for_beta(emulator: Emulator, settings: Settings) -> None:
    settings.SPAPI_APP_DRAFT = True
    assert "version=beta" in begin(builders.make_store())


def test_workflow_from_amazon_leads_to_its_confirmation(emulator: Emulator) -> None:
    uri = confirm_address(emulator, "eu")
    address = oauth.begin_at_amazon(
        builders.make_store(), ANN, callback_uri=uri, amazon_state="A&B"
    )
    sent = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{uri}?")
    assert sent["amazon_state"] == ["A&B"]
    assert sent["redirect_uri"] == [emulator.redirect_uri]
    assert AuthorizationAttempt.objects.get().region == "eu"


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://sellercentral.amazon.com", "na"),
        ("https://sellercentral.amazon.com.mx", "na"),
        ("https://sellercentral-europe.amazon.com", "eu"),
        ("https://sellercentral.amazon.co.jp", "fe"),
    ],
)
def test_hosts_of_seller_central_pass(
    address: str, region: str, emulator: Emulator
) -> None:
    app = current_application()
    uri = f"{address}/apps/authorize/confirm/{app.app_id}"
    assert oauth.appstore_region(f"{uri}?x=1", app) == region


@pytest.mark.parametrize(
    "address",
    [
        "https://sellercentral.amazon.com.evil.example/apps/authorize/confirm/{app}",
        "https://sellercentral.amazon.com@evil.example/apps/authorize/confirm/{app}",
        "https://evil.example/apps/authorize/confirm/{app}",
        "http://sellercentral.amazon.com/apps/authorize/confirm/{app}",
        "https://sellercentral.amazon.com:8443/apps/authorize/confirm/{app}",
        "https://sellercentral.amazon.com/apps/authorize/confirm/{app}/../../x",
        "https://sellercentral.amazon.com/apps/authorize/confirm/other",
        "https://sellercentral.amazon.com/redirect?to={app}",
        "//sellercentral.amazon.com/apps/authorize/confirm/{app}",
        "javascript:alert(1)",
        "",
    ],
)
def test_other_addresses_are_refused(address: str, emulator: Emulator) -> None:
    app = current_application()
    with pytest.raises(oauth.CallbackAddressInvalid):
        oauth.appstore_region(address.format(app=app.app_id), app)
