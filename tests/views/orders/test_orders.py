"""The orders pages: filters, search, paging, refresh, shipping, personal data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import DiagnosticEntry, Order, Shipment, StoreMember
from channels_amazon.services.privacy.personal_data import store_personal_data
from tests import builders
from tests.views.scene import (
    SIDE_BAR,
    World,
    make_member_client,
    make_refused,
    make_world,
    ship_data,
    signed_in,
)

pytestmark = pytest.mark.django_db
LIST = "amazon-order-list"


@pytest.fixture
def world() -> World:
    """Give a store with an order."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, **query: Any) -> list[str]:
    """Return the order ids that the list shows for a query."""
    response = client.get(reverse(LIST), query)
    return [order.amazon_order_id for order in response.context["slice"].rows]


@pytest.mark.parametrize(
    ("show", "fields"),
    [
        ("ship", {}),
        ("late", {"ship_by": timezone.now() - timedelta(days=400)}),
        ("unmatched", {"has_unmatched": True}),
        ("backorder", {"has_shortage": True}),
        ("cancel", {"cancel_requested": True}),
        (
            "aside",
            {
                "quarantine_code": "orders.import_failed",
                "stale_since": timezone.now(),
            },
        ),
    ],
)
def test_filter_shows_its_orders_only(
    world: World, client: Client, show: str, fields: dict[str, Any]
) -> None:
    Order.objects.all().delete()
    wanted = builders.make_order(world.account, **fields)
    builders.make_order(world.account, status=Order.Status.SHIPPED)

    assert shown(client, show=show) == [wanted.amazon_order_id]


@pytest.mark.parametrize("status", [*Order.Status.values])
def test_wish_to_cancel_asks_only_while_the_order_is_open(
    world: World, client: Client, status: str
) -> None:
    order = builders.make_order(
        world.account,
        lines=({"cancel_requested": True},),
        status=status,
        cancel_requested=True,
    )
    is_open = status in Order.OPEN

    page = client.get(reverse("amazon-order-detail", args=[order.pk]))

    assert (order.amazon_order_id in shown(client, show="cancel")) == is_open
    assert ("buyer asks to cancel" in page.content.decode()) == is_open


def test_search_finds_order_id_sku_and_asin(world: World, client: Client) -> None:
    order = builders.make_order(
        world.account, lines=({"seller_sku": "X/1 ü", "asin": "B00TEST001"},)
    )

    for text in (order.amazon_order_id, "X/1 ü", "b00test001"):
        assert shown(client, q=text) == [order.amazon_order_id]
    assert shown(client, q="nothing") == []


def test_filter_that_is_not_understood_shows_nothing_and_says_so(
    world: World, client: Client
) -> None:
    response = client.get(reverse(LIST), {"account": "77'--", "after": "x~y"})

    assert response.context["form"].errors["account"]
    assert shown(client, account="77") == []
    assert shown(client, after="x~y") == [world.order.amazon_order_id]


def test_pages_hold_each_order_once_newest_first(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.views.orders.orders.ROWS", 2)
    moment = timezone.now() - timedelta(days=3)
    for ordered_at in (None, None, moment, moment, moment - timedelta(days=1)):
        builders.make_order(world.account, ordered_at=ordered_at)

    seen: list[str] = []
    query: dict[str, Any] = {}
    while True:
        response = client.get(reverse(LIST), query)
        seen += [order.amazon_order_id for order in response.context["slice"].rows]
        if not response.context["slice"].next:
            break
        query = {"after": response.context["slice"].next}

    assert sorted(seen) == sorted(
        Order.objects.values_list("amazon_order_id", flat=True)
    )
    times = [Order.objects.get(amazon_order_id=key).ordered_at for key in seen]
    assert times[:2] == [None, None]
    assert times[2:] == sorted((t for t in times if t), reverse=True)


@pytest.mark.parametrize("rows", [1, 40])
def test_list_asks_same_number_of_queries(
    world: World,
    client: Client,
    rows: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for _ in range(rows):
        builders.make_order(world.account, lines=({}, {}))

    with django_assert_max_num_queries(18 + SIDE_BAR):
        assert client.get(reverse(LIST)).status_code == 200


def test_fragment_brings_new_order_and_sentence(world: World, client: Client) -> None:
    order = builders.make_order(world.account)

    response = client.get(reverse(LIST), headers={"HX-Request": "true"})

    text = response.content.decode()
    assert order.amazon_order_id in text
    assert "hx-swap-oob" in text
    assert "<html" not in text


def test_detail_asks_fixed_number_of_queries(
    world: World,
    client: Client,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    order = builders.make_order(world.account, lines=({},) * 8)
    for number in range(1, 4):
        make_package(order, number)

    with django_assert_max_num_queries(28 + SIDE_BAR):
        response = client.get(reverse("amazon-order-detail", args=[order.pk]))

    assert response.status_code == 200


def make_package(order: Order, number: int, **over: Any) -> Shipment:
    """Make a package with one unit of the order's line of that number."""
    fields: dict[str, Any] = {
        "carrier_code": "UPS",
        "tracking_number": f"1Z{number}",
        "shipped_at": timezone.now(),
    }
    package: Shipment = Shipment.objects.create(
        order=order, package_reference=number, **fields | over
    )
    package.lines.create(line=order.lines.all()[number - 1], quantity=1)
    return package


def test_shipping_creates_package_once_waiting(world: World, client: Client) -> None:
    address = reverse("amazon-order-ship", args=[world.order.pk])
    data = ship_data(world.order, warehouse=world.warehouse.pk)

    response = client.post(address, data)

    assert response.status_code == 302
    package = Shipment.objects.get(order=world.order)
    assert package.tracking_number == "1Z999AA10123456784"
    assert [line.quantity for line in package.lines.all()] == [1]


def test_shipping_sent_twice_ships_once(world: World, client: Client) -> None:
    address = reverse("amazon-order-ship", args=[world.order.pk])
    data = ship_data(world.order)

    answers = [client.post(address, data).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert Shipment.objects.filter(order=world.order).count() == 1


def test_units_of_refused_package_are_offered_again(
    world: World, client: Client
) -> None:
    make_package(world.order, 1, state=Shipment.State.REFUSED)

    response = client.get(reverse("amazon-order-detail", args=[world.order.pk]))

    assert [left for _line, left in response.context["form"].open_lines] == [1]


def test_refused_package_is_discarded_and_its_alarm_ends(
    world: World, client: Client
) -> None:
    Order.objects.update(status=Order.Status.SHIPPED)
    package = make_refused(world.order)
    address = reverse("amazon-package-discard", args=[world.order.pk, package.pk])
    before = client.get(reverse("amazon-order-detail", args=[world.order.pk]))

    after, again = (client.post(address, follow=True) for _ in range(2))

    assert address in before.content.decode()
    assert before.context["next_step"].kind == "error"
    assert after.context["next_step"].kind == again.context["next_step"].kind == "ok"
    assert not Shipment.objects.exists()


def test_package_that_is_not_refused_stays(world: World, client: Client) -> None:
    package = make_package(world.order, 1)
    address = reverse("amazon-package-discard", args=[world.order.pk, package.pk])

    response = client.post(address, follow=True)

    assert address not in response.content.decode()
    assert Shipment.objects.filter(pk=package.pk).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("carrier", ""),
        ("carrier", "Pigeon"),
        ("tracking_number", ""),
        ("tracking_number", "x" * 81),
        ("shipped_at", "2999-01-01T00:00"),
        ("shipped_at", "yesterday"),
        ("carrier", "Other"),
    ],
)
def test_shipping_refuses_bad_field(
    world: World, client: Client, field: str, value: str
) -> None:
    address = reverse("amazon-order-ship", args=[world.order.pk])

    response = client.post(address, ship_data(world.order, **{field: value}))

    assert response.status_code == 422
    assert response.context["form"].errors
    assert not Shipment.objects.exists()


@pytest.mark.parametrize("units", ["0", "2", "-1", "many"])
def test_shipping_refuses_units_that_are_not_there(
    world: World, client: Client, units: str
) -> None:
    line = world.order.lines.get()
    data = ship_data(world.order, **{f"line_{line.pk}": units})

    response = client.post(reverse("amazon-order-ship", args=[world.order.pk]), data)

    assert response.status_code == 422
    assert not Shipment.objects.exists()


def test_detail_masks_personal_data_until_revealed(
    world: World, client: Client
) -> None:
    store_personal_data(
        world.order,
        {"buyerName": "Wilhelmina Murray"},
        {"deliveryAddress": {"name": "Wilhelmina Murray", "city": "Whitby"}},
    )
    detail = client.get(reverse("amazon-order-detail", args=[world.order.pk]))
    revealed = client.post(reverse("amazon-order-reveal", args=[world.order.pk]))

    assert "Wilhelmina" not in detail.content.decode()
    assert "Wilhelmina Murray" in revealed.content.decode()
    assert DiagnosticEntry.objects.filter(actor=world.owner.get_username()).exists()


def test_reveal_is_refused_without_the_right(world: World) -> None:
    client = make_member_client(world.store, StoreMember.Role.OPERATOR)

    response = client.post(reverse("amazon-order-reveal", args=[world.order.pk]))

    assert response.status_code == 403


def test_viewer_sees_no_form(world: World) -> None:
    client = make_member_client(world.store, StoreMember.Role.VIEWER)

    response = client.get(reverse("amazon-order-detail", args=[world.order.pk]))

    assert response.context["form"] is None


@pytest.mark.parametrize("status", [*Order.Status.values])
@pytest.mark.parametrize("fulfilled_by", [*Order.FulfilledBy.values])
def test_detail_says_next_step_for_each_status(
    world: World, client: Client, status: str, fulfilled_by: str
) -> None:
    order = builders.make_order(
        world.account, status=status, fulfilled_by=fulfilled_by, marketplace_id="?"
    )

    response = client.get(reverse("amazon-order-detail", args=[order.pk]))

    assert response.context["next_step"].text
    # The sentence points at the form where there is one.
    is_asked = "tracking number below" in response.content.decode()
    assert is_asked == (response.context["form"] is not None)


@pytest.mark.parametrize("days", [-1, 1])
def test_order_whose_shipper_is_not_known_asks_for_nothing(
    world: World, client: Client, days: int
) -> None:
    order = builders.make_order(
        world.account,
        fulfilled_by=Order.FulfilledBy.UNKNOWN,
        ship_by=timezone.now() + timedelta(days=days),
    )

    step = client.get(reverse("amazon-order-detail", args=[order.pk])).context[
        "next_step"
    ]

    assert step.kind == "waiting"
    assert step.text == "Amazon has not said yet who ships it."


@pytest.mark.parametrize(
    ("status", "shown"), [("unshipped", "merchant"), ("amazon", "amazon")]
)
def test_status_to_ship_leaves_out_what_amazon_ships(
    world: World, client: Client, status: str, shown: str
) -> None:
    Order.objects.all().delete()
    made = {
        who: builders.make_order(world.account, status="unshipped", fulfilled_by=who)
        for who in ("merchant", "amazon")
    }

    rows = client.get(reverse(LIST), {"status": status}).context["slice"].rows

    assert [row.pk for row in rows] == [made[shown].pk]
