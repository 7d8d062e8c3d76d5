"""What is in quarantine can be replayed, discarded and looked at without harm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Notification,
    Order,
    Reservation,
    SyncJob,
)
from channels_amazon.services.accounts.connection import AccountGrant, connect_account
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.notifications import quarantine
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.services.orders import intake, locking
from tests.builders import make_account, make_application, make_store, make_variant
from tests.messages import START, message, order_change
from tests.services.notifications.scene import POISON, break_on_poison

pytestmark = pytest.mark.django_db

SELLER = "A3TH9S8BH6GOGM"
ID = "903-0000001-0000001"


def quarantined(body: Any) -> Notification:
    """Take a message in that ends in quarantine."""
    (taken,) = accept([message(body, tries=5)])
    assert taken.state == "quarantined"
    return Notification.objects.latest("pk")


def connected(**over: Any) -> AmazonAccount:
    """Make the account of the messages' seller."""
    account = make_account(
        seller_id=SELLER, created_at=START - timedelta(days=9), **over
    )
    make_variant(account.store, sku="SKU-1")
    return account


def test_unknown_account_replays_well_once_it_is_connected() -> None:
    row = quarantined(order_change(order_id=ID))
    account = connected()

    done = quarantine.replay(row, actor="ann")

    assert (done.state, done.code, done.replayed_by) == ("applied", "", "ann")
    assert done.account == account
    assert done.replayed_at is not None
    assert Reservation.objects.get().quantity == 1


def test_replay_twice_applies_once() -> None:
    row = quarantined(order_change(order_id=ID))
    connected()

    first = quarantine.replay(row, actor="ann")
    again = quarantine.replay(row, actor="bob")

    assert again.replayed_by == "ann"
    assert again.replayed_at == first.replayed_at
    assert Reservation.objects.get().quantity == 1


def test_replay_of_what_is_known_by_now_is_stale() -> None:
    row = quarantined(order_change(order_id=ID, status="Unshipped"))
    connected()
    accept([message(order_change(order_id=ID, status="Canceled", seconds=9))])

    assert quarantine.replay(row, actor="ann").state == "stale"
    assert Order.objects.get().status == "cancelled"


def test_message_that_cannot_be_read_stays_with_its_reason() -> None:
    row = quarantined("<html>no json</html>")

    done = quarantine.replay(row, actor="ann")

    assert (done.state, done.code) == ("quarantined", "notifications.not_json")
    assert done.replayed_by == "ann"


def test_message_that_breaks_us_stays_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = quarantined(order_change(order_id=ID, items=[(POISON, 1)]))
    connected()
    break_on_poison(monkeypatch)

    done = quarantine.replay(row, actor="ann")

    assert (done.state, done.code) == ("quarantined", "notifications.failed")
    assert Order.objects.count() == 0


def test_failed_message_that_came_again_by_its_own_name_is_stale() -> None:
    account = connected()
    body = order_change(order_id=ID, seconds=3)
    accept([message(body)])
    row = Notification.objects.get()
    double = Notification.objects.create(
        notification_id="sqs:one",
        account=account,
        state="quarantined",
        code="notifications.failed",
        body=row.body,
        received_at=timezone.now(),
    )

    assert quarantine.replay(double, actor="ann").state == "stale"
    assert Notification.objects.count() == 2


def test_replay_of_many_has_a_bound_and_counts_ends() -> None:
    for _ in range(5):
        quarantined(order_change())
    connected()

    ends = quarantine.replay_all(Notification.objects.all(), actor="ann", most=3)

    assert ends == {"applied": 3}
    assert Notification.objects.filter(state="quarantined").count() == 2


@pytest.mark.django_db(transaction=True)
def test_connecting_replays_what_waited_for_the_account() -> None:
    quarantined(order_change(order_id=ID))
    store = make_store()
    make_variant(store, sku="SKU-1")
    grant = AccountGrant("na", SELLER, "Seller", "Atzr|token")

    account = connect_account(
        store, grant=grant, application=make_application(), actor="ann"
    )
    quarantine.replay_unknown(account.pk)

    row = Notification.objects.get()
    assert (row.state, row.replayed_by) == ("applied", "Shoplink")


def test_discarded_message_is_kept_and_said() -> None:
    row = quarantined("no json")

    assert quarantine.discard([row, row], actor="ann") == 1

    row.refresh_from_db()
    assert row.state == "ignored"
    assert DiagnosticEntry.objects.get(code="notifications.discarded").actor == "ann"


def test_order_in_quarantine_is_fetched_at_once() -> None:
    account = connected()
    lifecycle.ensure_jobs(account)
    later = timezone.now() + timedelta(hours=3)
    SyncJob.objects.update(due_at=later, rank=later)
    order = intake.quarantine_order(
        account, ID, code="orders.unreadable", message="No.", retry_at=later
    )

    assert quarantine.try_again(order) is True

    order.refresh_from_db()
    assert order.fetch_after is None
    assert SyncJob.objects.get(kind="order_fetch").due_at < later


def test_order_not_in_quarantine_is_left_alone() -> None:
    order = locking.hold_orders({(connected().pk, ID): START})
    (held,) = order.values()

    assert quarantine.try_again(held.order) is False


@pytest.mark.parametrize(
    "body",
    [
        {"NotificationType": "ORDER_CHANGE", "Buyer": {"Name": "CANARY"}},
        {"NotificationType": "NEWS CANARY"[:4], "text": ["CANARY", 17]},
        "Dear CANARY, of 12 CANARY Street",
        '{"cut": "CANARY',
    ],
)
def test_shown_body_has_the_form_and_nobodys_data(body: Any) -> None:
    accept([message(body)])

    shown = quarantine.shown_body(Notification.objects.get())

    assert "CANARY" not in shown
    assert "12" not in shown
    assert shown


def test_shown_body_keeps_what_explains_the_fault() -> None:
    row = quarantined(order_change(order_id=ID, seller_id="NOBODY"))

    shown = quarantine.shown_body(row)

    assert ID in shown
    assert "NOBODY" in shown
    assert "98109" not in shown


def test_message_that_no_key_opens_hinders_no_other() -> None:
    lost = quarantined(order_change(order_id=ID))
    foreign = Fernet(Fernet.generate_key()).encrypt(b"{}")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_amazon_notification SET body = %s WHERE id = %s",
            [foreign, lost.pk],
        )
    good = quarantined(order_change(order_id="903-0000002-0000002"))
    account = connected()

    states = quarantine.replay_unknown(account.pk)

    assert states == {"quarantined": 1, "applied": 1}
    assert Order.objects.get().amazon_order_id == good.amazon_order_id
    rows = Notification.objects.defer("body").filter(pk=lost.pk)
    assert quarantine.shown_body(rows.get()) == ""
    assert quarantine.discard(rows, actor="ann") == 1
