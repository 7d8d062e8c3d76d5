"""The order's page: what stands before what, and why there is no form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, Reservation, Shipment
from tests import builders
from tests.views.scene import World, signed_in
from tests.views.shipping.origin_scene import (
    filled,
    held,
    make_hamburg,
    send,
    shown,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store without orders."""
    return make_hamburg()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def test_wish_to_cancel_stands_before_the_form_and_the_form_before_the_lines(
    world: World, client: Client
) -> None:
    stock(world.variant, world.warehouse, 2)
    order = held(world, 2)
    Order.objects.update(cancel_requested=True)

    text = shown(client, order).content.decode()

    places = [
        text.index(f'<h2 id="{name}"') for name in ("cancellation", "ship", "lines")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"programs": ["FBM_SHIP_PLUS"]}, "Amazon ships this order itself"),
        ({"marketplace_id": ""}, "it cannot be shipped now"),
    ],
)
def test_order_that_cannot_be_shipped_says_why_and_offers_no_form(
    world: World, client: Client, over: dict[str, Any], said: str
) -> None:
    order = builders.make_order(world.account, **over)

    page = shown(client, order)

    assert page.context["form"] is None
    assert said in page.content.decode()


def test_order_of_a_disconnected_account_says_why_and_offers_no_form(
    world: World, client: Client
) -> None:
    order = builders.make_order(world.account)
    data = filled(client, order)
    world.account.state = "disconnected"
    world.account.save()

    page, sent = shown(client, order), send(client, order, data)

    for response in (page, sent):
        text = response.content.decode()
        assert response.context["form"] is None
        assert "The account is disconnected: connect it again to ship from here" in text
        assert "The account is disconnected: nothing of this order" in text
    assert (page.status_code, sent.status_code) == (200, 422)
    assert not Shipment.objects.exists()


@pytest.mark.parametrize("name", ["amazon-order-detail", "amazon-order-list"])
def test_order_that_amazon_ships_says_so(
    world: World, client: Client, name: str
) -> None:
    order = builders.make_order(
        world.account, fulfilled_by=Order.FulfilledBy.AMAZON, lines=()
    )
    args = [order.pk] if name.endswith("detail") else []

    text = client.get(reverse(name, args=args)).content.decode()

    assert "</span>Amazon ships</span>" in text
    assert "</span>To ship</span>" not in text


def test_shipped_order_says_when_it_was_shipped_and_not_by_when(
    world: World, client: Client
) -> None:
    now = timezone.now()
    times: dict[str, Any] = {
        "ship_by": now + timedelta(days=2),
        "shipped_at": now - timedelta(days=3),
    }
    order = builders.make_order(world.account, status=Order.Status.SHIPPED, **times)
    page = shown(client, order).text
    rows = client.get(reverse("amazon-order-list")).text

    assert "<dt>Shipped</dt>" in page
    assert "<dt>Ship by</dt>" not in page
    for text in (page, rows):
        assert "3 days ago" in text.replace("\xa0", " ")
        assert "in 2 days" not in text.replace("\xa0", " ")
    Order.objects.update(status=Order.Status.CANCELLED)
    assert "<dt>Ship by</dt>" not in shown(client, order).text
    Order.objects.update(status=Order.Status.UNSHIPPED)
    assert "<dt>Ship by</dt>" in shown(client, order).text


def test_what_is_left_is_left_to_ship(world: World, client: Client) -> None:
    stock(world.variant, world.warehouse, 3)
    order = held(world, 3)
    Reservation.objects.filter(line__order=order).update(shipped_quantity=1)

    text = shown(client, order).text

    assert "3 of 3 left to ship" in text
    assert "1 shipped" in text
    assert "1 left" not in text
