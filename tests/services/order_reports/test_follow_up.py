"""A report that brings an order takes up the parcels that waited for it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Order, Parcel
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.order_reports.intake import apply_reported
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.services.shipping.parcels import (
    ParcelFacts,
    Source,
    take_parcels,
)
from tests.builders import make_account
from tests.messages import START, order_change, report_order

pytestmark = pytest.mark.django_db

ID = "903-0000001-0000001"


def test_report_takes_up_the_parcel_of_an_order_it_brings() -> None:
    account = make_account(created_at=START - timedelta(days=9))
    facts = ParcelFacts(
        amazon_order_id=ID,
        carrier="UPS",
        tracking_number="1Z999",
        shipped_at=timezone.now(),
    )
    take_parcels(account.store, [facts], source=Source.API, actor="")
    assert Parcel.objects.get().order_id is None

    apply_reported(account, [report_order(ID, seconds=5, status="Shipped")])

    parcel = Parcel.objects.get()
    assert parcel.order_id == Order.objects.get().pk
    assert parcel.try_after is not None


def test_event_is_news_where_the_full_order_said_the_second() -> None:
    account = make_account(created_at=START - timedelta(days=9))
    apply_reported(account, [report_order(ID, seconds=20, fulfilled_by="AMAZON")])
    # A later report knows the order too; what completed it says nothing of this event.
    Order.objects.update(reported_at=timezone.now())
    body = order_change(order_id=ID, seconds=20.4, fulfilled_by="AFN")

    apply_event(account, read_order_event(read_envelope(json.dumps(body))))

    assert Order.objects.get().stale_since is not None
