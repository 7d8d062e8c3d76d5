"""The admin's own forms show the user's stores only, and never a secret."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from channels_amazon.admin import site
from channels_amazon.models import Credential, DeveloperApplication, Product, Variant
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give two stores whose owners hold every model permission."""
    world = make_world()
    for user in (world.owner, world.stranger):
        user.user_permissions.set(Permission.objects.all())  # type: ignore[attr-defined]
    return world


def test_list_shows_own_store_only(world: World) -> None:
    address = reverse("admin:channels_amazon_variant_changelist")

    own = signed_in(world.owner).get(address).content.decode()
    other = signed_in(world.stranger).get(address).content.decode()

    assert world.variant.sku in own
    assert world.variant.sku not in other


def test_row_of_another_store_cannot_be_opened(world: World) -> None:
    address = reverse("admin:channels_amazon_store_change", args=[world.store.pk])

    assert signed_in(world.owner).get(address).status_code == 200
    assert signed_in(world.stranger).get(address).status_code == 302


def test_choices_hold_own_store_only(world: World) -> None:
    address = reverse("admin:channels_amazon_product_add")

    page = signed_in(world.stranger).get(address)

    field = page.context["adminform"].form.fields["store"]
    assert world.store not in field.queryset


def test_new_variant_finds_its_listing(world: World) -> None:
    listing = builders.make_listing(world.account, seller_sku="NEW-1")
    product = Product.objects.create(store=world.store, title="New")
    data = {
        "store": world.store.pk,
        "product": product.pk,
        "sku": "NEW-1",
        "currency": "USD",
        "safety_stock": 0,
        "translations-TOTAL_FORMS": 0,
        "translations-INITIAL_FORMS": 0,
    }

    signed_in(world.owner).post(reverse("admin:channels_amazon_variant_add"), data)

    listing.refresh_from_db()
    assert listing.variant == Variant.objects.get(sku="NEW-1")


def test_secrets_have_no_form() -> None:
    assert not site.is_registered(Credential)
    assert not site.is_registered(DeveloperApplication)
