"""Returns and wishes to cancel on the order's page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import (
    Order,
    OrderLine,
    ReturnedUnits,
    Shipment,
    StockLevel,
    StoreMember,
)
from tests import builders
from tests.views.scene import (
    World,
    make_member_client,
    make_world,
    ship_data,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with an order."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def detail(client: Client, order: Order) -> Any:
    """Return the order's page."""
    return client.get(reverse("amazon-order-detail", args=[order.pk]))


def form_data(world: World, page: str, **over: Any) -> dict[str, Any]:
    """Return what the return form on the page sends."""
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    return {
        "line": world.order.lines.get().pk,
        "quantity": 1,
        "warehouse": world.warehouse.pk,
        "is_sellable": "on",
        "note": "box opened",
        "token": token[1],
        **over,
    }


def test_return_form_shows_once_something_was_shipped(
    world: World, client: Client
) -> None:
    address = reverse("amazon-order-return", args=[world.order.pk])
    assert address not in detail(client, world.order).content.decode()

    OrderLine.objects.update(quantity_shipped=1)

    assert address in detail(client, world.order).content.decode()
    viewer = make_member_client(world.store, StoreMember.Role.VIEWER)
    assert address not in detail(viewer, world.order).content.decode()


def test_return_sent_twice_is_booked_once_and_listed(
    world: World, client: Client
) -> None:
    OrderLine.objects.update(quantity_shipped=1)
    address = reverse("amazon-order-return", args=[world.order.pk])
    data = form_data(world, detail(client, world.order).content.decode())

    answers = [client.post(address, data).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert ReturnedUnits.objects.get().booked_by == world.owner.get_username()
    assert StockLevel.objects.get().on_hand == 1
    page = detail(client, world.order).content.decode()
    assert "box opened" in page
    assert address not in page


@pytest.mark.parametrize(
    ("field", "value"), [("quantity", "2"), ("line", "0"), ("token", "x")]
)
def test_return_refuses_bad_field(
    world: World, client: Client, field: str, value: str
) -> None:
    OrderLine.objects.update(quantity_shipped=1)
    data = form_data(world, detail(client, world.order).content.decode())

    response = client.post(
        reverse("amazon-order-return", args=[world.order.pk]), {**data, field: value}
    )

    assert response.status_code == 422
    assert response.context["return_form"].errors
    assert not ReturnedUnits.objects.exists()


def test_wish_to_cancel_shows_its_deadline_and_the_way_to_cancel(
    world: World, client: Client
) -> None:
    until = timezone.now() + timedelta(hours=7)
    Order.objects.update(cancel_requested=True, cancel_notify_at=until)

    response = detail(client, world.order)

    assert f"{until:%Y-%m-%d %H:%M}" in response.context["next_step"].text
    page = response.content.decode()
    assert "Amazon offers no call for it" in page
    assert f"orders-v3/order/{world.order}" in page


def test_passed_deadline_is_pressing(world: World, client: Client) -> None:
    Order.objects.update(cancel_requested=True, cancel_notify_at=timezone.now())

    assert detail(client, world.order).context["next_step"].kind == "error"


def test_decline_ends_the_question_and_reopening_asks_again(
    world: World, client: Client
) -> None:
    Order.objects.update(cancel_requested=True)
    decline = reverse("amazon-cancel-decline", args=[world.order.pk])
    reopen = reverse("amazon-cancel-reopen", args=[world.order.pk])
    listed = f"{reverse('amazon-order-list')}?show=cancel"

    declined = client.post(decline, follow=True)

    assert reopen in declined.content.decode()
    assert decline not in declined.content.decode()
    assert str(world.order) not in client.get(listed).content.decode()
    assert decline in client.post(reopen, follow=True).content.decode()
    assert str(world.order) in client.get(listed).content.decode()


def test_shipping_asks_once_whether_to_ship_all_the_same(
    world: World, client: Client
) -> None:
    Order.objects.update(cancel_requested=True)
    address = reverse("amazon-order-ship", args=[world.order.pk])
    data = ship_data(world.order)

    refused = client.post(address, data)
    assert refused.status_code == 422
    assert "ships_all_the_same" in refused.context["form"].errors
    assert not Shipment.objects.exists()

    assert client.post(address, {**data, "ships_all_the_same": "on"}).status_code == 302
    assert not Order.objects.get(pk=world.order.pk).asks_to_cancel


def test_order_of_another_store_is_not_answered(client: Client) -> None:
    other = builders.make_order(cancel_requested=True)

    response = client.post(reverse("amazon-cancel-decline", args=[other.pk]))

    assert response.status_code == 404
