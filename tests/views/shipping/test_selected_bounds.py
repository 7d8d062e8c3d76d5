"""Chosen orders are shipped only by who may, and as Amazon takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from channels_amazon.models import Order, Shipment, StoreMember
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_member_client, make_world, signed_in
from tests.views.shipping.origin_scene import make_hamburg
from tests.views.shipping.selected_scene import (
    PAGE,
    address,
    after,
    confirm,
    entered,
    make_orders,
    outcomes,
    preview,
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


def test_orders_of_another_store_are_not_there(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    theirs = make_world().order
    data = entered(order, theirs)

    page = client.get(address(order, theirs))
    response = confirm(client, data, order, theirs)

    text = page.content.decode()
    assert "1 chosen order is not there for you" in text
    assert theirs.amazon_order_id not in text
    assert response.status_code == 302
    assert Shipment.objects.get().order == order
    # Named in the form alone, it is not even looked at.
    confirm(client, data, order)
    assert not Shipment.objects.filter(order=theirs).exists()


def test_viewer_ships_nothing(world: World) -> None:
    (order,) = make_orders(world, 1)
    viewer = make_member_client(world.store, StoreMember.Role.VIEWER)

    page = viewer.get(reverse("amazon-order-list")).content.decode()

    assert "data-select" not in page
    assert viewer.get(address(order)).status_code == 403
    assert preview(viewer, entered(order), order).status_code == 403


def test_viewer_of_this_store_who_operates_another_ships_nothing(
    world: World,
) -> None:
    (order,) = make_orders(world, 1)
    user = builders.make_member(world.store, role=StoreMember.Role.VIEWER).user
    builders.make_member(user=user)
    client = signed_in(user)

    page = client.get(reverse("amazon-order-list")).content.decode()
    assert "data-select" not in page
    assert client.get(address(order)).context["absent"] == 1
    page_after = after(client, confirm(client, entered(order), order, seen="x"))
    assert page_after.context["forms"] == []
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"carrier": ""}, "Choose a carrier of the list"),
        ({"carrier": "Pigeon"}, "Amazon has no carrier of this name"),
        ({"carrier": "Other"}, "Enter the carrier&#x27;s name."),
        ({"shipped_at": ""}, "This field is required."),
        (
            {"shipped_at": "2999-01-01T00:00"},
            "The ship date is in the future, as read in UTC.",
        ),
        ({"shipped_at": "2020-01-01T00:00"}, "before the order was placed"),
    ],
)
def test_bad_entry_ships_nothing_and_says_why(
    world: World, client: Client, over: dict[str, str], said: str
) -> None:
    (order,) = make_orders(world, 1)

    response = preview(client, entered(order, **over), order)

    assert said in response.content.decode()
    assert 'name="confirm"' not in response.content.decode()
    assert f"1Z{order.pk:016d}" in response.content.decode()


def test_each_order_may_have_a_carrier_of_its_own(world: World, client: Client) -> None:
    orders = make_orders(world, 3)
    own = {
        f"o{orders[1].pk}-carrier": "dhl",
        f"o{orders[2].pk}-carrier": "Pigeon",
    }

    response = preview(client, entered(*orders, **own), *orders)

    assert list(outcomes(response).values()) == ["ships", "ships", "refused"]
    plans = [form.plan for form in response.context["forms"]]
    assert [plan.draft.carrier_code for plan in plans[:2]] == ["UPS", "DHL"]
    assert "Amazon has no carrier of this name" in plans[2].reason


def test_odd_number_is_doubted_aloud_and_sent(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order, **{f"o{order.pk}-tracking_number": "1Z999AA10123456785"})

    response = preview(client, data, order)

    assert "check digit" in response.content.decode()
    assert outcomes(response) == {order.pk: "ships"}


@pytest.mark.parametrize(
    "query",
    ["", "?order=", f"?order=x&order=-1&order={'9' * 20}", "?order=%00", "?q=1"],
)
def test_page_without_orders_leads_back_to_the_list(client: Client, query: str) -> None:
    response = client.get(f"{reverse(PAGE)}{query}")

    assert response.status_code == 200
    assert "No order is chosen" in response.content.decode()
    posted = client.post(f"{reverse(PAGE)}{query}", {"confirm": "1"})
    assert after(client, posted).status_code == 200


def test_more_than_fit_come_after_the_others(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.views.shipping.selected.MOST_ORDERS", 2)
    orders = make_orders(world, 5)

    text = client.get(address(*orders)).content.decode()

    assert "5 orders are chosen, and at most 2 are shipped at once" in text
    assert orders[2].amazon_order_id not in text
    assert f'href="{escape(address(*orders[2:]))}"' in text
    # All but one of the first are sent: that one and the others are led to.
    data = entered(*orders[:2]) | {f"o{orders[1].pk}-tracking_number": ""}
    response = confirm(client, data, *orders)
    assert response.headers["Location"] == address(*orders[1:])
    text = client.get(address(*orders[1:])).content.decode()
    assert "4 orders are chosen, and at most 2 are shipped at once" in text
    data = entered(*orders[1:3])
    response = confirm(client, data, *orders[1:])
    assert response.headers["Location"] == address(*orders[3:])
    assert "2 orders to ship: enter their tracking" in client.get(
        address(*orders[3:])
    ).content.decode().replace("\n", " ")
    assert Shipment.objects.count() == 3


def test_thousands_of_ids_by_hand_are_a_page(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    ids = [order.pk, *range(10**6, 10**6 + 1499)]
    query = "&".join(f"order={pk}" for pk in ids)

    response = client.get(f"{reverse(PAGE)}?{query}")

    text = response.content.decode()
    assert response.status_code == 200
    assert "1500 orders are chosen, and at most 200 are shipped at once" in text
    assert order.amazon_order_id in text
    later = "&amp;".join(f"order={pk}" for pk in ids[200:])
    assert f'href="{reverse(PAGE)}?{later}"' in text
    assert f'href="{reverse("amazon-order-list")}?show=ship"' in text


@pytest.mark.parametrize("method", ["get", "post"])
def test_more_ids_than_can_be_read_are_told_of(client: Client, method: str) -> None:
    query = "&".join(f"order={pk}" for pk in range(5001))

    if method == "get":
        response = client.get(f"{reverse(PAGE)}?{query}")
    else:
        kind = "application/x-www-form-urlencoded"
        response = client.post(reverse(PAGE), query, content_type=kind)

    text = response.content.decode()
    assert response.status_code == 400
    assert "More than 5,000 things are chosen at once: choose fewer." in text
    assert "Nothing was changed." in text
    assert f'href="{reverse("amazon-order-list")}"' in text or "Back to" in text


def test_two_hundred_orders_are_shown_and_shipped(world: World, client: Client) -> None:
    orders = [
        builders.make_order(
            world.account, ordered_at=timezone.now() - timedelta(days=1)
        )
        for _ in range(200)
    ]
    data = entered(*orders) | {f"o{one.pk}-carrier": "" for one in orders}

    assert confirm(client, data, *orders).status_code == 302

    assert Shipment.objects.count() == 200


@pytest.mark.parametrize("count", [2, 30])
def test_preview_asks_the_same_number_of_queries(
    world: World,
    client: Client,
    count: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    orders = make_orders(world, count)
    data = entered(*orders)

    with django_assert_max_num_queries(14 + SIDE_BAR):
        assert client.get(address(*orders)).status_code == 200
    client.post(address(*orders), data)
    with django_assert_max_num_queries(18 + SIDE_BAR):
        assert client.get(address(*orders)).context["ready"] == count


def test_list_has_a_box_for_each_order_to_ship(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    builders.make_order(world.account, status=Order.Status.SHIPPED)
    builders.make_order(world.account, fulfilled_by="amazon")

    text = client.get(reverse("amazon-order-list")).content.decode()

    boxes = re.findall(r'<input type="checkbox"[^>]*data-select[^>]*>', text)
    (box,) = [" ".join(one.split()) for one in boxes]
    assert f'name="order" value="{order.pk}" form="sl-selection"' in box
    assert f'aria-label="Choose order {order.amazon_order_id}"' in box
    assert f'action="{reverse(PAGE)}"' in text
