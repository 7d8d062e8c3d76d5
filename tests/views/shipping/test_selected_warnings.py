"""What looks wrong of a chosen order is a warning beside it, and stops nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels_amazon.models import Order, Shipment
from channels_amazon.services.shipping import selection_warnings
from tests import builders
from tests.views.scene import World, make_world, signed_in
from tests.views.shipping.origin_scene import make_hamburg
from tests.views.shipping.selected_scene import (
    confirm,
    entered,
    make_orders,
    outcomes,
    preview,
)

pytestmark = pytest.mark.django_db
GOOD, OTHER_GOOD = "1Z5R89390357567127", "1Z12345E0205271688"


@pytest.fixture
def world() -> World:
    """Give a store without orders."""
    return make_hamburg()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def numbered(*numbers: tuple[Order, str]) -> dict[str, Any]:
    """Return what a person enters who gives the orders these numbers."""
    own = {f"o{order.pk}-tracking_number": number for order, number in numbers}
    return entered() | own


def warnings(response: Any) -> list[list[str]]:
    """Return what the page warns of, order by order."""
    forms = response.context["forms"]
    return [[str(one) for one in form.plan.warnings] for form in forms]


def test_good_number_has_no_warning(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)

    response = preview(client, numbered((order, GOOD)), order)

    assert warnings(response) == [[]]
    assert "Would ship</span>" in response.content.decode()


def test_mistyped_number_is_a_warning_and_ships(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    data = numbered((order, "1Z999AA10123456785"))

    response = preview(client, data, order)

    text = response.content.decode()
    assert "check digit" in warnings(response)[0][0]
    assert "check digit" in text
    assert "sl-state-warning" in text
    assert "Would ship: check it" in text
    assert "1 order has a warning: check it before you confirm." in text
    assert outcomes(response) == {order.pk: "ships"}
    assert confirm(client, data, order).status_code == 302


def test_number_of_two_chosen_orders_names_the_other(
    world: World, client: Client
) -> None:
    first, second = make_orders(world, 2)

    response = preview(
        client, numbered((first, GOOD), (second, f" {GOOD.lower()}")), first, second
    )

    named = "The same tracking number is entered for %s, too."
    assert warnings(response)[0] == [named % second.amazon_order_id]
    assert warnings(response)[1] == [named % first.amazon_order_id]
    assert set(outcomes(response).values()) == {"ships"}


def test_number_of_a_package_of_the_store_names_its_order(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_orders(world, 2)
    assert confirm(client, numbered((first, GOOD)), first).status_code == 302
    data = numbered((second, GOOD))

    response = preview(client, data, second)

    said = f"A package of {first.amazon_order_id} has this tracking number already."
    assert warnings(response) == [[said]]
    assert confirm(client, data, second).status_code == 302
    monkeypatch.setattr(selection_warnings, "NEWEST", 0)
    (third,) = make_orders(world, 1)
    assert warnings(preview(client, numbered((third, GOOD)), third)) == [[]]


def test_number_of_another_store_is_not_told(world: World, client: Client) -> None:
    theirs = make_world()
    Order.objects.update(ordered_at=timezone.now() - timedelta(days=1))
    other = signed_in(theirs.owner)
    sent = confirm(other, numbered((theirs.order, GOOD)), theirs.order)
    assert sent.status_code == 302
    assert Shipment.objects.filter(order=theirs.order).exists()
    (order,) = make_orders(world, 1)

    assert warnings(preview(client, numbered((order, GOOD)), order)) == [[]]


def test_line_without_stock_is_a_warning(world: World, client: Client) -> None:
    order = builders.make_order(
        world.account, ordered_at=timezone.now() - timedelta(days=1)
    )

    response = preview(client, numbered((order, GOOD)), order)

    assert warnings(response) == [
        ["A line holds no stock: no warehouse loses its units."]
    ]
    assert outcomes(response) == {order.pk: "ships"}
