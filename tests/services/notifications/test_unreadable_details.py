"""An unreadable detail of a message never throws away which order it is about."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Notification,
    Order,
    OrderLine,
    SyncJob,
)
from channels_amazon.services.notifications import quarantine
from channels_amazon.services.notifications.inbox import accept
from tests.builders import make_account, make_job, make_order, number
from tests.emulator.caller import subscribe
from tests.emulator.notifications.scene import received
from tests.messages import START, message, order_change, outbound_change

pytestmark = pytest.mark.django_db

SELLER = "A3TH9S8BH6GOGM"
ID = "903-0000001-0000001"
DETAIL = "notifications.unreadable_detail"
LATER = datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def account() -> AmazonAccount:
    """Give the account of the messages' seller."""
    return make_account(seller_id=SELLER, created_at=START - timedelta(days=9))


def damaged(*path: Any, value: Any = None, **over: Any) -> dict[str, Any]:
    """Return an order change with `value` at the path in it, without it for None."""
    body = order_change(**{"order_id": ID} | over)
    place: Any = body["Payload"]["OrderChangeNotification"]
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("Summary",), None),
        (("Summary",), []),
        (("Summary", "OrderStatus"), None),
        (("Summary", "MarketplaceId"), None),
        (("Summary", "MarketplaceId"), 7),
        (("Summary", "FulfillmentType"), None),
        (("Summary", "OrderItems"), None),
        (("Summary", "OrderItems", 0, "Quantity"), None),
        (("Summary", "OrderItems", 0, "Quantity"), -2),
        (("Summary", "OrderItems", 0, "Quantity"), 10**10),
        (("Summary", "OrderItems", 0, "Quantity"), "two"),
        (("Summary", "OrderItems", 0, "SellerSKU"), "S" * 300),
        (("Summary", "OrderItems", 0, "OrderItemId"), "half \ud800"),
        (("Summary", "OrderItems", 0, "OrderItemId"), "1" * 41),
    ],
)
def test_detail_that_cannot_be_read_leaves_the_order_to_be_fetched(
    account: AmazonAccount, path: tuple[Any, ...], value: Any
) -> None:
    job = make_job(account, kind=SyncJob.Kind.ORDER_FETCH, due_at=LATER)

    (taken,) = accept([message(damaged(*path, value=value))])

    order = Order.objects.get(account=account)
    assert (order.amazon_order_id, order.stale_since is None) == (ID, False)
    assert (taken.state, taken.code) == ("applied", DETAIL)
    assert not OrderLine.objects.exists()
    job.refresh_from_db()
    assert job.due_at < LATER
    (said,) = DiagnosticEntry.objects.filter(code=DETAIL)
    assert said.account == account


def test_known_order_is_marked_stale_and_keeps_what_is_known(
    account: AmazonAccount,
) -> None:
    accept([message(order_change(order_id=ID, items=[("SKU-1", 2)]))])
    Order.objects.update(stale_since=None)

    accept([message(damaged("Summary", "OrderItems", value="none", seconds=9))])

    order = Order.objects.get()
    assert order.stale_since is not None
    assert (order.status, order.lines.get().quantity) == ("unshipped", 2)


def test_purchase_date_that_is_none_is_left_out(account: AmazonAccount) -> None:
    (taken,) = accept([message(damaged("Summary", "PurchaseDate", value="soon"))])

    assert (taken.state, taken.code) == ("applied", "")
    assert Order.objects.get().lines.get().quantity == 1


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "2031-01-01T00:00:00Z"])
def test_change_told_before_it_happened_makes_nothing_later_look_old(
    account: AmazonAccount, time: str
) -> None:
    trigger = {"TimeOfOrderChange": time, "ChangeReason": ""}
    accept([message(damaged("OrderChangeTrigger", value=trigger, status="Pending"))])
    accept([message(order_change(order_id=ID, seconds=5))])

    assert Order.objects.get().status == "unshipped"


@pytest.mark.parametrize("seller_id", [None, "", 7, "卖家", "\ud800", "\x00"])
def test_message_without_a_seller_goes_where_its_subscription_leads(
    account: AmazonAccount, seller_id: Any
) -> None:
    make_account(seller_id="A1OTHER", subscription_id="another")
    AmazonAccount.objects.filter(pk=account.pk).update(
        subscription_id="subscription-id"
    )

    accept([message(damaged("SellerId", value=seller_id))])

    assert Order.objects.get().account == account


def test_message_without_a_seller_goes_to_the_account_that_has_the_order(
    account: AmazonAccount,
) -> None:
    order = make_order(account, amazon_order_id=ID, stale_since=None)
    make_account(seller_id="A1OTHER")

    (taken,) = accept([message(damaged("SellerId"))])

    order.refresh_from_db()
    assert (taken.state, order.stale_since is None) == ("applied", False)


def test_message_without_a_seller_is_not_guessed_to_be_anybodys(
    account: AmazonAccount,
) -> None:
    (taken,) = accept([message(damaged("SellerId"))])

    assert (taken.state, taken.code) == ("quarantined", "notifications.wrong_schema")
    assert not Order.objects.exists()


def test_order_that_two_accounts_have_leads_to_neither() -> None:
    for _ in range(2):
        make_order(make_account(), amazon_order_id=ID, stale_since=None)

    (taken,) = accept([message(damaged("SellerId"))])

    assert taken.state == "quarantined"
    assert not Order.objects.filter(stale_since__isnull=False).exists()


def test_subscription_of_another_region_than_the_marketplace_proves_nothing() -> None:
    make_account(region="eu", subscription_id="subscription-id")

    (taken,) = accept([message(damaged("SellerId", region="na"))])

    assert taken.state == "quarantined"


def test_marketplace_that_lacks_is_told_by_the_subscription(
    account: AmazonAccount,
) -> None:
    europe = make_account(
        seller_id=SELLER, region="eu", subscription_id="subscription-id"
    )

    accept([message(damaged("Summary", "MarketplaceId"))])

    assert Order.objects.get().account == europe


def test_disconnected_account_gets_nothing(account: AmazonAccount) -> None:
    AmazonAccount.objects.update(
        state=AmazonAccount.State.DISCONNECTED, subscription_id="subscription-id"
    )
    make_order(account, amazon_order_id=ID, stale_since=None)

    states = {
        accept([message(damaged(*path))])[0].state
        for path in (("SellerId",), ("Summary",))
    }

    assert states == {"quarantined"}
    assert Order.objects.get().stale_since is None


@pytest.mark.parametrize(
    "order_id", ["", "1", "903-1", "9030000001-0000001", "903-0000001-000000１", 7, "x"]
)
def test_nonsense_order_id_becomes_no_order(
    account: AmazonAccount, order_id: Any
) -> None:
    body = damaged("AmazonOrderId", value=order_id)

    (taken,) = accept([message(body)])

    assert (taken.state, taken.code) == ("quarantined", "notifications.wrong_schema")
    assert not Order.objects.exists()
    assert DiagnosticEntry.objects.filter(code=taken.code).count() == 1


def test_quarantined_message_of_an_unknown_seller_marks_its_order_when_replayed() -> (
    None
):
    accept([message(damaged("Summary"))])
    row = Notification.objects.get()
    assert (row.state, row.code) == ("quarantined", "notifications.unknown_account")
    connected = make_account(seller_id=SELLER)

    assert quarantine.replay_unknown(connected.pk) == {"applied": 1}

    assert Order.objects.get(account=connected).stale_since is not None


def test_message_without_its_type_is_known_by_its_payload(
    account: AmazonAccount,
) -> None:
    body = order_change(order_id=ID)
    del body["NotificationType"]

    accept([message(body)])

    assert Order.objects.get().lines.count() == 1


def test_text_that_no_database_takes_is_replaced(account: AmazonAccount) -> None:
    sku = "half \ud800 and \x00"

    (taken,) = accept([message(order_change(order_id=ID, items=[(sku, 1)]))])

    assert taken.state == "applied"
    assert OrderLine.objects.get().seller_sku == "half \ufffd and \ufffd"


def test_ids_that_differ_behind_their_column_are_two_messages(
    account: AmazonAccount,
) -> None:
    for end in "ab":
        accept([message(order_change(notification_id="n" * 200 + end))])

    assert Notification.objects.count() == 2


def test_messages_whose_id_cannot_be_read_are_each_their_own(
    account: AmazonAccount,
) -> None:
    for _ in range(2):
        accept([message(order_change(notification_id="\x00"))])

    assert Order.objects.count() == 2


def test_mcf_event_without_seller_and_status_has_its_order_looked_at() -> None:
    # No MCF order of that number: then it is none of ours, and nothing breaks.
    body = outbound_change("SHOP-1")
    change = body["Payload"]["FulfillmentOrderStatusNotification"]
    del change["SellerId"], change["FulfillmentOrderStatus"]

    (taken,) = accept([message(body)])

    assert (taken.state, taken.code) == ("ignored", "")


NASTY: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        "",
        " ",
        0,
        -1,
        2**31,
        10**400,
        1.5,
        float("nan"),
        float("inf"),
        True,
        [],
        [None],
        {},
        {"a": []},
        "\ud800",
        "\x00",
        "x" * 300,
        "９" * 3,
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
    ]
)
DROP = object()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all that is in the JSON, the outer ones first."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found = [path] if path else []
    for key, below in inner:
        found += places(below, (*path, key))
    return found


def damage(body: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put the value at the path, or take out what is there, if the path still is."""
    # Another damage may have taken the path away.
    with suppress(KeyError, IndexError, TypeError):
        place = body
        for step in path[:-1]:
            place = place[step]
        # A copy: one value may be put into itself by the next damage.
        place[path[-1]] = place[path[-1]] if value is DROP else copy.deepcopy(value)
        if value is DROP:
            del place[path[-1]]


def test_any_damage_ends_in_a_stale_order_or_in_quarantine(emulator: Emulator) -> None:
    """Amazon's own message, with any of its fields gone or nonsense."""
    received(emulator)
    subscription_id = subscribe(emulator)
    emulator.place_orders(1, fulfilled_by="MERCHANT")
    whole = json.loads(received(emulator)[-1])
    account = make_account(
        seller_id=whole["Payload"]["OrderChangeNotification"]["SellerId"],
        subscription_id=subscription_id,
    )
    paths = places(whole)

    @settings(
        max_examples=200,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        st.lists(
            st.tuples(st.sampled_from(paths), st.just(DROP) | NASTY),
            min_size=1,
            max_size=6,
        )
    )
    def accept_damaged(damages: list[tuple[tuple[Any, ...], Any]]) -> None:
        # The same nonsense for an id would be the same message.
        Notification.objects.all().delete()
        body = copy.deepcopy(whole)
        order_id = f"903-{number():07d}-0000001"
        body["Payload"]["OrderChangeNotification"]["AmazonOrderId"] = order_id
        body["NotificationMetadata"]["NotificationId"] = f"note-{number()}"
        for path, value in damages:
            damage(body, path, value)

        (taken,) = accept([message(body)])

        rows = Order.objects.filter(account=account, amazon_order_id=order_id)
        is_stale = rows.filter(stale_since__isnull=False).exists()
        if taken.state == "applied":
            assert is_stale
        else:
            # A type that is none of those we read is Amazon's own word for another.
            is_other = taken.code == "notifications.unknown_type"
            assert taken.state == "quarantined" or (is_other and taken.code)
            assert taken.code
            assert Notification.objects.filter(state=taken.state).exists()
            assert not rows.exists()

    accept_damaged()
