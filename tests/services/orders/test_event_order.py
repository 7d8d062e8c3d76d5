"""Events and full orders of one order, late, doubled and mixed: the newest counts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    Reservation,
    StockLevel,
    Variant,
)
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.orders import intake
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.services.shipping.shipments import ShipmentDraft, create_shipment
from channels_amazon.services.stock import ledger
from tests.builders import make_account, make_variant, make_warehouse, number
from tests.ledger_proof import verify_levels
from tests.messages import START, amazon_order, order_change

pytestmark = pytest.mark.django_db

ON_HAND = 10
UNITS = 3
OPEN = {"PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED"}
EVENT_WORDS = {
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
}
# Lives of an order: its status and the units shipped, second by second.
LIVES = [
    [("PENDING", 0), ("UNSHIPPED", 0), ("SHIPPED", 3)],
    [("PENDING", 0), ("CANCELLED", 0)],
    [("UNSHIPPED", 0), ("PARTIALLY_SHIPPED", 1), ("PARTIALLY_SHIPPED", 2)],
    [("UNSHIPPED", 0), ("PARTIALLY_SHIPPED", 1), ("CANCELLED", 1)],
    [("UNSHIPPED", 0), ("PARTIALLY_SHIPPED", 2), ("SHIPPED", 3), ("CANCELLED", 3)],
]


class Delivery(NamedTuple):
    """One thing told of the order: by an event or as the full order."""

    is_event: bool
    status: str
    shipped: int
    second: int


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """Draw what is told of a life: each part by one or both ways, in any order."""
    life = draw(st.sampled_from(LIVES))
    told = []
    for second, (status, shipped) in enumerate(life):
        chosen = draw(st.lists(st.booleans(), min_size=1, max_size=3))
        told += [Delivery(way, status, shipped, second) for way in chosen]
    return draw(st.permutations(told))


def make_scene() -> tuple[AmazonAccount, Variant]:
    """Make an account connected before START whose one variant was counted."""
    account = make_account(created_at=START - timedelta(days=9))
    variant = make_variant(account.store)
    warehouse = make_warehouse(account.store)
    ledger.set_on_hand(variant, warehouse, ON_HAND, actor="", key=f"c{number()}")
    return account, variant


def deliver(
    account: AmazonAccount,
    variant: Variant,
    order_id: str,
    told: Delivery,
    who: str = "MERCHANT",
) -> None:
    """Tell of an order of three units; `who` is MERCHANT, AMAZON or NON_AMAZON."""
    items = [(variant.sku, UNITS, told.shipped)]
    if told.is_event:
        body = order_change(
            status=EVENT_WORDS[told.status],
            items=items,
            seconds=told.second,
            order_id=order_id,
            fulfilled_by="MFN" if who == "MERCHANT" else "AFN",
        )
        apply_event(account, read_order_event(read_envelope(json.dumps(body))))
        return
    channel = who if who == "NON_AMAZON" else "AMAZON"
    data = amazon_order(
        order_id,
        status=told.status,
        items=items,
        seconds=told.second,
        fulfilled_by="MERCHANT" if who == "MERCHANT" else "AMAZON",
        salesChannel={"channelName": channel, "marketplaceId": "ATVPDKIKX0DER"},
    )
    intake.apply_order(account, data, source=intake.FETCH)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deliveries())
def test_any_delivery_ends_as_the_newest_says(told: list[Delivery]) -> None:
    account, variant = make_scene()
    order_id = f"903-{number():07d}-0000001"
    for one in told:
        deliver(account, variant, order_id, one)
        level = StockLevel.objects.get(variant=variant)
        assert min(level.on_hand, level.reserved) >= 0
        assert level.on_hand >= ON_HAND - UNITS

    last = max(told, key=lambda one: one.second)
    level = StockLevel.objects.get(variant=variant)
    held = UNITS - last.shipped if last.status in OPEN else 0
    assert Order.objects.get(amazon_order_id=order_id).status == last.status.lower()
    assert (level.on_hand, level.reserved) == (ON_HAND - last.shipped, held)
    assert verify_levels([variant.pk]) == []


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deliveries(), st.sampled_from(["AMAZON", "NON_AMAZON"]))
def test_units_that_are_not_ours_are_never_held(told: list[Delivery], who: str) -> None:
    account, variant = make_scene()
    order_id = f"903-{number():07d}-0000001"
    for one in told:
        deliver(account, variant, order_id, one, who)

    level = StockLevel.objects.get(variant=variant)
    assert (level.on_hand, level.reserved) == (ON_HAND, 0)
    assert not Reservation.objects.filter(line__order__account=account).exists()


def test_late_full_order_brings_no_shipped_units_back() -> None:
    account, variant = make_scene()
    for told in (Delivery(True, "SHIPPED", 3, 5), Delivery(False, "UNSHIPPED", 0, 1)):
        deliver(account, variant, "903-0000001-0000001", told)

    assert StockLevel.objects.get().on_hand == ON_HAND - 3


def test_cancellation_that_forgets_shipped_units_brings_none_back() -> None:
    account, variant = make_scene()
    lost = [
        Delivery(True, "SHIPPED", 3, 1),
        Delivery(True, "CANCELLED", 0, 2),
        Delivery(False, "CANCELLED", 0, 2),
    ]
    for told in lost:
        deliver(account, variant, "903-0000001-0000001", told)

    assert StockLevel.objects.get().on_hand == ON_HAND - 3
    assert DiagnosticEntry.objects.get().code == "orders.cancelled_after_packing"


def test_cancellation_after_packing_is_told_once_and_releases_the_rest() -> None:
    account, variant = make_scene()
    order_id = "903-0000001-0000001"
    deliver(account, variant, order_id, Delivery(False, "UNSHIPPED", 0, 0))
    order = Order.objects.get()
    draft = ShipmentDraft(
        carrier_code="UPS",
        tracking_number="1Z1",
        shipped_at=timezone.now(),
        quantities={order.lines.get().pk: 2},
    )
    create_shipment(order, draft=draft, actor="ann")

    for told in (
        Delivery(True, "CANCELLED", 0, 1),
        Delivery(True, "CANCELLED", 0, 1),
        Delivery(False, "CANCELLED", 0, 1),
    ):
        deliver(account, variant, order_id, told)

    entry = DiagnosticEntry.objects.get(code="orders.cancelled_after_packing")
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (ON_HAND - 2, 0)
    assert (entry.reference, "book" in entry.fix) == (order_id, True)


def test_cancellation_before_packing_asks_for_nobody() -> None:
    account, variant = make_scene()
    for told in (Delivery(True, "UNSHIPPED", 0, 0), Delivery(True, "CANCELLED", 0, 1)):
        deliver(account, variant, "903-0000001-0000001", told)

    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (ON_HAND, 0)
    assert not DiagnosticEntry.objects.exists()
