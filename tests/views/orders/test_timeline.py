"""An order's time line: everything in the order in which it happened, bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Notification, Order
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.views.orders.status_line import stamps
from channels_amazon.views.orders.timeline import ROWS, timeline
from tests import builders
from tests.views.scene import World, make_call, make_quarantined, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store whose order has its five stamps, a second apart."""
    world = make_world()
    start = timezone.now() - timedelta(minutes=5)
    names = (
        "changed_at",
        "event_seen_at",
        "reserved_at",
        "completed_at",
        "webhook_sent_at",
    )
    times = {name: start + timedelta(seconds=place) for place, name in enumerate(names)}
    Order.objects.filter(pk=world.order.pk).update(**times)
    world.order.refresh_from_db()
    return world


def test_stamps_come_in_order_with_their_gaps(world: World) -> None:
    shown = timeline(world.order)

    assert [moment.text for moment in shown] == [
        "Changed at Amazon",
        "Event seen",
        "Stock reserved",
        "Complete",
        "Store told",
    ]
    assert [moment.after for moment in shown] == [None, 1.0, 1.0, 1.0, 1.0]


def test_steps_stand_in_the_order_of_time_whichever_came_first(world: World) -> None:
    order = world.order
    assert order.changed_at is not None
    order.completed_at = order.changed_at + timedelta(milliseconds=500)
    order.webhook_sent_at = None

    shown = stamps(order)

    assert [stamp.name for stamp in shown] == [
        "Changed at Amazon",
        "Complete",
        "Event seen",
        "Stock reserved",
        "Store told",
    ]
    assert [stamp.after for stamp in shown] == [None, 0.5, 0.5, 1.0, None]


def test_events_calls_entries_and_packages_stand_between(world: World) -> None:
    order = world.order
    seen = order.event_seen_at
    assert seen is not None
    reference = order.amazon_order_id
    make_quarantined(
        world.account,
        amazon_order_id=reference,
        state=Notification.State.APPLIED,
        received_at=seen + timedelta(milliseconds=500),
    )
    make_call(world.account, reference=reference)
    builders.make_entry(world.account, reference=reference)
    order.shipments.create(
        package_reference=1, carrier_code="UPS", shipped_at=timezone.now()
    )

    shown = timeline(order)

    kinds = [moment.kind for moment in shown]
    assert kinds[:3] == ["Stamp", "Stamp", "Event"]
    assert set(kinds[5:]) >= {"Call to Amazon", "Log", "Package"}
    assert all(one.at <= other.at for one, other in zip(shown, shown[1:], strict=False))


def test_rows_of_other_orders_and_accounts_are_left_out(world: World) -> None:
    reference = world.order.amazon_order_id
    make_call(builders.make_account(), reference=reference)
    make_call(world.account, reference="902-another")

    assert {moment.kind for moment in timeline(world.order)} == {"Stamp"}


def test_time_line_is_bounded(world: World, django_assert_num_queries: Any) -> None:
    for _ in range(ROWS + 5):
        make_call(world.account, reference=world.order.amazon_order_id)

    with django_assert_num_queries(4):
        shown = timeline(world.order)

    assert len(shown) == 5 + ROWS


def test_page_shows_the_time_line_and_five_stamps(world: World) -> None:
    url = reverse("amazon-order-detail", args=[world.order.pk])

    page = signed_in(world.owner).get(url).content.decode()

    assert "What happened, step by step" in page
    assert page.count("Store told") == 2
    assert "+ 1.0 s" in page


def test_status_page_draws_the_steps(world: World) -> None:
    heartbeats.beat(Process.QUEUE)
    url = reverse("amazon-status", args=[world.account.pk])

    page = signed_in(world.owner).get(url, {"span": "hour"}).content.decode()

    assert "sl-chart-bar" in page
    assert 'aria-current="page">Last hour' in page
    assert "style=" not in page[page.index('id="latency"') :].split("</section>")[0]


def test_status_page_says_why_nothing_is_drawn(world: World) -> None:
    heartbeats.beat(Process.QUEUE)
    Order.objects.update(event_seen_at=None)
    url = reverse("amazon-status", args=[world.account.pk])
    client = signed_in(world.owner)

    unsubscribed = client.get(url).content.decode()
    world.account.subscription_id = "sub-1"
    world.account.save()
    page = client.get(url).content.decode()

    assert "no events before they are subscribed to" in unsubscribed
    assert "no order has come by an event in the last month" in page
