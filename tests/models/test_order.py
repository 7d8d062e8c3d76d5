"""What an order says of itself is what the queryset's words say of its row."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from channels_amazon.models import Order
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders() -> list[Order]:
    """Make an order of each status, shipper and ship-by time."""
    account = builders.make_account()
    now = timezone.now()
    times = (None, now - timedelta(hours=1), now + timedelta(hours=1))
    kinds = product(Order.Status, Order.FulfilledBy, times)
    return [
        builders.make_order(account, status=status, fulfilled_by=who, ship_by=ship_by)
        for status, who, ship_by in kinds
    ]


def test_order_is_to_ship_as_its_row_is(orders: list[Order]) -> None:
    found = {order.pk for order in orders if order.is_to_ship}

    assert found == set(Order.objects.to_ship().values_list("pk", flat=True))
    assert len(found) == len(Order.TO_SHIP) * 3


def test_order_of_amazon_and_cancelled_order_say_so(orders: list[Order]) -> None:
    said = {(order.fulfilled_by, order.is_fba) for order in orders}
    cancelled = {order.status for order in orders if order.is_cancelled}

    assert said == {("amazon", True), ("merchant", False), ("", False)}
    assert cancelled == {"cancelled"}


def test_order_is_late_as_its_row_is(orders: list[Order]) -> None:
    now = timezone.now()
    found = {order.pk for order in orders if order.is_late(now)}

    assert found == set(Order.objects.late(now).values_list("pk", flat=True))
    assert len(found) == len(Order.TO_SHIP)
