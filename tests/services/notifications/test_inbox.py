"""Every message ends in the inbox: applied, stale, or quarantined with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Notification,
    Order,
    Reservation,
)
from channels_amazon.rules.events import order_change as order_change_rules
from channels_amazon.services.notifications.inbox import (
    MOST_TRIES,
    accept,
    queue_region,
)
from tests.builders import make_account, make_variant
from tests.messages import START, message, order_change
from tests.processes import Processes
from tests.services.notifications.scene import POISON, break_on_poison

pytestmark = pytest.mark.django_db

SELLER = "A3TH9S8BH6GOGM"
ID = "903-0000001-0000001"


@pytest.fixture
def account() -> AmazonAccount:
    """Give the account of the messages' seller, with the variant they name."""
    account = make_account(seller_id=SELLER, created_at=START - timedelta(days=9))
    make_variant(account.store, sku="SKU-1")
    return account


def states() -> list[tuple[str, str]]:
    """Return state and code of each inbox row, oldest first."""
    return list(Notification.objects.order_by("pk").values_list("state", "code"))


def test_accept_applies_an_order_change(account: AmazonAccount) -> None:
    (taken,) = accept([message(order_change(order_id=ID))])

    assert (taken.state, taken.may_delete) == ("applied", True)
    assert Notification.objects.get().amazon_order_id == ID
    assert Reservation.objects.get().quantity == 1


def test_accept_counts_a_message_that_comes_again(account: AmazonAccount) -> None:
    body = order_change(order_id=ID)

    taken = accept([message(body) for _ in range(5)])

    assert {item.state for item in taken[1:]} == {"duplicate"}
    assert Notification.objects.get().deliveries == 5
    assert Reservation.objects.get().quantity == 1


LIFE = [("Pending", 0.0), ("Unshipped", 1.0), ("Canceled", 2.0)]


def life() -> list[dict[str, Any]]:
    """Return the events of one order that is cancelled in the end."""
    return [
        order_change(order_id=ID, status=status, seconds=seconds)
        for status, seconds in LIFE
    ]


def test_accept_survives_five_copies_in_the_wrong_order(account: AmazonAccount) -> None:
    bodies = life()

    for body in reversed(bodies):
        accept([message(body) for _ in range(5)])

    assert Order.objects.get().status == "cancelled"
    assert not Reservation.objects.filter(quantity__gt=0).exists()
    assert [state for state, _code in states()] == ["applied", "stale", "stale"]


def test_batch_is_applied_by_order_and_time(account: AmazonAccount) -> None:
    bodies = life()

    taken = accept([message(body) for _ in range(2) for body in reversed(bodies)])

    assert [one.state for one in taken] == ["applied"] * 3 + ["duplicate"] * 3
    rows = Notification.objects.order_by("pk")
    ids = [body["NotificationMetadata"]["NotificationId"] for body in bodies]
    assert [row.notification_id for row in rows] == ids
    assert {row.deliveries for row in rows} == {2}
    assert Order.objects.get().status == "cancelled"


def test_poison_message_takes_back_only_itself(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_on_poison(monkeypatch)
    poison = order_change(order_id=ID, items=[("SKU-1", 1), (POISON, 2)])
    good = [order_change() for _ in range(3)]
    bodies = [good[0], poison, *good[1:]]

    taken = accept([message(body) for body in bodies])
    last = accept([message(poison, tries=5)])

    assert [one.may_delete for one in taken] == [True, False, True, True]
    assert Reservation.objects.count() == Order.objects.count() == 3
    assert (last[0].state, last[0].code) == ("quarantined", "notifications.failed")


@pytest.mark.parametrize("seller_id", ["\ud800", "\x00", f"{SELLER}\x00", "卖家"])
@pytest.mark.parametrize("deliveries", [1, 6])
def test_seller_id_that_is_none_hinders_no_other_message(
    account: AmazonAccount, seller_id: str, deliveries: int
) -> None:
    poison = order_change(order_id=ID, seller_id=seller_id)
    bodies = [order_change(), poison, order_change()]

    taken = accept([message(body, tries=deliveries) for body in bodies])

    assert taken[1].state == "quarantined"
    assert (taken[0].state, taken[2].state) == ("applied", "applied")
    assert Order.objects.count() == 2


def wrong_schema() -> dict[str, Any]:
    """Return an order change without the order's items."""
    body = order_change()
    del body["Payload"]["OrderChangeNotification"]["Summary"]["OrderItems"]
    return body


@pytest.mark.parametrize(
    ("body", "state", "code"),
    [
        ("<html>503</html>", "quarantined", "notifications.not_json"),
        ("{", "quarantined", "notifications.not_json"),
        ("[]", "quarantined", "notifications.wrong_schema"),
        (wrong_schema(), "applied", "notifications.unreadable_detail"),
        ({"NotificationType": "NEWS"}, "ignored", "notifications.unknown_type"),
        ({}, "quarantined", "notifications.unknown_type"),
        (
            order_change(seller_id="NOBODY"),
            "quarantined",
            "notifications.unknown_account",
        ),
    ],
)
def test_accept_quarantines_a_bad_message_and_goes_on(
    account: AmazonAccount, body: Any, state: str, code: str
) -> None:
    taken = accept([message(body), message(order_change(order_id=ID))])

    assert all(item.may_delete for item in taken)
    assert sorted(states()) == sorted([(state, code), ("applied", "")])
    assert DiagnosticEntry.objects.filter(code=code).count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: order_change(seller_id="A1"), lambda: order_change(seller_id="A2")),
        (lambda: {"NotificationType": "NEWS"}, lambda: {"NotificationType": "OLDS"}),
    ],
)
def test_flood_of_one_kind_is_said_once_and_counted_in_the_inbox(
    one: Callable[[], Any], other: Callable[[], Any]
) -> None:
    accept([message(make()) for make in (one, one, one, other)])

    assert Notification.objects.count() == 4
    assert DiagnosticEntry.objects.count() == 2


def test_accept_quarantines_what_the_database_refuses(account: AmazonAccount) -> None:
    """A text with a zero byte cannot be stored on PostgreSQL: nothing is lost."""
    taken = accept([message(order_change(order_id="a\x00b" * 30))])

    assert taken[0].may_delete
    assert Notification.objects.count() == 1


def test_message_that_cannot_even_be_read_ends_in_quarantine(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_body: str) -> None:
        raise TypeError

    monkeypatch.setattr(order_change_rules, "read_envelope", broken)
    body = order_change(order_id=ID)

    (left,) = accept([message(body, tries=1)])
    (given_up,) = accept([message(body, tries=MOST_TRIES)])

    assert (left.may_delete, given_up.state) == (False, "quarantined")
    assert states() == [("quarantined", "notifications.failed")]


def test_inbox_holds_no_postal_code(account: AmazonAccount) -> None:
    whole = order_change(postal_code="CANARY-1")
    cut = '{"Payload": {"DestinationPostalCode": "CANARY-2", '

    accept([message(whole), message(cut)])

    assert all("CANARY" not in row.body for row in Notification.objects.all())


def test_event_of_a_disconnected_account_is_quarantined(account: AmazonAccount) -> None:
    AmazonAccount.objects.update(state=AmazonAccount.State.DISCONNECTED)

    accept([message(order_change())])

    assert states() == [("quarantined", "notifications.unknown_account")]


def test_event_goes_to_the_account_of_its_region(account: AmazonAccount) -> None:
    europe = make_account(
        seller_id=SELLER, region="eu", created_at=START - timedelta(days=9)
    )

    accept([message(order_change(region="eu"))])

    assert Order.objects.get().account == europe


def test_queue_region_is_read_from_arn_or_address(settings: Any) -> None:
    settings.SQS_QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:queue"
    assert queue_region() == "eu-west-1"

    settings.SQS_QUEUE_ARN = ""
    settings.SQS_QUEUE_URL = "https://sqs.us-west-2.amazonaws.com/123456789012/queue"
    assert queue_region() == "us-west-2"


def accept_copies(body: dict[str, Any], number: int) -> int:
    """Accept the same message and others of its order in one of several processes."""
    shared = [message(body | {}) for _ in range(3)]
    own = [
        message(order_change(order_id=ID, status=status, seconds=number + 1))
        for status in ("Pending", "Unshipped")
    ]
    return len([item for item in accept([*own, *shared]) if item.may_delete])


@pytest.mark.twoprocess
@pytest.mark.django_db(transaction=True)
def test_two_consumers_apply_one_message_once(
    account: AmazonAccount, processes: Processes
) -> None:
    body = order_change(order_id=ID, status="Unshipped", seconds=9)

    settled = processes.together(
        "tests.services.notifications.test_inbox:accept_copies", body
    )

    assert settled == [5, 5]
    shared = body["NotificationMetadata"]["NotificationId"]
    assert Notification.objects.get(notification_id=shared).deliveries == 6
    assert Reservation.objects.get().quantity == 1
