"""Subscribing makes what is missing at Amazon, and says what keeps it from that."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, DiagnosticEntry
from channels_amazon.services.accounts.subscriptions import subscribe
from tests.builders import make_account

pytestmark = pytest.mark.django_db


def test_subscribe_makes_destination_and_subscription(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)

    assert subscribe(account, actor="ann") == ""

    (theirs,) = emulator.state.subscriptions.values()
    assert theirs.seller_id == account.seller_id
    assert account.subscription_id == theirs.subscription_id
    assert account.destination_id == theirs.destination_id
    assert account.subscribed_at is not None
    assert DiagnosticEntry.objects.get().actor == "ann"


def test_subscribe_again_uses_what_is_there(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    subscribe(account, actor="")
    before = account.subscription_id

    assert subscribe(account, actor="") == ""

    assert account.subscription_id == before
    assert len(emulator.state.destinations) == 1


def test_each_region_gets_a_destination_of_its_own(emulator: Emulator) -> None:
    accounts = [make_account(emulator=emulator, region=name) for name in ("na", "eu")]

    assert [subscribe(account, actor="") for account in accounts] == ["", ""]

    assert len(emulator.state.subscriptions) == 2
    assert len({item.region for item in emulator.state.destinations.values()}) == 2


def test_subscription_to_another_queue_is_replaced(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_account(emulator=emulator)
    subscribe(account, actor="")
    before = account.destination_id
    other = f"{emulator.queue_arn}-other"
    emulator.state.queues[other] = emulator.queue_url
    settings.SQS_QUEUE_ARN = other
    try:
        assert subscribe(account, actor="") == ""
    finally:
        del emulator.state.queues[other]

    (theirs,) = emulator.state.subscriptions.values()
    assert theirs.destination_id == account.destination_id != before


def test_subscribe_without_a_queue_names_the_settings(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_account(emulator=emulator)
    settings.SQS_QUEUE_ARN = ""

    missing = subscribe(account, actor="")

    assert "SQS_QUEUE_ARN" in missing
    assert "SQS_QUEUE_URL" not in missing
    assert not emulator.state.subscriptions


def test_subscribe_to_a_queue_amazon_cannot_write_to_says_why(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_account(emulator=emulator)
    settings.SQS_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:nowhere"

    assert "nowhere" in subscribe(account, actor="")

    account.refresh_from_db()
    assert (account.subscription_id, account.subscribed_at) == ("", None)
    assert DiagnosticEntry.objects.get().account == account


def test_subscribe_with_a_revoked_grant_asks_to_authorise_again(
    emulator: Emulator,
) -> None:
    account = make_account(emulator=emulator)
    emulator.control("revoke", region="na")

    assert subscribe(account, actor="")

    account.refresh_from_db()
    assert account.state == AmazonAccount.State.NEEDS_AUTHORIZATION
    assert "uthorise" in subscribe(account, actor="")
