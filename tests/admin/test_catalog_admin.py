"""The admin's pages of categories and products know the rules that hold by them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from channels_amazon.models import Category, SyncRule
from channels_amazon.services.stock import ledger
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world()
    made.owner.user_permissions.set(Permission.objects.all())  # type: ignore[attr-defined]
    return made


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


@pytest.fixture
def category(world: World) -> Category:
    """Give a category with a rule that publishes one unit at most below it."""
    made: Category = Category.objects.create(
        store=world.store, name="Light", path="Home > Light"
    )
    SyncRule.objects.create(
        store=world.store,
        kind=SyncRule.Kind.STOCK,
        category="Home > Light",
        terms={"cap": 1},
    )
    return made


def address(name: str, row: Any) -> str:
    """Return an admin's page of a row."""
    model = row._meta.model_name
    return reverse(f"admin:channels_amazon_{model}_{name}", args=[row.pk])


def test_path_by_which_a_rule_holds_stays(
    world: World, client: Client, category: Category
) -> None:
    page = client.get(address("change", category))
    client.post(
        address("change", category),
        {"store": world.store.pk, "name": "Lights", "path": "Home > Lights"},
    )

    assert "change the rule first" in page.content.decode()
    category.refresh_from_db()
    assert (category.name, category.path) == ("Lights", "Home > Light")


def test_category_by_which_a_rule_holds_is_not_deleted(
    client: Client, category: Category
) -> None:
    page = client.post(address("delete", category), {"post": "yes"})

    assert Category.objects.filter(pk=category.pk).exists()
    assert "change the rule first" in page.content.decode()


def test_other_categories_are_changed_and_deleted(
    world: World, client: Client, category: Category
) -> None:
    other = Category.objects.create(store=world.store, name="Desk", path="Desk")
    data = {"store": world.store.pk, "name": "Desks", "path": "Desks"}

    client.post(address("change", other), data)
    other.refresh_from_db()
    client.post(address("delete", other), {"post": "yes"})

    assert other.path == "Desks"
    assert not Category.objects.filter(pk=other.pk).exists()


def test_product_of_another_category_publishes_by_its_rule(
    world: World, client: Client, category: Category
) -> None:
    ledger.set_on_hand(world.variant, world.warehouse, 9, actor="", key="nine")
    product = world.variant.product
    data = {
        "store": world.store.pk,
        "title": product.title,
        "category": category.pk,
        "variants-TOTAL_FORMS": 0,
        "variants-INITIAL_FORMS": 0,
    }

    client.post(address("change", product), data)

    assert world.variant.listings.get().desired_quantity == 1
