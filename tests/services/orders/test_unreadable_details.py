"""An odd detail of Amazon's sinks no order, and is said; units are never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from channels_amazon.models import AmazonAccount, DiagnosticEntry, Order
from channels_amazon.services.orders import intake
from channels_amazon.spapi.fields import FieldError
from tests.builders import make_account, make_variant
from tests.messages import amazon_order

pytestmark = pytest.mark.django_db

ID = "903-0000001-0000001"
ODD = {"proceeds": {"grandTotal": {"amount": "12,5O", "currencyCode": "USD"}}}
EMPTY = {"proceeds": {"grandTotal": {"amount": "", "currencyCode": ""}}}


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account with the variant that the orders name."""
    account = make_account()
    make_variant(account.store, sku="SKU-1")
    return account


def said() -> list[str]:
    rows = DiagnosticEntry.objects.filter(code="orders.unreadable_detail")
    return [row.reference for row in rows]


def test_order_with_an_odd_amount_is_stored_and_its_amount_unknown(
    account: AmazonAccount,
) -> None:
    for _ in range(2):
        intake.apply_order(account, amazon_order(ID, **ODD), source=intake.FETCH)

    order = Order.objects.get()
    assert (order.total, order.currency) == (None, "")
    assert (order.completed_at is None, order.quarantine_code) == (False, "")
    assert order.lines.get().unit_price == Decimal("12.50")
    # Each reading finds the same again: it is said once a day.
    assert said() == [ID]


def test_empty_money_leaves_the_order_stored_and_says_nothing(
    account: AmazonAccount,
) -> None:
    intake.apply_order(account, amazon_order(ID, **EMPTY), source=intake.FETCH)

    assert Order.objects.get().total is None
    assert said() == []


def test_amount_that_is_unknown_leaves_the_one_that_was_known(
    account: AmazonAccount,
) -> None:
    intake.apply_order(account, amazon_order(ID), source=intake.FETCH)
    intake.apply_order(account, amazon_order(ID, seconds=9, **ODD), source=intake.FETCH)

    assert Order.objects.get().total == Decimal("12.50")


@pytest.mark.parametrize("units", [-1, 2**31, 10**12])
def test_units_that_no_order_has_are_no_order(units: int) -> None:
    with pytest.raises(FieldError, match="which is no number of units"):
        amazon_order(ID, items=[("SKU-1", units)])


def test_half_a_character_in_a_title_is_replaced(account: AmazonAccount) -> None:
    data = amazon_order(ID, items=[("SKU \ufffd", 1)])
    intake.apply_order(account, data, source=intake.FETCH)

    assert Order.objects.get().lines.get().seller_sku == "SKU \ufffd"
