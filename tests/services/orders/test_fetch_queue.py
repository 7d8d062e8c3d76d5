"""The queue of orders to be read again: who is in it, and who takes what out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.services.orders import fetch_queue
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
Status, FulfilledBy = Order.Status, Order.FulfilledBy


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account."""
    return make_account()


@pytest.fixture
def now() -> datetime:
    """Give the time of the test."""
    return timezone.now()


def test_only_stale_orders_that_are_not_put_off_are_to_be_read(
    account: AmazonAccount, now: datetime
) -> None:
    make_order(account)
    make_order(account, stale_since=now, fetch_after=now + SECOND)
    due = [make_order(account, stale_since=now, fetch_after=at) for at in (None, now)]
    make_order(make_account(), stale_since=now)

    found = fetch_queue.stale_orders(account, now)

    assert {one.order_id for one in found} == {row.amazon_order_id for row in due}
    assert fetch_queue.next_retry_at(account, now) == now + SECOND


@pytest.mark.parametrize(
    ("event_in", "updated_in", "changed_in"),
    [(0, None, 0), (0, -1, 0), (0, 0, None), (-1, 0, None), (None, 0, None)],
)
def test_order_has_changed_if_an_event_is_newer_than_what_we_have(
    account: AmazonAccount,
    now: datetime,
    event_in: int | None,
    updated_in: int | None,
    changed_in: int | None,
) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else now + seconds * SECOND

    make_order(
        account,
        stale_since=now,
        last_event_at=at(event_in),
        last_updated_at=at(updated_in),
    )

    (found,) = fetch_queue.stale_orders(account, now)

    assert found.changed_at == at(changed_in)


@pytest.mark.parametrize(
    ("status", "fulfilled_by", "expected"),
    [
        (Status.UNSHIPPED, FulfilledBy.MERCHANT, True),
        (Status.UNKNOWN, FulfilledBy.UNKNOWN, True),
        (Status.SHIPPED, FulfilledBy.MERCHANT, False),
        (Status.UNSHIPPED, FulfilledBy.AMAZON, False),
    ],
)
def test_what_we_may_have_to_ship_needs_its_address(
    account: AmazonAccount,
    now: datetime,
    status: str,
    fulfilled_by: str,
    expected: bool,
) -> None:
    make_order(account, stale_since=now, status=status, fulfilled_by=fulfilled_by)

    (found,) = fetch_queue.stale_orders(account, now)

    assert found.needs_address is expected


def test_page_also_shows_what_changed_since_the_oldest_stale_order(
    account: AmazonAccount, now: datetime
) -> None:
    make_order(
        account, stale_since=now, last_event_at=now - SECOND, last_updated_at=None
    )
    for seconds in (-2, 0):
        make_order(account, ordered_at=now, last_updated_at=now + seconds * SECOND)
    stale = fetch_queue.stale_orders(account, now)

    found = fetch_queue.fresh_orders(account, stale)

    assert [one.changed_at for one in found] == [now]
    assert fetch_queue.fresh_orders(account, []) == []


def test_fetched_order_leaves_the_queue_unless_a_newer_event_wants_it(
    account: AmazonAccount, now: datetime
) -> None:
    order = make_order(account, stale_since=now, fetch_attempts=2)

    assert not fetch_queue.mark_fetched(order.pk, now - SECOND)
    assert fetch_queue.mark_fetched(order.pk, now)

    order.refresh_from_db()
    assert (order.stale_since, order.fetch_attempts) == (None, 0)


def test_order_is_put_off_unless_a_newer_event_wants_it(
    account: AmazonAccount, now: datetime
) -> None:
    order = make_order(account, stale_since=now)
    Order.objects.filter(pk=order.pk).update(stale_since=now + SECOND)
    assert not fetch_queue.postpone(order, now + SECOND)
    order.refresh_from_db()

    assert fetch_queue.postpone(order, now + SECOND)

    order.refresh_from_db()
    assert (order.fetch_after, order.fetch_attempts) == (now + SECOND, 1)


def test_order_that_a_search_did_not_show_is_marked_once(
    account: AmazonAccount, now: datetime
) -> None:
    missing = make_order(account, stale_since=now)
    later = make_order(account, stale_since=now + SECOND)
    ids = [missing.amazon_order_id, later.amazon_order_id]

    assert fetch_queue.mark_not_paged(account, ids, now) == 1
    assert fetch_queue.mark_not_paged(account, ids, now) == 0

    missing.refresh_from_db()
    assert missing.fetch_attempts == 1
