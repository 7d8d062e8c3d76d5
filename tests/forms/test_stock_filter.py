"""The stock is found by a part of what people hold in their hands."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-stock-list"


@pytest.fixture
def world() -> World:
    """Give a store with a variant and its listing."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, **query: Any) -> list[str]:
    """Return the SKUs that the list shows for a query."""
    response = client.get(reverse(LIST), query)
    return [row["variant"].sku for row in response.context["rows"]]


@pytest.mark.parametrize(
    "text", ["sku-part", "UE-1", "blue-1", "638133", "00tea", "TEAPOT", "茶壶", "茶"]
)
def test_search_finds_a_part_in_any_case(
    world: World, client: Client, text: str
) -> None:
    variant = builders.make_variant(
        world.store, sku="SKU-PART-Blue-1", barcode="4006381333931"
    )
    variant.product.title = "Blue teapot 蓝色茶壶"
    variant.product.save()
    builders.make_listing(world.account, variant=variant, asin="B00TEA0001")

    assert shown(client, q=text) == [variant.sku]


def test_search_by_a_sellers_own_sku_finds_its_variant(
    world: World, client: Client
) -> None:
    variant = builders.make_variant(world.store)
    builders.make_listing(world.account, variant=variant, seller_sku="AMZ-Other-7")

    assert shown(client, q="amz-other") == [variant.sku]


def test_search_says_what_it_leaves_out(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        builders.make_variant(world.store, sku=f"MANY-{number}")

    def hint(text: str) -> str:
        said: str = client.get(reverse(LIST), {"q": text}).context["form"].hint
        return said

    assert hint("many") == ""
    assert "Write at least 3 characters" in hint("ma")
    monkeypatch.setattr("channels_amazon.services.stock.search.COUNT_CAP", 2)
    assert "others are not shown" in hint("many")
    monkeypatch.undo()
    monkeypatch.setattr("channels_amazon.services.stock.search.NEWEST", 2)
    assert "newest 2 variants" not in hint("MANY-0")
    assert "Write all of a SKU" in hint("many")
    assert shown(client, q="many") == ["MANY-1", "MANY-2"]


def test_whole_sku_alone_is_said_to_have_no_longer_ones(
    world: World, client: Client
) -> None:
    builders.make_variant(world.store, sku="ONE-1")

    def hint() -> str:
        said: str = client.get(reverse(LIST), {"q": "ONE-1"}).context["form"].hint
        return said

    assert hint() == ""
    builders.make_variant(world.store, sku="ONE-1-XL")
    assert "find longer ones too" in hint()
    assert shown(client, q="ONE-1") == ["ONE-1"]


def test_search_leaves_other_stores_alone(world: World, client: Client) -> None:
    builders.make_variant(builders.make_store(), sku="FOREIGN-1")

    assert shown(client, q="FOREIGN-1") == shown(client, q="foreign") == []
