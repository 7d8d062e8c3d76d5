"""Orders that no event told of count until any event of the account arrives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.rules.events.arrival import LOOK_BACK
from channels_amazon.rules.orders.transitions import FOREIGN_CHANNEL
from channels_amazon.services.notifications.arrival import orders_without_event
from channels_amazon.services.notifications.inbox import Acceptance, accept
from tests.builders import make_account, make_order
from tests.messages import message, order_change

pytestmark = pytest.mark.django_db

SELLER = "A3TH9S8BH6GOGM"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that has been subscribed for days."""
    days_ago = timezone.now() - timedelta(days=9)
    return make_account(
        seller_id=SELLER, authorized_at=days_ago, subscribed_at=days_ago
    )


def is_missing(account: AmazonAccount) -> bool:
    """Tell whether an order shows that no events come."""
    return orders_without_event(account, timezone.now()).exists()


def swept(account: AmazonAccount, **over: Any) -> Order:
    """Make an order that changed half an hour ago and that the sweep brought now."""
    changed_at = timezone.now() - 30 * MINUTE
    fields = {"changed_at": changed_at, "last_updated_at": changed_at}
    return make_order(account, **fields | over)


def test_order_that_only_the_sweep_brought_counts(account: AmazonAccount) -> None:
    assert not is_missing(account)
    swept(account)
    assert is_missing(account)


@pytest.mark.parametrize(
    "over",
    [
        {"changed_at": -5 * MINUTE},
        {"changed_at": -timedelta(days=20)},
        {"event_seen_at": timedelta(0)},
        {"channel_name": FOREIGN_CHANNEL},
    ],
    ids=["its event may come yet", "before the subscription", "with event", "mcf"],
)
def test_other_orders_do_not_count(
    account: AmazonAccount, over: dict[str, Any]
) -> None:
    now = timezone.now()
    fields = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in over.items()
    }
    swept(account, **fields)
    assert not is_missing(account)


def test_account_without_a_subscription_misses_nothing() -> None:
    account = make_account(authorized_at=timezone.now() - timedelta(days=9))
    swept(account)
    assert not is_missing(account)


def test_order_counts_for_a_day(account: AmazonAccount) -> None:
    order = swept(account)
    before = timezone.now() - LOOK_BACK
    Order.objects.filter(pk=order.pk).update(created_at=before)
    assert not is_missing(account)


def test_event_that_says_nothing_new_arrives_all_the_same(
    account: AmazonAccount,
) -> None:
    order = swept(account)

    (taken,) = accept(
        [message(order_change(order_id=order.amazon_order_id, seller_id=SELLER))]
    )

    assert taken.state is Acceptance.STALE
    order.refresh_from_db()
    assert order.event_seen_at is None
    assert not is_missing(account)
    swept(account)
    assert is_missing(account)


def test_message_in_quarantine_brings_no_order(account: AmazonAccount) -> None:
    swept(account)
    poison = order_change(seller_id=SELLER, order_id="no order")

    (taken,) = accept([message(poison, tries=5)])

    assert taken.state is Acceptance.QUARANTINED
    assert is_missing(account)


def test_message_of_another_account_says_nothing(account: AmazonAccount) -> None:
    make_account(seller_id="A1OTHER")
    swept(account)

    accept([message(order_change(seller_id="A1OTHER"))])

    assert is_missing(account)
