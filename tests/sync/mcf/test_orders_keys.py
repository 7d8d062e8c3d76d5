"""A key that is missing decides no store order, and places none: they wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    FulfillmentOrder,
    StoreOrder,
    StoreOrderPersonalData,
    SyncJob,
    SyncRun,
)
from channels_amazon.spapi import retry
from tests.services.privacy.scene import NEW, forget_keys
from tests.sync.mcf.scene import CREATE, connect_shop, ordered, promised, run, state_of

pytestmark = pytest.mark.django_db

State = FulfillmentOrder.State
Lock = Callable[[StoreOrder], None]


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account with one SKU in the American pool, and a rule that uses it."""
    return connect_shop(emulator)


@pytest.fixture
def give_key_back(settings: Settings) -> Iterator[Callable[[], None]]:
    """Give what adds the key that `lock` encrypts with."""
    kept = list(settings.FERNET_KEYS)

    def give() -> None:
        settings.FERNET_KEYS = [*kept, NEW]
        forget_keys()

    yield give
    settings.FERNET_KEYS = kept
    forget_keys()


@pytest.fixture
def lock(settings: Settings, give_key_back: Callable[[], None]) -> Lock:
    """Give what encrypts an order's address with a key that no process holds."""
    kept = list(settings.FERNET_KEYS)

    def encrypt(order: StoreOrder) -> None:
        row = StoreOrderPersonalData.objects.get(order=order)
        settings.FERNET_KEYS = [NEW]
        forget_keys()
        row.save()
        settings.FERNET_KEYS = kept
        forget_keys()

    return encrypt


def test_new_order_waits_for_its_key_and_the_others_go_on(
    account: AmazonAccount, lock: Lock, give_key_back: Callable[[], None]
) -> None:
    order, other = ordered(account), ordered(account)
    lock(order)

    for _ in range(3):
        made = run(account)
        assert (made.state, made.code) == (
            SyncRun.State.FAILED,
            "personal_data.undecryptable",
        )

    order.refresh_from_db()
    assert (order.state, order.attempts) == (StoreOrder.State.NEW, 0)
    assert state_of(other)[0] == "at_amazon"
    soon = timezone.now() + timedelta(minutes=1)
    assert SyncJob.objects.get(kind=SyncJob.Kind.MCF_ORDERS).due_at < soon

    give_key_back()
    assert run(account).state == SyncRun.State.DONE
    assert state_of(order)[0] == "at_amazon"


def test_decided_order_waits_for_its_key(
    account: AmazonAccount, lock: Lock, give_key_back: Callable[[], None]
) -> None:
    placed = promised(account)
    lock(placed.order)

    for _ in range(3):
        assert run(account).code == "personal_data.undecryptable"

    placed.refresh_from_db()
    assert (placed.state, placed.attempts) == (State.WAITING, 0)
    assert placed.error_message

    give_key_back()
    assert run(account).state == SyncRun.State.DONE
    placed.refresh_from_db()
    assert placed.placed_at is not None


def test_key_that_is_missing_is_no_answer_of_amazon(
    emulator: Emulator,
    account: AmazonAccount,
    lock: Lock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What Amazon did not serve is not put off since another order needed no call."""
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    first, second = promised(account), promised(account)
    lock(second.order)
    emulator.control("faults", match=CREATE[first.api_version], kind="html_503")

    assert run(account).code == "amazon.outage"

    first.refresh_from_db()
    # The attempt may have arrived: the next looks before it sends.
    assert (first.next_attempt_at, first.attempts) == (None, 1)
