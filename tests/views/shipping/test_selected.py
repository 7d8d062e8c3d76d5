"""Chosen orders are shipped as they were shown, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import DiagnosticEntry, Order, OrderLine, Shipment
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.views.scene import World, signed_in
from tests.views.shipping.origin_scene import make_hamburg, on_hand, stock
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


def test_page_shows_lines_warehouse_and_fields_and_changes_nothing(
    world: World, client: Client
) -> None:
    (order,) = make_orders(world, 1)

    text = client.get(address(order)).content.decode()

    assert order.amazon_order_id in text
    assert f"2 × <code>{world.variant.sku}</code>" in text
    assert "from Hamburg" in text
    assert f'name="o{order.pk}-tracking_number"' in text
    assert not Shipment.objects.exists()


def test_preview_says_what_is_sent_and_sends_nothing(
    world: World, client: Client
) -> None:
    orders = make_orders(world, 2)
    data = entered(orders[0])

    response = preview(client, data, *orders)

    text = response.content.decode()
    assert outcomes(response) == {orders[0].pk: "ships", orders[1].pk: "no_number"}
    assert "2 units are confirmed to Amazon with UPS" in text
    assert "1 order would ship as shown below." in text
    assert "1 order would be left out." in text
    assert "0 order" not in text
    assert "Confirm 1 shipment to Amazon" in text
    assert not Shipment.objects.exists()
    assert on_hand(world.variant, world.warehouse) == (4, 4)


def test_confirmation_does_what_was_shown(world: World, client: Client) -> None:
    orders = make_orders(world, 3)

    response = confirm(client, entered(*orders), *orders)

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('amazon-order-list')}?show=ship"
    packages = Shipment.objects.order_by("order_id")
    assert [one.order_id for one in packages] == [one.pk for one in orders]
    assert {one.carrier_code for one in packages} == {"UPS"}
    assert {one.warehouse for one in packages} == {world.warehouse}
    assert {one.created_by for one in packages} == {world.owner.get_username()}
    assert on_hand(world.variant, world.warehouse) == (0, 0)


def test_nothing_is_sent_that_was_not_shown(world: World, client: Client) -> None:
    orders = make_orders(world, 2)
    data = entered(*orders)
    seen = preview(client, data, *orders).context["seen"]
    changed = data | {f"o{orders[0].pk}-tracking_number": "1Z999"}

    response = confirm(client, changed, *orders, seen=seen)

    assert response["Location"] == address(orders[0])
    rest = client.get(response["Location"])
    assert "This is not what you were shown: look at it again." in rest.content.decode()
    assert Shipment.objects.get().order == orders[1]
    # Without any mark nothing at all is sent.
    nothing, left = said(client, confirm(client, changed, orders[0], seen=""))
    assert nothing == "Nothing was shipped."
    assert "This is not what you were shown: look at it again." in left
    assert Shipment.objects.count() == 1


def test_double_click_and_second_tab_ship_once(world: World, client: Client) -> None:
    orders = make_orders(world, 2)
    data = entered(*orders)
    seen = preview(client, data, *orders).context["seen"]

    first = confirm(client, data, *orders, seen=seen)
    again = confirm(client, data, *orders, seen=seen)
    other = data | {f"o{one.pk}-tracking_number": "1ZOTHER" for one in orders}
    tab = confirm(client, other, *orders, seen=seen)

    assert (first.status_code, again.status_code) == (302, 302)
    assert Shipment.objects.count() == 2
    assert "Every unit is in a package already." in said(client, tab)[-1]
    assert on_hand(world.variant, world.warehouse) == (0, 0)


def cancelled(order: Order) -> None:
    """Let Amazon cancel the order."""
    Order.objects.filter(pk=order.pk).update(status=Order.Status.CANCELLED)


def becomes_fba(order: Order) -> None:
    """Let Amazon ship the order."""
    Order.objects.filter(pk=order.pk).update(fulfilled_by="amazon")


def left_otherwise(order: Order) -> None:
    """Let Amazon show all units in packages of another system."""
    OrderLine.objects.filter(order=order).update(quantity_shipped=2)


def disconnected(order: Order) -> None:
    """Disconnect the order's account."""
    order.account.state = "disconnected"
    order.account.save()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (cancelled, "The order is Cancelled: it cannot be shipped now."),
        (becomes_fba, "Amazon ships this order itself: there is nothing to confirm."),
        (left_otherwise, "Every unit is in a package already."),
        (disconnected, "The account is disconnected"),
    ],
)
@pytest.mark.parametrize("is_before", [True, False])
def test_order_that_cannot_be_shipped_says_why_and_keeps_no_other(
    world: World,
    client: Client,
    change: Callable[[Order], None],
    why: str,
    is_before: bool,
) -> None:
    other = builders.make_account(world.store)
    good = builders.make_order(other, ordered_at=timezone.now() - timedelta(days=1))
    (bad,) = make_orders(world, 1)
    if is_before:
        change(bad)
    data = entered(bad, good)
    seen = preview(client, data, bad, good).context["seen"]
    if not is_before:
        change(bad)

    page = client.get(address(bad, good)).content.decode()
    response = confirm(client, data, bad, good, seen=seen)

    assert why in page
    # What can be shipped is, and the rest has nothing left to enter.
    assert response["Location"] == f"{reverse('amazon-order-list')}?show=ship"
    assert Shipment.objects.get().order == good
    (made, left) = said(client, response)
    assert made.startswith("1 package is being confirmed to Amazon.")
    assert good.amazon_order_id in made
    assert left.startswith(f"1 order was not sent. {why}")
    assert bad.amazon_order_id in left


def test_fewer_units_than_were_shown_are_shown_again(
    world: World, client: Client
) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order)
    seen = preview(client, data, order).context["seen"]
    OrderLine.objects.filter(order=order).update(quantity_shipped=1)

    response = confirm(client, data, order, seen=seen)

    page = after(client, response)
    assert outcomes(page) == {order.pk: "ships"}
    assert "This is not what you were shown: look at it" in page.content.decode()
    assert not Shipment.objects.exists()
    assert confirm(client, data, order).status_code == 302
    assert Shipment.objects.get().lines.get().quantity == 1


def test_wish_to_cancel_needs_a_tick(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order)
    seen = preview(client, data, order).context["seen"]
    Order.objects.update(cancel_requested=True)

    asked = after(client, confirm(client, data, order, seen=seen))

    assert outcomes(asked) == {order.pk: "asks"}
    assert "The buyer asks to cancel: ship all the same" in asked.content.decode()
    assert not Shipment.objects.exists()
    ticked = data | {f"o{order.pk}-ships_all_the_same": "on"}
    assert confirm(client, ticked, order).status_code == 302
    order.refresh_from_db()
    assert order.cancel_declined_at is not None


def test_order_that_takes_a_warehouse_below_zero_asks_before(
    world: World, client: Client
) -> None:
    orders = make_orders(world, 2)
    stock(world.variant, world.warehouse, 3)
    data = entered(*orders)

    asked = preview(client, data, *orders)

    # The first takes what is there; the second would lack a unit.
    assert outcomes(asked) == {orders[0].pk: "ships", orders[1].pk: "asks"}
    assert "Hamburg all the same: it will show -1" in asked.content.decode()
    form = asked.context["forms"][1]
    ticked = data | {f"o{orders[1].pk}-below_zero": form.asked}
    again = preview(client, ticked, *orders)
    assert set(outcomes(again).values()) == {"ships"}
    assert confirm(client, ticked, *orders).status_code == 302
    assert on_hand(world.variant, world.warehouse) == (-1, 0)


def test_stock_that_fell_meanwhile_is_asked_about(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order)
    seen = preview(client, data, order).context["seen"]
    stock(world.variant, world.warehouse, 1)

    response = confirm(client, data, order, seen=seen)

    assert outcomes(after(client, response)) == {order.pk: "asks"}
    assert not Shipment.objects.exists()
    assert not DiagnosticEntry.objects.filter(code="shipments.below_zero").exists()
