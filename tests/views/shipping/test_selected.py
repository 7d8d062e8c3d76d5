"""Chosen orders are shipped as they were shown, once, and only where they may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import (
    DiagnosticEntry,
    Order,
    OrderLine,
    Shipment,
    StoreMember,
)
from tests import builders
from tests.views.scene import (
    SIDE_BAR,
    World,
    make_member_client,
    make_world,
    signed_in,
)
from tests.views.shipping.origin_scene import held, make_hamburg, on_hand, stock

pytestmark = pytest.mark.django_db
PAGE = "amazon-ship-selected"


@pytest.fixture
def world() -> World:
    """Give a store without orders."""
    return make_hamburg()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def address(*orders: Order) -> str:
    """Return the page of these orders."""
    query = "&".join(f"order={order.pk}" for order in orders)
    return f"{reverse(PAGE)}?{query}"


def entered(*orders: Order, **over: Any) -> dict[str, Any]:
    """Return what a person enters who gives each order a number of its own."""
    data: dict[str, Any] = {
        "carrier": "UPS",
        "shipped_at": f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    for order in orders:
        data[f"o{order.pk}-tracking_number"] = f"1Z{order.pk:016d}"
    return data | over


def preview(client: Client, data: dict[str, Any], *orders: Order) -> Any:
    """Ask what the data would do."""
    return client.post(address(*orders), data)


def confirm(
    client: Client, data: dict[str, Any], *orders: Order, seen: str | None = None
) -> Any:
    """Confirm what the page showed of the data."""
    if seen is None:
        seen = preview(client, data, *orders).context["seen"]
    return client.post(address(*orders), {**data, "seen": seen, "confirm": "1"})


def outcomes(response: Any) -> dict[int, str]:
    """Return what would become of each order that is still on the page."""
    return {
        form.chosen.order.pk: form.plan.outcome.value
        for form in response.context["forms"]
        if form.plan is not None
    }


def make_orders(world: World, count: int) -> list[Order]:
    """Make orders of two units, whose stock is held."""
    stock(world.variant, world.warehouse, 2 * count)
    return [held(world, 2) for _ in range(count)]


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
    assert "1 order would ship as shown below; 0 ask you first, 1 would be" in text
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

    assert outcomes(response) == {orders[0].pk: "changed"}
    assert Shipment.objects.get().order == orders[1]
    # Without any mark nothing at all is sent.
    assert outcomes(confirm(client, changed, orders[0], seen="")) == {
        orders[0].pk: "changed"
    }
    assert Shipment.objects.count() == 1


def test_double_click_and_second_tab_ship_once(world: World, client: Client) -> None:
    orders = make_orders(world, 2)
    data = entered(*orders)
    seen = preview(client, data, *orders).context["seen"]

    first = confirm(client, data, *orders, seen=seen)
    again = confirm(client, data, *orders, seen=seen)
    told = client.get(again["Location"]).content.decode()
    other = data | {f"o{one.pk}-tracking_number": "1ZOTHER" for one in orders}
    tab = confirm(client, other, *orders, seen=seen)

    assert (first.status_code, again.status_code) == (302, 302)
    assert "2 packages are being confirmed" in told
    assert Shipment.objects.count() == 2
    assert "Every unit is in a package already." in tab.content.decode()
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
    assert response.status_code == 302
    assert Shipment.objects.get().order == good


def test_fewer_units_than_were_shown_are_shown_again(
    world: World, client: Client
) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order)
    seen = preview(client, data, order).context["seen"]
    OrderLine.objects.filter(order=order).update(quantity_shipped=1)

    response = confirm(client, data, order, seen=seen)

    assert outcomes(response) == {order.pk: "changed"}
    assert not Shipment.objects.exists()
    assert confirm(client, data, order).status_code == 302
    assert Shipment.objects.get().lines.get().quantity == 1


def test_wish_to_cancel_needs_a_tick(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)
    data = entered(order)
    seen = preview(client, data, order).context["seen"]
    Order.objects.update(cancel_requested=True)

    asked = confirm(client, data, order, seen=seen)

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

    assert outcomes(response) == {order.pk: "asks"}
    assert not Shipment.objects.exists()
    assert not DiagnosticEntry.objects.filter(code="shipments.below_zero").exists()


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
    assert confirm(client, entered(order), order, seen="x").context["forms"] == []
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"carrier": ""}, "Choose a carrier of the list"),
        ({"carrier": "Pigeon"}, "Amazon has no carrier of this name"),
        ({"carrier": "Other"}, "Enter the carrier&#x27;s name."),
        ({"shipped_at": ""}, "This field is required."),
        ({"shipped_at": "2999-01-01T00:00"}, "The ship date is in the future."),
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
    assert client.post(f"{reverse(PAGE)}{query}", {"confirm": "1"}).status_code == 422


def test_more_than_fit_are_left_out_and_told(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.views.shipping.selected.MOST_ORDERS", 2)
    orders = make_orders(world, 3)

    text = client.get(address(*orders)).content.decode()

    assert "At most 2 orders are shipped at once: 1 chosen one is left out." in text
    assert orders[2].amazon_order_id not in text


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
    with django_assert_max_num_queries(16 + SIDE_BAR):
        assert preview(client, data, *orders).context["ready"] == count


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
