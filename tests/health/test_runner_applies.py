"""What a check finds is applied at once, and what it finds mended is taken back."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Permission, SyncJob
from channels_amazon.services.accounts import connection
from channels_amazon.services.health.applying import ObservedAccount, apply_findings
from channels_amazon.services.jobs import lifecycle
from channels_amazon.spapi.errors import AuthorizationLost, Evidence
from tests.builders import make_job, make_member
from tests.health.faults import damage_token, hours_ago, make_healthy, report_of
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

State = AmazonAccount.State


def state_of(account: AmazonAccount) -> str:
    """Return the account's state as stored."""
    return str(AmazonAccount.objects.get(pk=account.pk).state)


def blocked(account: AmazonAccount) -> set[str]:
    """Return the codes that block the account's jobs, "" for one that is free."""
    return set(account.jobs.values_list("blocked_code", flat=True))


def test_revoked_account_is_stopped_by_the_check_that_saw_it(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    make_job(account)
    owner = make_member(account.store, role="owner").user
    emulator.control("revoke", region="na")

    report_of(account)

    assert state_of(account) == State.NEEDS_AUTHORIZATION
    assert blocked(account) == {"token.revoked"}
    shown = signed_in(owner).get(reverse("amazon-overview")).content.decode()
    assert "no longer accepts our authorisation" in shown
    assert "All is well" not in shown
    cards = signed_in(owner).get(reverse("amazon-account-list")).content.decode()
    assert "Authorisation needed" in cards


def test_account_that_works_again_is_taken_back(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_job(account)
    connection.mark_needs_authorization(account, code="token.revoked")
    lifecycle.block_all(account, "token.revoked", "Amazon refuses it.")

    report_of(account)

    assert state_of(account) == State.CONNECTED
    assert blocked(account) == {""}
    assert SyncJob.objects.get().rank is not None


def test_key_that_is_lost_is_not_said_to_be_amazons_refusal(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    make_job(account)
    damage_token()

    assert report_of(account)["findings"][0]["code"] == "token.undecryptable"
    assert state_of(account) == State.CONNECTED


def test_permission_that_is_there_frees_the_jobs_it_blocked(
    emulator: Emulator,
) -> None:
    """Also where the rows never said that it was missing: two refusals in a row."""
    account = make_healthy(emulator)
    make_job(account, blocked_code="permission.orders_missing")
    make_job(account, kind="order_sweep", blocked_code="amazon.access_denied")

    report_of(account)

    assert blocked(account) == {""}
    assert set(Permission.objects.values_list("state", flat=True)) == {"granted"}


def test_permission_that_is_missing_is_stored_and_frees_nothing(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    make_job(account, blocked_code="permission.catalog_items_missing")
    make_job(account, kind="order_sweep", blocked_code="amazon.access_denied")
    emulator.control("roles", remove=["Product Listing"])

    report_of(account)

    assert blocked(account) == {
        "permission.catalog_items_missing",
        "amazon.access_denied",
    }
    row = Permission.objects.get(name="catalog-items")
    assert row.state == "missing"


def test_disconnected_account_stays_as_it_is(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_job(account)
    connection.disconnect_account(account, actor="test")

    report_of(account)

    assert state_of(account) == State.DISCONNECTED
    assert blocked(account) == {"account.disconnected"}


def test_what_was_seen_of_an_old_authorisation_stops_no_new_one(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    lost = AuthorizationLost("It was removed.", Evidence("lwa.token", 400))

    apply_findings(account, ObservedAccount(hours_ago(3), lost=lost))

    assert state_of(account) == State.CONNECTED


def test_wrong_region_marks_no_permission_as_missing(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_healthy(emulator)
    settings.SPAPI_ENDPOINT_NA = settings.SPAPI_ENDPOINT_EU

    assert report_of(account)["findings"][0]["code"] == "account.wrong_region"
    assert not Permission.objects.exists()
