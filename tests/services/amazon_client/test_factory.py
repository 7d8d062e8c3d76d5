"""Tests of the assembled client: one refresh for all, changed and lost tokens."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from channels_amazon.emulator.server import Emulator
from channels_amazon.errors import ShoplinkError
from channels_amazon.models import AccessToken, AmazonAccount, ApiCall, Credential
from channels_amazon.services.amazon_client.factory import (
    application_client,
    client_for,
)
from channels_amazon.services.jobs.key_holders import SecretUnreadable
from channels_amazon.spapi.apis import notifications, sellers
from channels_amazon.spapi.errors import AuthorizationLost, NetworkError
from tests import builders
from tests.processes import Processes

HERE = "tests.services.amazon_client.test_factory"


def read_sites(account_id: int, number: int) -> int:
    """Ask for the account's sites, as one of several processes."""
    account = AmazonAccount.objects.select_related("application").get(pk=account_id)
    return len(sellers.get_marketplace_participations(client_for(account)).sites)


@pytest.mark.twoprocess
def test_processes_that_begin_together_refresh_once(
    processes: Processes, emulator: Emulator
) -> None:
    account = builders.make_account(emulator=emulator)
    emulator.control("faults", match="lwa.token", kind="slow", seconds=0.5)
    counts = processes.together(f"{HERE}:read_sites", account.pk, count=3)
    assert len(set(counts)) == 1
    assert ApiCall.objects.filter(operation="lwa.token").count() == 1
    assert ApiCall.objects.filter(account=account, status=200).count() == 4


@pytest.mark.django_db
def test_silent_amazon_does_not_hold_a_worker_for_long(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = builders.make_account(emulator=emulator)
    read_sites(account.pk, 0)
    monkeypatch.setattr(
        "channels_amazon.services.amazon_client.factory.CALL_SECONDS", 1.5
    )
    emulator.control("faults", match="*", kind="timeout", seconds=9)
    began = time.monotonic()
    with pytest.raises(NetworkError):
        read_sites(account.pk, 1)
    assert time.monotonic() - began < 4


@pytest.mark.django_db
def test_second_client_uses_the_first_ones_token(emulator: Emulator) -> None:
    account = builders.make_account(emulator=emulator)
    read_sites(account.pk, 0)
    read_sites(account.pk, 1)
    assert ApiCall.objects.filter(operation="lwa.token").count() == 1


@pytest.mark.django_db
def test_calls_are_recorded_under_their_run(emulator: Emulator) -> None:
    account = builders.make_account(emulator=emulator)
    job = builders.make_job(account)
    run = job.runs.create(account=account, kind=job.kind, started_at=job.due_at)
    sellers.get_marketplace_participations(client_for(account, run=run))
    assert set(run.api_calls.values_list("operation", flat=True)) == {
        "lwa.token",
        "getMarketplaceParticipations",
    }


@pytest.mark.django_db
def test_grantless_call_has_the_applications_own_token(emulator: Emulator) -> None:
    application = builders.make_application()
    notifications.get_destinations(application_client(application, "na"))
    subject = f"application:{application.pk}:sellingpartnerapi::notifications"
    assert AccessToken.objects.get().subject == subject


def lose_token(account: AmazonAccount) -> None:
    """Delete the account's refresh token."""
    Credential.objects.filter(account=account).delete()


def lose_key(account: AmazonAccount) -> None:
    """Encrypt the account's refresh token with a key that nobody has."""
    foreign = Fernet(Fernet.generate_key()).encrypt(b"Atzr|1")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_amazon_credential SET refresh_token = %s", [foreign]
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lose", "error", "code"),
    [
        (lose_token, AuthorizationLost, "token.revoked"),
        (lose_key, SecretUnreadable, "token.undecryptable"),
    ],
)
def test_authorisation_that_cannot_be_used_is_told(
    lose: Any, error: type[ShoplinkError], code: str, emulator: Emulator
) -> None:
    account = builders.make_account(emulator=emulator)
    lose(account)
    with pytest.raises(error) as caught:
        read_sites(account.pk, 0)
    assert caught.value.code == code


@pytest.mark.django_db
def test_changed_refresh_token_is_stored_unless_replaced_meanwhile(
    emulator: Emulator,
) -> None:
    account = builders.make_account(emulator=emulator)
    tokens = client_for(account).tokens
    tokens.refresh_token_of(account.quota_subject)
    tokens.on_refresh_token(account.quota_subject, "Atzr|changed")
    assert Credential.objects.get().refresh_token == "Atzr|changed"
    tokens.on_refresh_token(account.quota_subject, "Atzr|late")
    assert Credential.objects.get().refresh_token == "Atzr|changed"
