"""What the health report finds is told by the overview and the status page, too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Installation,
    Notification,
    Order,
    StoreMember,
    SyncJob,
)
from channels_amazon.rules.health.attention import Need
from channels_amazon.services.health.attention import read_attention
from channels_amazon.services.installation import catching_up, guard, presence
from tests.builders import make_member, make_order, make_warehouse
from tests.health.faults import codes, make_healthy, report_of
from tests.services.installation.unread import get_orders, lack_orders, read_to
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

ALL_IS_WELL = "All is well"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that is well and was read once, on the one installation."""
    account = make_healthy(emulator)
    make_warehouse(account.store)
    SyncJob.objects.update(first_done_at=timezone.now())
    presence.arrive()
    guard.forget()
    return account


def bought(account: AmazonAccount, now: datetime, **over: Any) -> Order:
    """Make an order that came of late and is to be shipped some day."""
    fields: dict[str, Any] = {
        "ordered_at": now - 120 * MINUTE,
        "ship_by": now + timedelta(days=5),
    }
    return make_order(account, **fields | over)


def needs(account: AmazonAccount) -> list[Need]:
    """Return what the account needs."""
    row = AmazonAccount.objects.get(pk=account.pk)
    needed = read_attention([row], timezone.now()).attention().needed
    return [one.need for one in needed]


def pages(account: AmazonAccount) -> list[str]:
    """Return the overview and the account's status, as its owner sees them."""
    owner = make_member(account.store, role=StoreMember.Role.OWNER).user
    client = signed_in(owner)
    status = reverse("amazon-status", args=[account.pk])
    return [
        client.get(address, headers={"HX-Request": "true"}).content.decode()
        for address in (reverse("amazon-overview"), status)
    ]


def test_well_account_is_well_everywhere(account: AmazonAccount) -> None:
    assert codes(report_of(account)) == []
    assert needs(account) == []
    assert all(ALL_IS_WELL in page for page in pages(account))


def test_freed_account_that_reads_is_behind_everywhere(account: AmazonAccount) -> None:
    read_to(account, timezone.now() - timedelta(hours=5))
    SyncJob.objects.update(first_done_at=timezone.now())
    lack_orders(account)
    get_orders(account)
    assert catching_up.is_behind(AmazonAccount.objects.get(pk=account.pk))

    assert "installation.behind" in codes(report_of(account))
    assert needs(account) == []
    shown = pages(account)
    assert [page for page in shown if ALL_IS_WELL in page] == []
    assert all("Nothing needs you: what was not read" in page for page in shown)
    assert all("It ends by itself; until then" in page for page in shown)


def test_second_reader_that_the_check_finds_is_told_as_its_finding(
    account: AmazonAccount,
) -> None:
    now = timezone.now()
    day = now - timedelta(days=1)
    AmazonAccount.objects.update(subscribed_at=day, authorized_at=day)
    Installation.objects.update(decided_at=day)
    times = {"changed_at": now - 60 * MINUTE, "completed_at": now - 40 * MINUTE}
    for _ in range(6):
        bought(account, now, event_seen_at=None, **times)
    Notification.objects.create(
        account=account,
        notification_id="n-1",
        notification_type="ORDER_CHANGE",
        state=Notification.State.APPLIED,
        event_at=now - 20 * MINUTE,
        received_at=now - 20 * MINUTE,
    )

    assert guard.CODE in codes(report_of(account))

    assert Need.CHECK in needs(account)
    assert [page for page in pages(account) if ALL_IS_WELL in page] == []


def test_missing_recipients_that_the_check_finds_are_told_as_its_finding(
    account: AmazonAccount,
) -> None:
    now = timezone.now()
    times = {"changed_at": now - 5 * MINUTE, "completed_at": now - 4 * MINUTE}
    for _ in range(6):
        bought(account, now, **times)

    assert "permission.personal_data_missing" in codes(report_of(account))

    assert needs(account) == [Need.CHECK]
