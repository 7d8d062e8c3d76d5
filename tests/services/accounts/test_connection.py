"""Tests of connecting, authorising again and disconnecting accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django import Settings

from channels_amazon.errors import NeedsMerchant
from channels_amazon.models import (
    AccessToken,
    AmazonAccount,
    ClientSecret,
    Credential,
    DiagnosticEntry,
    Store,
    SyncJob,
)
from channels_amazon.services.accounts import connection, going_live
from channels_amazon.services.accounts.connection import AccountGrant
from channels_amazon.services.amazon_client import applications
from channels_amazon.services.amazon_client.stores import DatabaseTokens
from channels_amazon.services.jobs import claims, lifecycle, registry
from tests import builders
from tests.processes import Processes

pytestmark = pytest.mark.django_db
HERE = "tests.services.accounts.test_connection"
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
GRANT = AccountGrant(
    region="na", seller_id="A1", name="Alderwick", refresh_token="Atzr|first"
)


@pytest.fixture(autouse=True)
def application(settings: Settings) -> None:
    """Let the settings name an application."""
    settings.SPAPI_APP_ID = "amzn1.sp.solution.test"
    settings.LWA_CLIENT_SECRET = "secret-1"


def connect_seller(
    store: Store | None = None, *, grant: AccountGrant = GRANT, actor: str = "ann"
) -> AmazonAccount:
    """Connect the grant's seller to the store, a new one where none is given."""
    return connection.connect_account(
        store or builders.make_store(),
        grant=grant,
        application=applications.current_application(),
        actor=actor,
    )


def test_new_seller_becomes_an_account_with_all_jobs_due() -> None:
    account = connect_seller()
    assert account.is_connected
    assert account.credential.refresh_token == "Atzr|first"
    assert claims.is_work_due()
    assert account.jobs.count() == len(registry.kinds())
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.actor) == ("account.connected", "ann")


def test_grant_never_shows_its_token() -> None:
    assert "Atzr" not in repr(GRANT)


def test_authorising_again_replaces_the_token_of_the_same_account() -> None:
    store = builders.make_store()
    first = connect_seller(store)
    DatabaseTokens().save(first.quota_subject, "Atza|old", first.authorized_at)
    connection.mark_needs_authorization(first, code="token.revoked")
    lifecycle.block_all(first, "token.revoked", "Revoked.")
    new = replace(GRANT, refresh_token="Atzr|second")
    again = connect_seller(store, grant=new)
    assert again.pk == first.pk
    assert Credential.objects.get().refresh_token == "Atzr|second"
    assert (again.state, again.state_code) == ("connected", "")
    assert not SyncJob.objects.exclude(blocked_code="").exists()
    assert not AccessToken.objects.exists()


def test_seller_of_another_store_is_refused_and_nothing_changes() -> None:
    connect_seller()
    new = replace(GRANT, refresh_token="Atzr|second")
    with pytest.raises(connection.SellerElsewhere) as caught:
        connect_seller(grant=new, actor="bob")
    assert caught.value.code == "account.seller_elsewhere"
    assert Credential.objects.get().refresh_token == "Atzr|first"


def test_seller_may_move_once_the_other_store_disconnected() -> None:
    first = connect_seller()
    connection.disconnect_account(first, actor="ann")
    moved = connect_seller(actor="bob")
    assert moved.pk != first.pk
    assert AmazonAccount.objects.count() == 2


def test_same_seller_may_connect_in_each_region() -> None:
    store = builders.make_store()
    for region in ("na", "eu"):
        grant = replace(GRANT, region=region)
        connect_seller(store, grant=grant)
    assert store.amazon_accounts.count() == 2


def test_plan_without_amazon_is_refused() -> None:
    store = builders.make_store(plan="basic")
    with pytest.raises(connection.PlanExcludesAmazon) as caught:
        connect_seller(store)
    assert caught.value.code == "store.plan"


def test_sites_left_out_are_deselected_before_the_first_pull() -> None:
    grant = replace(GRANT, marketplace_ids=(US,))
    account = connect_seller(grant=grant)
    chosen = account.participations.filter(is_selected=True)
    assert not chosen.exists()
    assert account.participations.get(marketplace_id=CA).is_selected is False


def test_disconnecting_deletes_tokens_and_keeps_records() -> None:
    account = connect_seller()
    DatabaseTokens().save(account.quota_subject, "Atza|1", account.authorized_at)
    order = builders.make_order(account)
    connection.disconnect_account(account, actor="ann")
    assert account.state == "disconnected"
    assert not Credential.objects.exists()
    assert not AccessToken.objects.exists()
    assert order.account.orders.count() == 1
    assert not claims.claim_due("holder", 60)


def test_connecting_again_goes_on_with_the_same_account() -> None:
    store = builders.make_store()
    first = connect_seller(store)
    connection.disconnect_account(first, actor="ann")
    again = connect_seller(store)
    assert again.pk == first.pk
    assert claims.claim_due("holder", 60)


def test_new_account_is_not_live() -> None:
    assert not connect_seller().is_live


def test_account_authorised_again_stays_live() -> None:
    store = builders.make_store()
    first = connect_seller(store)
    going_live.go_live(first, actor="ann", before_first_pull=True)
    connection.lose_authorization(first, code="token.revoked", message="Revoked.")

    again = connect_seller(store, grant=replace(GRANT, refresh_token="Atzr|second"))

    assert (again.live_at, again.live_by) == (first.live_at, "ann")


def test_account_disconnected_and_connected_again_is_not_live() -> None:
    store = builders.make_store()
    first = connect_seller(store)
    going_live.go_live(first, actor="ann", before_first_pull=True)

    connection.disconnect_account(first, actor="ann")

    assert not first.is_live
    assert not connect_seller(store).is_live


def test_disconnected_account_is_not_marked_by_a_late_refusal() -> None:
    account = connect_seller()
    connection.disconnect_account(account, actor="ann")
    connection.mark_needs_authorization(account, code="token.revoked")
    account.refresh_from_db()
    assert account.state == "disconnected"


def connect(slug: str, number: int) -> str:
    """Connect the seller to the store of this process; return how it ended."""
    from django.conf import settings

    settings.SPAPI_APP_ID = "amzn1.sp.solution.test"
    store = Store.objects.get(slug=f"{slug}-{number}")
    try:
        connect_seller(store, actor="test")
    except NeedsMerchant as error:
        return error.code
    return "connected"


@pytest.mark.twoprocess
def test_two_stores_at_the_same_moment_get_one_seller(processes: Processes) -> None:
    for number in range(2):
        builders.make_store(slug=f"race-{number}")
    builders.make_application()
    ends = processes.together(f"{HERE}:connect", "race")
    assert sorted(ends) == ["account.seller_elsewhere", "connected"]


def test_rotated_secret_is_kept_beside_the_old_one(settings: Settings) -> None:
    first = applications.current_application()
    settings.LWA_CLIENT_SECRET = "secret-2"
    applications.current_application()
    old, new = ClientSecret.objects.order_by("pk")
    assert (old.expires_at is None, new.expires_at) == (False, None)
    settings.LWA_CLIENT_SECRET = ""
    assert applications.client_secret(first) == "secret-2"


def test_secret_of_the_settings_works_at_once(settings: Settings) -> None:
    application = applications.current_application()
    settings.LWA_CLIENT_SECRET = "secret-2"
    assert applications.client_secret(application) == "secret-2"


def test_application_follows_the_settings(settings: Settings) -> None:
    applications.current_application()
    settings.OAUTH_REDIRECT_URI = "https://new.example/admin/amazon/callback/"
    application = applications.current_application()
    assert application.redirect_uri == settings.OAUTH_REDIRECT_URI


def test_missing_application_is_told_with_its_fix(settings: Settings) -> None:
    settings.SPAPI_APP_ID = ""
    with pytest.raises(NeedsMerchant, match=r"store\.application_missing") as caught:
        applications.current_application()
    assert "SPAPI_APP_ID" in caught.value.fix
