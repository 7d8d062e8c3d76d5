"""Counts, adjustments and transfers from a variant's page."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels_amazon.models import StockLevel, StockMovement, Warehouse
from channels_amazon.services.stock.ledger import Movement, apply_movements
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store whose variant has ten units, six of them reserved."""
    world = make_world()
    pair = (world.variant.pk, world.warehouse.pk)
    apply_movements(
        [
            Movement(*pair, StockMovement.Reason.COUNT, "first", on_hand=10),
            Movement(*pair, StockMovement.Reason.RESERVED, "held", reserved=6),
        ]
    )
    return world


@pytest.fixture
def other(world: World) -> Warehouse:
    """Give another warehouse of the store."""
    return builders.make_warehouse(world.store, name="Hamburg")


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def send(client: Client, world: World, what: str, **over: Any) -> Any:
    """Return the answer to a change of the variant."""
    data = {"warehouse": world.warehouse.pk, "token": uuid.uuid4(), **over}
    return client.post(reverse(f"amazon-stock-{what}", args=[world.variant.pk]), data)


def on_hand(world: World) -> dict[int, int]:
    """Return the units by warehouse."""
    rows = StockLevel.objects.filter(variant=world.variant)
    return dict(rows.values_list("warehouse", "on_hand"))


def test_adjustment_is_made_once_and_shown(world: World, client: Client) -> None:
    data = {
        "token": uuid.uuid4(),
        "units": -2,
        "cause": "other",
        "note": "A <b>fair</b>",
    }
    for _ in range(2):
        assert send(client, world, "adjust", **data).status_code == 302

    page = client.get(reverse("amazon-stock-detail", args=[world.variant.pk]))

    assert on_hand(world) == {world.warehouse.pk: 8}
    assert "Adjusted: Other reason" in page.text
    assert "A &lt;b&gt;fair&lt;/b&gt;" in page.text
    assert "-2 (Other reason)" in page.text


def test_transfer_moves_units_once(
    world: World, client: Client, other: Warehouse
) -> None:
    token = uuid.uuid4()
    for _ in range(2):
        send(client, world, "transfer", target=other.pk, units=4, token=token)

    assert on_hand(world) == {world.warehouse.pk: 6, other.pk: 4}


def test_transfer_is_offered_where_there_are_two_warehouses(
    world: World, client: Client
) -> None:
    address = reverse("amazon-stock-detail", args=[world.variant.pk])
    assert "Move units" not in client.get(address).text

    builders.make_warehouse(world.store)
    assert "Move units" in client.get(address).text


@pytest.mark.parametrize(
    ("what", "data", "said"),
    [
        ("set", {"quantity": 4}, "will lack 2 of"),
        ("adjust", {"units": -5, "cause": "lost"}, "will lack 1 of"),
        ("adjust", {"units": -12, "cause": "lost"}, "will show -2 of"),
        ("transfer", {"units": 7}, "will lack 3 of"),
    ],
)
def test_change_that_leaves_too_little_is_named_before(
    world: World,
    client: Client,
    other: Warehouse,
    what: str,
    data: dict[str, Any],
    said: str,
) -> None:
    data = {"target": other.pk, "token": uuid.uuid4(), **data}

    page = send(client, world, what, **data)

    assert page.status_code == 422
    assert f"{world.warehouse.name} {said} {world.variant.sku}" in page.text
    assert on_hand(world)[world.warehouse.pk] == 10
    name = {"set": "count"}.get(what, what)
    asked = page.context["forms"][name].asked
    assert f'value="{asked}"' in page.text
    assert send(client, world, what, **data, below_zero=asked).status_code == 302
    assert on_hand(world)[world.warehouse.pk] != 10


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("adjust", {"units": 0, "cause": "lost"}),
        ("adjust", {"units": 1.5, "cause": "lost"}),
        ("adjust", {"units": 1, "cause": "magic"}),
        ("adjust", {"units": 1, "cause": ""}),
        ("adjust", {"units": 1, "cause": "other", "note": " "}),
        ("adjust", {"units": 1, "cause": "found", "note": "x" * 201}),
        ("adjust", {"units": 1, "cause": "found", "token": "no"}),
        ("transfer", {"units": 1}),
        ("transfer", {"units": 1, "target": "own"}),
        ("transfer", {"units": 1, "target": "foreign"}),
        ("transfer", {"units": 0, "target": "other"}),
        ("transfer", {"units": -1, "target": "other"}),
    ],
)
def test_nonsense_is_refused(
    world: World, client: Client, other: Warehouse, what: str, data: dict[str, Any]
) -> None:
    places = {
        "own": world.warehouse.pk,
        "other": other.pk,
        "foreign": builders.make_warehouse().pk,
    }
    if "target" in data:
        data = data | {"target": places[data["target"]]}

    assert send(client, world, what, **data).status_code == 422
    assert on_hand(world) == {world.warehouse.pk: 10}
