"""A person reads what was sent of the chosen orders, what was not, and why."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, Shipment
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.shipping.shipments import (
    ShipmentDraft,
    create_shipment,
)
from tests.views.scene import World, signed_in
from tests.views.shipping.origin_scene import make_hamburg
from tests.views.shipping.selected_scene import (
    address,
    after,
    confirm,
    entered,
    make_orders,
    outcomes,
    preview,
    said,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store without orders, and a worker that lives."""
    heartbeats.beat(Process.QUEUE)
    return make_hamburg()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def link(order: Order) -> str:
    """Return the link to the order."""
    where = reverse("amazon-order-detail", args=[order.pk])
    return f'<a href="{where}">{order.amazon_order_id}</a>'


def packed(order: Order, units: int, number: str) -> Shipment:
    """Put units of the order's line into a package of UPS."""
    draft = ShipmentDraft(
        carrier_code="UPS",
        tracking_number=number,
        shipped_at=timezone.now(),
        quantities={order.lines.get().pk: units},
    )
    return create_shipment(order, draft=draft, actor="ann")


def test_package_of_before_is_no_package_of_now(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    packed(first, 1, "1ZSAME")
    data = entered(first, second) | {f"o{first.pk}-tracking_number": "1Z-same"}

    response = confirm(client, data, first, second)

    assert response["Location"] == address(first)
    made, left = said(client, response)
    assert made == f"1 package is being confirmed to Amazon. {link(second)}"
    assert "1 unit more is in no package" in left
    assert link(first) in left


def test_second_click_says_that_all_was_sent_before(
    world: World, client: Client
) -> None:
    orders = make_orders(world, 2)
    data = entered(*orders)
    seen = preview(client, data, *orders).context["seen"]
    said(client, confirm(client, data, *orders, seen=seen))

    again = confirm(client, data, *orders, seen=seen)

    (told,) = said(client, again)
    assert told.startswith("2 orders were shipped before")
    assert all(link(one) in told for one in orders)


def test_rest_is_kept_as_it_was_entered(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    data = entered(first, second)
    seen = preview(client, data, first, second).context["seen"]
    Order.objects.filter(pk=first.pk).update(cancel_requested=True)

    response = confirm(client, data, first, second, seen=seen)
    page = client.get(response["Location"])

    text = page.content.decode()
    assert link(second) in text
    assert outcomes(page) == {first.pk: "asks"}
    assert "1 chosen order is not sent yet" in text
    assert "Nothing was sent to Amazon yet" not in text
    assert "0 orders would ship" not in text
    assert f"1Z{first.pk:016d}" in text
    assert f"{reverse('amazon-order-list')}?show=ship" in text
    # Reloading sends nothing, and the messages are gone.
    assert client.get(response["Location"]).status_code == 200
    assert Shipment.objects.count() == 1


def test_preview_is_a_page_that_can_be_gone_back_to(
    world: World, client: Client
) -> None:
    (order,) = make_orders(world, 1)

    answer = client.post(address(order), entered(order))

    assert answer.status_code == 302
    assert answer["Location"] == address(order)
    assert outcomes(client.get(address(order))) == {order.pk: "ships"}
    # What was entered for these orders is shown for no others.
    other = make_orders(world, 1)
    assert outcomes(client.get(address(*other))) == {}


def test_order_cancelled_alone_stays_with_its_reason(
    world: World, client: Client
) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order)
    seen = preview(client, data, order).context["seen"]
    Order.objects.update(status=Order.Status.CANCELLED)

    response = confirm(client, data, order, seen=seen)

    assert response["Location"] == address(order)
    text = after(client, response).content.decode()
    assert "Nothing was shipped." in text
    assert link(order) in text
    assert "The order is Cancelled: it cannot be shipped now." in text
    # Reloading sends nothing again, and the messages are gone.
    assert "Nothing was shipped." not in client.get(address(order)).content.decode()


def test_page_of_what_was_confirmed_says_what_was_sent(
    world: World, client: Client
) -> None:
    """Back in the browser asks for the page of all chosen orders once more."""
    first, second = make_orders(world, 2)
    confirm(client, entered(first, second), first, second)

    text = client.get(address(first, second)).content.decode()

    assert "Nothing was sent" not in text
    assert "2 chosen orders are in packages already: see below what was sent." in text
    for order in (first, second):
        assert link(order) in text
        assert f"1Z{order.pk:016d}" in text


def test_page_of_what_was_sent_in_part_says_both(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    data = entered(first, second) | {f"o{second.pk}-tracking_number": ""}
    confirm(client, data, first, second)

    text = client.get(address(first, second)).content.decode()

    assert "Nothing was sent" not in text
    assert f"1Z{first.pk:016d}" in text
    assert "1 order to ship" in text
    assert "What is entered here was not sent yet." in text
