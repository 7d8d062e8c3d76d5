"""Tests of taking over a store's own catalogue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from channels_amazon.models import StockLevel, StockMovement, Store, Variant, Warehouse
from channels_amazon.services.catalog.product_import import (
    ImportOptions,
    ImportResult,
    import_catalogue,
)
from channels_amazon.storefronts.catalogue import CatalogueItem, Rejected, Text
from channels_amazon.wording import sentence
from tests import builders

pytestmark = pytest.mark.django_db

MUG = CatalogueItem(
    line=2,
    sku="A-1",
    title="Mug",
    price=Decimal("14.90"),
    currency="EUR",
    category="Kitchen > Mugs",
    stock=7,
    warehouse="Hamburg",
    texts=(("de", Text("Becher", "https://shop.example/de/a-1")),),
)
OPEN = ImportOptions(actor="test", creates_warehouses=True)


def run(store: Store, *items: CatalogueItem | Rejected) -> ImportResult:
    """Import the items with new warehouses allowed."""
    return import_catalogue(store, items, OPEN)


def test_item_becomes_variant_with_text_category_and_stock() -> None:
    store = builders.make_store()
    assert run(store, MUG).created == 1
    variant = Variant.objects.select_related("product__category").get(sku="A-1")
    level = StockLevel.objects.get(variant=variant)
    assert variant.product.category is not None
    assert (variant.price, variant.product.category.name) == (MUG.price, "Mugs")
    assert (level.on_hand, level.warehouse.name) == (7, "Hamburg")
    assert variant.translations.get().title == "Becher"
    assert StockMovement.objects.get().reason == StockMovement.Reason.IMPORT


def test_second_import_updates_and_does_not_double_stock() -> None:
    store = builders.make_store()
    run(store, MUG)
    again = run(store, replace(MUG, title="Big mug", stock=9))
    assert (again.created, again.updated) == (0, 1)
    assert StockLevel.objects.get().on_hand == 9
    assert Variant.objects.get().product.title == "Big mug"


def test_empty_fields_say_nothing() -> None:
    store = builders.make_store()
    run(store, MUG)
    bare = CatalogueItem(line=2, sku="A-1", title="Mug")
    assert run(store, bare).unchanged == 1
    variant = Variant.objects.get()
    assert (variant.price, variant.currency) == (MUG.price, "EUR")


def test_import_of_new_ones_leaves_known_ones_alone() -> None:
    store = builders.make_store()
    run(store, MUG)
    only_new = ImportOptions(only_new=True)
    result = import_catalogue(store, [replace(MUG, stock=0, title="Other")], only_new)
    assert result.unchanged == 1
    assert StockLevel.objects.get().on_hand == 7


def test_unknown_warehouse_rejects_the_row_only() -> None:
    store = builders.make_store()
    builders.make_warehouse(store, name="Hamburg")
    items = [replace(MUG, warehouse="Hamburk"), replace(MUG, line=3, sku="A-2")]
    result = import_catalogue(store, items, ImportOptions())
    assert [(row.line, row.sku) for row in result.rejected] == [(2, "A-1")]
    assert list(Variant.objects.values_list("sku", flat=True)) == ["A-2"]


def test_rejected_rows_of_the_reader_are_handed_on() -> None:
    bad = Rejected(3, "A-9", sentence("no title is given"))
    result = run(builders.make_store(), bad, MUG)
    assert result.rejected == [bad]
    assert result.created == 1


def test_warehouses_with_one_slug_get_codes_of_their_own() -> None:
    store = builders.make_store()
    run(store, MUG, replace(MUG, sku="A-2", warehouse="Hamburg!"))
    codes = Warehouse.objects.filter(store=store).values_list("code", flat=True)
    assert sorted(codes) == ["hamburg", "hamburg-2"]


def test_new_sku_is_linked_to_its_listing() -> None:
    account = builders.make_account()
    listing = builders.make_listing(account, seller_sku="A-1")
    run(account.store, MUG)
    listing.refresh_from_db()
    assert listing.variant is not None
    assert listing.desired_quantity == 7


def test_same_sku_of_another_store_is_untouched() -> None:
    other = builders.make_variant(sku="A-1")
    store = builders.make_store()
    run(store, MUG)
    assert Variant.objects.filter(sku="A-1").count() == 2
    assert not StockLevel.objects.filter(variant=other).exists()
