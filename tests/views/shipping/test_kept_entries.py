"""What was entered for chosen orders is there again, for these and not for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels_amazon.models import Shipment
from channels_amazon.views.shipping import kept_entries
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


def kept(client: Client) -> list[dict[str, Any]]:
    """Return what the session keeps of the choices."""
    return list(client.session["chosen_orders"])


def test_two_tabs_keep_what_was_entered_in_each(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    preview(client, entered(first), first)
    preview(client, entered(second), second)

    for order in (first, second):
        page = client.get(address(order))
        assert outcomes(page) == {order.pk: "ships"}
        assert f"1Z{order.pk:016d}" in page.content.decode()


def test_choice_is_the_same_in_any_order(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    preview(client, entered(first, second), first, second)

    assert set(outcomes(client.get(address(second, first))).values()) == {"ships"}


def test_last_choices_alone_are_kept(world: World, client: Client) -> None:
    orders = make_orders(world, kept_entries.MOST_KEPT + 1)
    for order in orders:
        preview(client, entered(order), order)

    assert [one["orders"] for one in kept(client)] == [[one.pk] for one in orders[1:]]


def test_old_entry_is_not_shown_again(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order,) = make_orders(world, 1)
    preview(client, entered(order), order)
    monkeypatch.setattr(kept_entries, "KEPT_FOR", timedelta(0))

    page = client.get(address(order))

    assert outcomes(page) == {}
    assert f"1Z{order.pk:016d}" not in page.content.decode()


def test_fields_of_the_forms_alone_are_kept(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    data = entered(first, second, next="x" * 5000, seen="mark", confirm="")

    client.post(address(first), data)

    (entry,) = kept(client)
    assert set(entry["data"]) == {
        "carrier",
        "shipped_at",
        f"o{first.pk}-tracking_number",
    }


def test_what_was_sent_is_forgotten(world: World, client: Client) -> None:
    first, second = make_orders(world, 2)
    data = entered(first)
    seen = preview(client, data, first, second).context["seen"]

    response = confirm(client, data, first, second, seen=seen)

    assert [one["orders"] for one in kept(client)] == [[second.pk]]
    assert outcomes(after(client, response)) == {second.pk: "no_number"}
    confirm(client, entered(second), second)
    assert Shipment.objects.count() == 2
    assert kept(client) == []


def test_form_with_an_error_leads_to_its_page(world: World, client: Client) -> None:
    (order,) = make_orders(world, 1)

    response = client.post(address(order), entered(order, carrier="Pigeon"))

    assert response["Location"] == address(order)
    for _ in range(2):
        text = client.get(address(order)).content.decode()
        assert "Amazon has no carrier of this name" in text
        assert f"1Z{order.pk:016d}" in text
