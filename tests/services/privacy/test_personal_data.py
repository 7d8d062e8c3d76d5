"""Buyer and recipient: encrypted, masked, revealed with a trace, purged in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import DiagnosticEntry, Order, OrderPersonalData
from channels_amazon.services.orders import intake
from channels_amazon.services.privacy import personal_data
from tests.builders import make_account, make_order, make_user
from tests.messages import amazon_order

pytestmark = pytest.mark.django_db

BUYER = {"buyerName": "Canary Name", "buyerEmail": "canary@marketplace.example"}
RECIPIENT = {
    "deliveryAddress": {
        "name": "Canary Name",
        "addressLine1": "1 Canary Road",
        "city": "Seattle",
        "postalCode": "CANARY-98109",
        "countryCode": "US",
        "phone": "+1 206 555 0100",
    }
}


def order_with_data(**over: Any) -> Order:
    """Make an order whose buyer and recipient are stored."""
    order = make_order(**over)
    personal_data.store_personal_data(order, BUYER, RECIPIENT)
    return order


def test_data_is_encrypted_in_the_database() -> None:
    order_with_data()

    with connection.cursor() as cursor:
        cursor.execute("SELECT buyer, recipient FROM channels_amazon_orderpersonaldata")
        stored = b"".join(bytes(part) for part in cursor.fetchone())

    assert b"Canary" not in stored
    assert b"Seattle" not in stored


def test_masked_shows_where_but_not_who() -> None:
    shown = personal_data.masked(order_with_data())

    address = shown["recipient"]["deliveryAddress"]
    assert (address["city"], address["countryCode"]) == ("Seattle", "US")
    assert "anary" not in str(shown).lower().replace("canary_", "")
    assert "206" not in str(shown)


def test_reveal_is_written_down_without_the_data() -> None:
    order, user = order_with_data(), make_user(username="ann")

    shown = personal_data.reveal(order, user)

    entry = DiagnosticEntry.objects.get(code="personal_data.revealed")
    assert shown["buyer"] == BUYER
    assert (entry.actor, entry.reference) == ("ann", order.amazon_order_id)
    assert "Canary" not in entry.message


def test_lost_key_masks_all_and_names_the_cause(settings: Any) -> None:
    order = order_with_data()
    OrderPersonalData.objects.filter(order=order).update(buyer="")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_amazon_orderpersonaldata SET recipient = %s", [b"damaged"]
        )

    assert personal_data.masked(order) == {}
    with pytest.raises(personal_data.PersonalDataUnreadable):
        personal_data.reveal(order, make_user())


def test_nothing_is_kept_of_orders_amazon_ships() -> None:
    order_with_data(fulfilled_by=Order.FulfilledBy.AMAZON)

    assert not OrderPersonalData.objects.exists()


def test_order_fetched_after_its_time_brings_no_data_back() -> None:
    account = make_account()
    long_ago = timezone.now() - timedelta(days=60)
    data = amazon_order(
        "903-0000001-0000001",
        status="SHIPPED",
        ordered_at=long_ago,
        recipient=RECIPIENT,
        buyer=BUYER,
    )

    intake.apply_order(account, data, source=intake.SWEEP)

    assert Order.objects.exists()
    assert not OrderPersonalData.objects.exists()
