"""Disconnecting ends at Amazon what was subscribed to, and says what stays."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

import pytest
import time_machine
from django.db import connection as database
from django.db import transaction
from django.test import TestCase
from django.utils import timezone
from pytest_django import Settings

from channels_amazon import tasks
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AccessToken, AmazonAccount, DiagnosticEntry
from channels_amazon.services.accounts import connection, subscriptions, unsubscribing
from tests.builders import make_account, make_store

pytestmark = pytest.mark.django_db

MCF = "FULFILLMENT_ORDER_STATUS"
LEFT = "account.subscriptions_left"
DELETED = "account.subscriptions_deleted"


def subscribed(emulator: Emulator, *kinds: str) -> AmazonAccount:
    """Return a connected account that gets its order events, and these as well."""
    account = make_account(emulator=emulator)
    assert subscriptions.subscribe(account, actor="ann") == ""
    for kind in kinds:
        assert subscriptions.subscribe_to(account, kind)
    return account


def disconnect(account: AmazonAccount) -> None:
    """Disconnect the account, and do what a worker does next."""
    connection.disconnect_account(account, actor="ann")
    unsubscribing.delete_subscriptions(account.pk)
    account.refresh_from_db()


def told(code: str) -> list[str]:
    """Return what the log says under that code, oldest first."""
    entries = DiagnosticEntry.objects.filter(code=code).order_by("pk")
    return [str(entry.message) for entry in entries]


def test_every_subscription_is_deleted(emulator: Emulator) -> None:
    account = subscribed(emulator, MCF)
    assert len(emulator.state.subscriptions) == 2

    disconnect(account)

    assert not emulator.state.subscriptions
    assert (account.subscriptions, account.unsubscribe_at) == ({}, None)
    assert told(DELETED) == [
        "Amazon no longer sends these events of the account: "
        "FULFILLMENT_ORDER_STATUS, ORDER_CHANGE."
    ]
    assert (account.subscription_id, account.subscribed_at) == ("", None)


def test_disconnecting_hands_it_to_a_worker(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = subscribed(emulator)
    asked: list[object] = []
    monkeypatch.setattr(
        "channels_amazon.services.jobs.queue.async_task",
        lambda *args, **options: asked.append(args),
    )

    with TestCase.captureOnCommitCallbacks(execute=True):
        connection.disconnect_account(account, actor="ann")

    assert (unsubscribing.TASK, account.pk) in asked


def test_account_of_an_earlier_version_ends_its_order_events(
    emulator: Emulator,
) -> None:
    account = subscribed(emulator)
    AmazonAccount.objects.update(subscriptions={})

    disconnect(account)

    assert not emulator.state.subscriptions


def test_revoked_grant_hinders_no_deletion(emulator: Emulator) -> None:
    account = subscribed(emulator, MCF)
    emulator.control("revoke", region="na")

    disconnect(account)

    assert not emulator.state.subscriptions


def test_subscription_that_is_gone_already_is_no_failure(emulator: Emulator) -> None:
    account = subscribed(emulator)
    emulator.state.subscriptions.clear()

    disconnect(account)

    assert told(DELETED)
    assert account.unsubscribe_at is None


@pytest.mark.parametrize("match", ["deleteSubscriptionById", "lwa.token"])
def test_while_amazon_is_down_the_account_is_disconnected_all_the_same(
    emulator: Emulator, match: str
) -> None:
    account = subscribed(emulator, MCF)
    AccessToken.objects.all().delete()
    emulator.control("faults", match=match, kind="status_503", count=50)

    disconnect(account)

    assert account.is_disconnected
    assert not hasattr(account, "credential")
    assert len(account.subscriptions) == 2
    assert account.unsubscribe_at is not None
    assert not told(LEFT)
    emulator.control("faults", clear=True)
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        tasks.delete_subscriptions(account.pk)
    assert not emulator.state.subscriptions
    account.refresh_from_db()
    assert not account.subscriptions
    assert account.unsubscribe_at is None


def test_after_a_day_it_is_said_what_stays_and_how_to_remove_it(
    emulator: Emulator,
) -> None:
    account = subscribed(emulator)
    theirs = account.subscription_id
    emulator.control(
        "faults", match="deleteSubscriptionById", kind="status_503", count=50
    )
    disconnect(account)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.delete_subscriptions(account.pk)

    account.refresh_from_db()
    assert (account.subscriptions, account.unsubscribe_at) == (
        {"ORDER_CHANGE": theirs},
        None,
    )
    assert theirs in told(LEFT)[0]
    assert "deleteSubscriptionById" in DiagnosticEntry.objects.get(code=LEFT).fix


def test_refusal_of_one_is_said_and_hinders_no_other(emulator: Emulator) -> None:
    account = subscribed(emulator, MCF)
    AmazonAccount.objects.update(
        subscriptions={**account.subscriptions, "NO_SUCH_TYPE": "an-id"}
    )

    disconnect(account)

    assert not emulator.state.subscriptions
    assert account.subscriptions == {"NO_SUCH_TYPE": "an-id"}
    assert "NO_SUCH_TYPE an-id" in told(LEFT)[0]


def test_seller_who_moved_to_another_store_keeps_the_events(
    emulator: Emulator,
) -> None:
    account = subscribed(emulator)
    connection.disconnect_account(account, actor="ann")
    moved = make_account(make_store(), emulator=emulator)
    assert subscriptions.subscribe(moved, actor="bob") == ""

    unsubscribing.delete_subscriptions(account.pk)

    (theirs,) = emulator.state.subscriptions.values()
    assert theirs.subscription_id == moved.subscription_id
    account.refresh_from_db()
    assert (account.subscriptions, account.unsubscribe_at) == ({}, None)


def test_seller_who_subscribed_while_it_was_deleted_is_offered_to_do_so_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = subscribed(emulator, MCF)
    connection.disconnect_account(account, actor="ann")
    moved = make_account(make_store(), emulator=emulator)
    assert subscriptions.subscribe(moved, actor="bob") == ""
    # They connected between the look and the deletion.
    monkeypatch.setattr(unsubscribing, "_is_in_use", lambda account: False)

    unsubscribing.delete_subscriptions(account.pk)

    assert not emulator.state.subscriptions
    moved.refresh_from_db()
    assert (moved.subscriptions, moved.subscription_id) == ({}, "")


def test_subscription_that_was_made_anew_is_not_forgotten() -> None:
    account = make_account(
        subscriptions={MCF: "new", "ORDER_CHANGE": "one"}, subscription_id="one"
    )

    gone = subscriptions.forget(account, {MCF: "old", "ORDER_CHANGE": "one"})

    account.refresh_from_db()
    assert gone == ["ORDER_CHANGE"]
    assert (account.subscriptions, account.subscription_id) == ({MCF: "new"}, "")


@pytest.mark.django_db(transaction=True)
def test_forgetting_loses_nothing_that_is_subscribed_meanwhile(
    emulator: Emulator,
) -> None:
    account = subscribed(emulator)
    gone = {"ORDER_CHANGE": account.subscription_id}
    former = make_account(make_store(), subscriptions=gone, state="disconnected")
    has_changed, waited = Event(), Event()

    def subscribe() -> None:
        with transaction.atomic():
            subscriptions._keep(account, {MCF: "an-id"})
            has_changed.set()
            # Long enough for the other thread to read what is not committed yet.
            waited.wait(0.5)
        database.close()

    def delete() -> None:
        assert has_changed.wait(10)
        unsubscribing._take_from_others(former, ["ORDER_CHANGE"])
        database.close()

    AmazonAccount.objects.filter(pk=former.pk).update(seller_id=account.seller_id)
    former.refresh_from_db()
    both = [Thread(target=subscribe), Thread(target=delete)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    account.refresh_from_db()
    assert account.subscriptions == {MCF: "an-id"}


def test_seller_of_another_region_keeps_the_events(emulator: Emulator) -> None:
    account = subscribed(emulator)
    other = make_account(account.store, emulator=emulator, region="eu")
    assert subscriptions.subscribe(other, actor="ann") == ""

    disconnect(account)

    (theirs,) = emulator.state.subscriptions.values()
    assert theirs.subscription_id == other.subscription_id


def test_disconnecting_twice_deletes_nothing_of_who_came_after(
    emulator: Emulator,
) -> None:
    account = subscribed(emulator)
    disconnect(account)
    moved = make_account(make_store(), emulator=emulator)
    assert subscriptions.subscribe(moved, actor="bob") == ""

    disconnect(account)

    assert len(emulator.state.subscriptions) == 1
    codes = DiagnosticEntry.objects.filter(code="account.disconnected")
    assert codes.count() == 1


def test_account_that_is_connected_again_is_left_alone(emulator: Emulator) -> None:
    account = subscribed(emulator)
    connection.disconnect_account(account, actor="ann")
    grant = connection.AccountGrant(
        region="na",
        seller_id=account.seller_id,
        name="",
        refresh_token=emulator.refresh_token("na"),
    )
    connection.connect_account(
        account.store, grant=grant, application=account.application, actor="ann"
    )

    unsubscribing.delete_subscriptions(account.pk)

    assert len(emulator.state.subscriptions) == 1


def test_the_minute_s_task_goes_on_with_what_is_left(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = subscribed(emulator)
    connection.disconnect_account(account, actor="ann")
    asked: list[object] = []
    monkeypatch.setattr(
        unsubscribing, "enqueue", lambda path, pk: asked.append((path, pk))
    )

    tasks.cast_nets()

    assert asked == [(unsubscribing.TASK, account.pk)]


def test_never_subscribed_leaves_nothing(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_account(emulator=emulator)

    disconnect(account)

    assert account.unsubscribe_at is None
    assert DiagnosticEntry.objects.get().code == "account.disconnected"
