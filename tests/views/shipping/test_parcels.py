"""The parcels page: what waits, what needs a person, retry and discard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, Parcel, StoreMember
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_member_client, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-parcel-list"
State = Parcel.State


@pytest.fixture
def world() -> World:
    """Give a store with an order."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, **query: Any) -> list[Parcel]:
    """Return the parcels that the list shows for a query."""
    response = client.get(reverse(LIST), query)
    return list(response.context["slice"].rows)


def make_loose(world: World, amazon_order_id: str) -> Parcel:
    """Make a parcel of an order that nobody knows yet."""
    parcel = builders.make_parcel(world.order, amazon_order_id=amazon_order_id)
    Parcel.objects.filter(pk=parcel.pk).update(order=None, try_after=None)
    return parcel


@pytest.mark.parametrize("state", [*State.values])
def test_list_filters_by_state(world: World, client: Client, state: str) -> None:
    for value in State.values:
        builders.make_parcel(world.order, state=value)

    assert [row.state for row in shown(client, show=state)] == [state]
    assert len(shown(client)) == len(State.values)


def test_search_finds_order_and_tracking_number(world: World, client: Client) -> None:
    parcel = builders.make_parcel(world.order, tracking_number="JJD7")
    builders.make_parcel(builders.make_order(world.account))

    assert shown(client, q="JJD7") == [parcel]
    assert shown(client, q=world.order.amazon_order_id) == [parcel]
    assert shown(client, account=world.account.pk, q="JJD7") == [parcel]


@pytest.mark.parametrize(
    "typed",
    ["1390916", "902-315", "mon-27", "Mon-27-Bläck/x", "b0chx1", " 1W1XY. ", "jjd7x"],
)
def test_part_of_what_people_hold_finds_the_parcel(
    world: World, client: Client, typed: str
) -> None:
    line = {"seller_sku": "Mon-27-Bläck/x", "asin": "B0CHX1W1XY"}
    number = "902-3159896-1390916"
    order = builders.make_order(world.account, amazon_order_id=number, lines=(line,))
    parcel = builders.make_parcel(order, tracking_number="JJD7X")
    builders.make_parcel(builders.make_order(world.account), tracking_number="JJD8")
    # Another store's.
    theirs = builders.make_order(amazon_order_id=number, lines=(line,))
    builders.make_parcel(theirs, tracking_number="JJD7X")

    assert shown(client, q=typed) == [parcel]
    assert shown(client, q=typed, account=world.account.pk) == [parcel]
    assert shown(client, q=typed, show=State.DROPPED) == []


def test_part_finds_a_parcel_whose_order_nobody_knows(
    world: World, client: Client
) -> None:
    parcel = make_loose(world, "902-3159896-1390916")
    theirs = make_world()
    make_loose(theirs, "902-3159896-1390916")

    assert shown(client, q="9896-139") == [parcel]
    assert shown(client, q="902-3159896-1390916") == [parcel]


@pytest.mark.parametrize("cap", [1000, 2])
def test_search_finds_the_same_however_many_parcels_hold_it(
    world: World, client: Client, cap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.forms.shipping.COUNT_CAP", cap)
    line = {"seller_sku": "MANY-1"}
    found = [
        builders.make_parcel(builders.make_order(world.account, lines=(line,)))
        for _ in range(4)
    ]
    loose = [make_loose(world, f"MANY-{n}") for n in range(4)]

    assert shown(client, q="many") == [*reversed(loose), *reversed(found)]


def test_cut_search_is_said(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.services.orders.search.COUNT_CAP", 2)
    for _ in range(5):
        builders.make_order(world.account, lines=({"seller_sku": "MANY-1"},))

    text = client.get(reverse(LIST), {"q": "many"}).content.decode()
    short = client.get(reverse(LIST), {"q": "ma"}).content.decode()

    assert "Very many orders hold “many”: only 2 of them were looked up" in text
    assert "Write at least 3 characters to find a part" in short


def test_sentence_says_whether_a_person_is_needed(world: World, client: Client) -> None:
    page = reverse(LIST)
    assert "no parcel waits" in client.get(page).content.decode()
    builders.make_parcel(world.order)
    assert "1 parcel waits" in client.get(page).content.decode()
    builders.make_parcel(world.order, state=State.REFUSED, message="Why it is so.")
    text = client.get(page).content.decode()
    assert "1 parcel needs a person" in text
    assert "Why it is so." in text


def test_parcel_is_retried_and_discarded(world: World, client: Client) -> None:
    parcel = builders.make_parcel(world.order, state=State.REFUSED)
    retry = reverse("amazon-parcel-retry", args=[parcel.pk])
    discard = reverse("amazon-parcel-discard", args=[parcel.pk])

    response = client.post(retry, {"here": f"{reverse(LIST)}?show=refused"})
    parcel.refresh_from_db()
    assert (parcel.state, response["Location"]) == (
        State.WAITING,
        f"{reverse(LIST)}?show=refused",
    )
    for _ in range(2):
        client.post(discard)
    parcel.refresh_from_db()
    assert parcel.state == State.DROPPED


@pytest.mark.parametrize(
    "here",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "",
        "x:",
        # What a name of a page or of a file could be, and is none.
        "NaN",
        "a:b",
        "\x00",
    ],
)
def test_answer_leads_to_no_other_host(world: World, client: Client, here: str) -> None:
    parcel = builders.make_parcel(world.order)

    response = client.post(
        reverse("amazon-parcel-retry", args=[parcel.pk]), {"here": here}
    )

    assert response["Location"] == reverse(LIST)


def test_answer_takes_no_header_from_the_form(world: World, client: Client) -> None:
    parcel = builders.make_parcel(world.order, state=State.REFUSED)
    discard = reverse("amazon-parcel-discard", args=[parcel.pk])

    response = client.post(discard, {"here": "/admin/\r\nX-Odd: y"})

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/%0D%0A")
    assert "X-Odd" not in response.headers


def test_packed_parcel_is_neither_retried_nor_discarded(
    world: World, client: Client
) -> None:
    parcel = builders.make_parcel(world.order, state=State.APPLIED)

    for name in ("amazon-parcel-retry", "amazon-parcel-discard"):
        response = client.post(reverse(name, args=[parcel.pk]), follow=True)
        assert "in a package already" in response.content.decode()

    parcel.refresh_from_db()
    assert parcel.state == State.APPLIED


def test_overview_leads_to_late_orders_and_held_parcels(
    world: World, client: Client
) -> None:
    overview = reverse("amazon-overview")
    before = client.get(overview).content.decode()

    builders.make_parcel(world.order, state=State.REFUSED)
    Order.objects.update(ship_by=timezone.now() - timedelta(hours=1))

    text = client.get(overview).content.decode()
    for name, show in ((LIST, "refused"), ("amazon-shipment-board", "overdue")):
        link = f"{reverse(name)}?show={show}"
        assert (link in before, link in text) == (False, True)


def test_viewer_sees_no_buttons(world: World) -> None:
    builders.make_parcel(world.order)
    client = make_member_client(world.store, StoreMember.Role.VIEWER)

    text = client.get(reverse(LIST)).content.decode()

    assert world.order.amazon_order_id in text
    assert "/discard/" not in text


@pytest.mark.parametrize("parcels", [1, 40])
def test_list_asks_same_number_of_queries(
    world: World,
    client: Client,
    parcels: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for _ in range(parcels):
        builders.make_parcel(world.order)

    with django_assert_max_num_queries(14 + SIDE_BAR):
        assert client.get(reverse(LIST)).status_code == 200
