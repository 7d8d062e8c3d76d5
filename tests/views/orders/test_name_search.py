"""The search by name: only for those who may see people, and nowhere in addresses."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from channels_amazon.models import DiagnosticEntry, StoreMember
from channels_amazon.services.privacy.personal_data import store_personal_data
from tests import builders
from tests.views.scene import World, make_member_client, make_world, signed_in

pytestmark = pytest.mark.django_db
SEARCH, LIST = "amazon-order-search", "amazon-order-list"
NAME = "Wilhelmina Murray"


@pytest.fixture
def world() -> World:
    """Give a store with a nameless order and one whose buyer is known."""
    world = make_world()
    order = builders.make_order(world.account, amazon_order_id="902-1-NAMED")
    store_personal_data(order, {"buyerName": NAME}, None)
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, address: str) -> list[str]:
    """Return the order ids on the list at that address."""
    rows = client.get(address).context["slice"].rows
    return [order.amazon_order_id for order in rows]


def search(client: Client, name: str = NAME) -> str:
    """Search by name; return the address that leads to what was found."""
    response = client.post(reverse(SEARCH), {"name": name})
    assert response.status_code == 302
    return str(response["Location"])


def test_name_leads_to_its_orders_and_stands_in_no_address(client: Client) -> None:
    address = search(client)

    assert shown(client, address) == ["902-1-NAMED"]
    assert shown(client, f"{address}&status=shipped") == []
    page = client.get(address).content.decode()
    assert "Murray" not in address + page
    assert "the name you searched for" in page


def test_each_search_is_recorded_once_without_the_name(
    world: World, client: Client
) -> None:
    address = search(client)
    for _ in range(3):
        client.get(address, headers={"HX-Request": "true"})

    entry = DiagnosticEntry.objects.get(code="personal_data.searched")
    assert (entry.actor, entry.store) == (world.owner.get_username(), world.store)
    assert "Murray" not in entry.message


def test_search_is_for_those_only_who_may_see_people(world: World) -> None:
    member = make_member_client(world.store, StoreMember.Role.OWNER)
    admin = signed_in(builders.make_user(is_superuser=True))

    for client in (member, admin):
        assert client.post(reverse(SEARCH), {"name": NAME}).status_code == 403
        assert reverse(SEARCH) not in client.get(reverse(LIST)).content.decode()


def test_address_of_a_search_is_of_no_use_to_others(
    world: World, client: Client
) -> None:
    address = search(client)
    other = make_member_client(
        world.store, StoreMember.Role.OWNER, sees_personal_data=True
    )

    response = other.get(address)

    assert response.context["slice"].rows == []
    assert "search again" in response.content.decode()


def test_search_ends_with_the_right_to_see_people(world: World, client: Client) -> None:
    address = search(client)
    StoreMember.objects.update(sees_personal_data=False)

    assert shown(client, address) == []


def test_search_does_not_reach_other_stores(client: Client) -> None:
    order = builders.make_order()
    store_personal_data(order, {"buyerName": NAME}, None)

    assert shown(client, search(client)) == ["902-1-NAMED"]


@pytest.mark.parametrize("name", ["", "  ", "!?", "x" * 121])
def test_nothing_to_search_for_is_said(client: Client, name: str) -> None:
    assert search(client, name) == reverse(LIST)
    assert not DiagnosticEntry.objects.filter(code="personal_data.searched").exists()


def test_session_keeps_the_last_searches(client: Client) -> None:
    first = search(client)
    later = [search(client) for _ in range(5)]

    assert shown(client, first) == []
    assert shown(client, later[0]) == ["902-1-NAMED"]
