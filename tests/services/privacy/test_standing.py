"""The due date that is stored with personal data is what the order says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.models import Order, OrderPersonalData
from channels_amazon.rules.privacy.retention import PERSONAL_DATA_KEPT
from channels_amazon.services.privacy import purge as purging
from channels_amazon.services.privacy.personal_data import store_personal_data
from channels_amazon.services.privacy.purge import purge
from channels_amazon.services.privacy.standing import (
    RetentionStanding,
    standing,
    standings,
)
from tests.builders import make_account, make_order
from tests.services.shipping.scene import make_scene, ship

pytestmark = pytest.mark.django_db

BUYER = {"buyerName": "Canary Name"}
DAY = timedelta(days=1)
SHIPPED = Order.Status.SHIPPED


def make_kept(account: Any = None, **over: Any) -> Order:
    """Make an order whose buyer is kept, then give it the columns of `over`."""
    order = make_order(account)
    store_personal_data(order, BUYER, None)
    Order.objects.filter(pk=order.pk).update(**over)
    return order


def due_of(order: Order) -> Any:
    """Return the stored due date of an order's personal data."""
    return OrderPersonalData.objects.get(order=order).due_at


def test_purge_dates_what_has_no_date() -> None:
    now = timezone.now()
    order = make_kept(status=SHIPPED, shipped_at=now - 10 * DAY)
    assert due_of(order) is None

    purge(now)

    assert due_of(order) == now - 10 * DAY + PERSONAL_DATA_KEPT


def test_purge_mends_a_date_that_nobody_took_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()
    account = make_account()
    orders = [make_kept(account, shipped_at=now - 5 * DAY) for _ in range(5)]
    purge(now)
    monkeypatch.setattr(purging, "ROWS_A_BATCH", 2)
    Order.objects.filter(pk__in=[one.pk for one in orders]).update(
        status=SHIPPED, shipped_at=now - 20 * DAY
    )

    for _hour in range(3):
        purge(now)

    assert {due_of(order) for order in orders} == {now + 10 * DAY}


def test_next_reading_of_an_order_takes_its_date_back() -> None:
    order = make_kept()
    purge()
    assert due_of(order) is not None

    store_personal_data(order, BUYER, None)

    assert due_of(order) is None


def test_package_takes_the_date_back() -> None:
    order, _variant, _warehouse = make_scene()
    store_personal_data(order, BUYER, None)
    purge()
    assert due_of(order) is not None

    ship(order)

    assert due_of(order) is None


days = st.integers(0, 120)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(Order.Status.values), days, st.none() | days),
        max_size=4,
    ),
    st.integers(0, 4),
)
def test_page_says_what_the_orders_say(
    rows: list[tuple[str, int, int | None]], dated: int
) -> None:
    now = timezone.now()
    account = make_account()
    for place, (status, shipped, delivered) in enumerate(rows):
        make_kept(
            account,
            status=status,
            shipped_at=now - shipped * DAY,
            delivered_at=None if delivered is None else now - delivered * DAY,
        )
        if place < dated:
            # Nothing is over yet then, so that all of it stays.
            purge(now - 200 * DAY)

    measured = standing(account.store, now)
    exact = standings([account.store_id], now).get(
        account.store_id, RetentionStanding()
    )

    assert (measured.kept, measured.overdue) == (exact.kept, exact.overdue)
    assert measured.next_due_at == exact.next_due_at
