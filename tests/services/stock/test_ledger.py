"""Counts, the ledger, and what listings should publish."""

from __future__ import annotations

import pytest

from channels_amazon.models import Listing, StockLevel, StockMovement, SyncJob
from channels_amazon.services.stock import ledger, publication, quantities
from channels_amazon.services.stock.ledger import Movement, StockError
from tests.builders import (
    make_account,
    make_job,
    make_listing,
    make_store,
    make_variant,
    make_warehouse,
)
from tests.ledger_proof import verify_levels

pytestmark = pytest.mark.django_db


def test_set_on_hand_writes_level_and_ledger() -> None:
    warehouse = make_warehouse()
    variant = make_variant(warehouse.store)

    level = ledger.set_on_hand(variant, warehouse, 7, actor="ann", key="count:1")

    entry = StockMovement.objects.get(variant=variant)
    assert (level.on_hand, level.available) == (7, 7)
    assert (entry.on_hand_delta, entry.reason, entry.actor) == (7, "count", "ann")


def test_set_on_hand_twice_with_one_key_counts_once() -> None:
    warehouse = make_warehouse()
    variant = make_variant(warehouse.store)
    ledger.set_on_hand(variant, warehouse, 7, actor="ann", key="count:1")
    ledger.set_on_hand(variant, warehouse, 3, actor="ann", key="count:2")

    level = ledger.set_on_hand(variant, warehouse, 7, actor="ann", key="count:1")

    assert level.on_hand == 3
    assert StockMovement.objects.filter(variant=variant).count() == 2


def test_set_on_hand_refuses_less_than_zero_and_other_stores() -> None:
    warehouse, elsewhere = make_warehouse(), make_warehouse()
    variant = make_variant(warehouse.store)

    with pytest.raises(StockError):
        ledger.set_on_hand(variant, warehouse, -1, actor="", key="a")
    with pytest.raises(StockError):
        ledger.set_on_hand(variant, elsewhere, 1, actor="", key="b")
    assert not StockLevel.objects.exists()


def test_apply_movements_ignores_keys_the_ledger_has() -> None:
    warehouse = make_warehouse()
    variant = make_variant(warehouse.store)
    move = Movement(
        variant.pk, warehouse.pk, StockMovement.Reason.IMPORT, "import:1", on_hand=4
    )

    assert ledger.apply_movements([move, move]) == 1
    assert ledger.apply_movements([move]) == 0
    assert verify_levels() == []


def test_proof_finds_what_was_changed_behind_the_ledger() -> None:
    warehouse = make_warehouse()
    variant = make_variant(warehouse.store)
    ledger.set_on_hand(variant, warehouse, 7, actor="", key="a")
    StockLevel.objects.update(on_hand=8)

    (difference,) = verify_levels([variant.pk])

    assert (difference.on_hand, difference.ledger_on_hand) == (8, 7)


def test_count_sets_what_the_listing_should_publish_and_wakes_the_push() -> None:
    account = make_account()
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store, safety_stock=2)
    listing = make_listing(account, variant=variant)
    job = make_job(account, kind="stock_push")
    far = job.due_at.replace(year=2100)
    SyncJob.objects.update(due_at=far)

    ledger.set_on_hand(variant, warehouse, 7, actor="", key="a")

    listing.refresh_from_db()
    job.refresh_from_db()
    assert (listing.desired_quantity, listing.push_due) == (5, True)
    assert listing.desired_why["safety_stock"] == 2
    assert job.due_at < far


def test_push_is_due_again_when_a_number_comes_back() -> None:
    account = make_account()
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store)
    ledger.set_on_hand(variant, warehouse, 5, actor="", key="a")
    listing = make_listing(
        account, variant=variant, desired_quantity=5, acknowledged_quantity=5
    )

    ledger.set_on_hand(variant, warehouse, 4, actor="", key="b")
    ledger.set_on_hand(variant, warehouse, 5, actor="", key="c")

    listing.refresh_from_db()
    assert (listing.desired_quantity, listing.push_due) == (5, True)


def test_uncounted_variant_publishes_nothing() -> None:
    account = make_account()
    variant = make_variant(account.store)
    listing = make_listing(account, variant=variant)

    publication.refresh_desired([variant.pk])

    listing.refresh_from_db()
    assert (listing.desired_quantity, listing.push_due) == (None, False)
    assert quantities.availability([variant.pk])[variant.pk].available is None


def test_amazons_own_stock_never_gets_a_quantity() -> None:
    account = make_account()
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store)
    make_listing(
        account, variant=variant, is_mfn=False, is_fba=True, desired_quantity=3
    )

    ledger.set_on_hand(variant, warehouse, 7, actor="", key="a")

    listing = Listing.objects.get()
    assert (listing.desired_quantity, listing.push_due) == (None, False)


def test_first_quantity_that_amazon_shows_already_is_not_sent() -> None:
    account = make_account()
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store)
    make_listing(account, variant=variant, observed_quantity=7)

    ledger.set_on_hand(variant, warehouse, 7, actor="", key="a")

    listing = Listing.objects.get()
    assert (listing.desired_quantity, listing.push_due) == (7, False)


def test_first_push_that_is_under_way_is_not_forgotten() -> None:
    """Amazon may have taken the 9 although the process died before it could tell."""
    account = make_account()
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store)
    make_listing(account, variant=variant, observed_quantity=7)
    ledger.set_on_hand(variant, warehouse, 9, actor="", key="a")

    ledger.set_on_hand(variant, warehouse, 7, actor="", key="b")

    listing = Listing.objects.get()
    assert (listing.desired_quantity, listing.push_due) == (7, True)


def test_availability_costs_the_same_for_many_variants(
    django_assert_max_num_queries: object,
) -> None:
    store = make_store()
    warehouse = make_warehouse(store)
    variants = [make_variant(store) for _ in range(5)]
    for variant in variants:
        ledger.set_on_hand(variant, warehouse, 1, actor="", key=f"k{variant.pk}")

    with django_assert_max_num_queries(3):  # type: ignore[operator]
        numbers = quantities.availability([variant.pk for variant in variants])

    assert {row.available for row in numbers.values()} == {1}
