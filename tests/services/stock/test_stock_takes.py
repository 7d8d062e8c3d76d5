"""A stock-take saves what it showed, once, and says what happened meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_amazon.models import (
    StockLevel,
    StockMovement,
    StockTake,
    Variant,
    Warehouse,
)
from channels_amazon.rules.privacy.retention import DRY_RUNS_KEPT
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy import retention
from channels_amazon.services.stock import stock_takes
from channels_amazon.services.stock.changes import ShortStockError
from channels_amazon.services.stock.ledger import (
    Movement,
    StockError,
    apply_movements,
    set_on_hand,
)
from channels_amazon.services.stock.stock_takes import TakenRow, preview, rows_of, save
from tests.builders import (
    make_account,
    make_listing,
    make_variant,
    make_warehouse,
    number,
)
from tests.ledger_proof import verify_levels

pytestmark = pytest.mark.django_db
Reason = StockMovement.Reason


@pytest.fixture
def place() -> Warehouse:
    """Give a warehouse."""
    return make_warehouse()


def make_counted(place: Warehouse, units: int, **over: Any) -> Variant:
    """Make a variant of which that many units are on hand."""
    variant = make_variant(place.store, **over)
    set_on_hand(variant, place, units, actor="", key=f"first:{number()}")
    return variant


def move(variant: Variant, place: Warehouse, reason: Reason, **units: Any) -> None:
    """Move the variant's units as an order does."""
    one = Movement(variant.pk, place.pk, reason, f"move:{number()}", **units)
    apply_movements([one])


def taken(place: Warehouse, *rows: tuple[str, int]) -> StockTake:
    """Return the preview of a file with these rows."""
    lines = "".join(f"{sku},{units}\n" for sku, units in rows)
    return preview(place, f"sku,counted\n{lines}", actor="ann", file_name="a.csv")


def on_hand(variant: Variant) -> int:
    """Return the units on hand."""
    return int(StockLevel.objects.get(variant=variant).on_hand)


def saved(take: StockTake, **agreed: Any) -> StockTake:
    """Save the stock-take as Bea, who agrees to nothing."""
    return save(take, actor="bea", agreed=agreed.get("agreed", {}))


def test_preview_shows_and_changes_nothing(place: Warehouse) -> None:
    known, new = make_counted(place, 12), make_variant(place.store)

    take = taken(place, (known.sku, 10), (new.sku, 3), ("UNKNOWN", 1))

    assert rows_of(take) == [
        TakenRow(2, known.pk, known.sku, 10, 12, 0, _last_count(known), False),
        TakenRow(3, new.pk, new.sku, 3, 0, 0, 0, False),
    ]
    (left_out,) = stock_takes.left_out_of(take)
    assert (left_out.line, left_out.value) == (4, "UNKNOWN")
    assert on_hand(known) == 12
    assert (take.is_saved, take.number) == (False, None)


def _last_count(variant: Variant) -> int:
    return int(StockMovement.objects.filter(variant=variant, reason="count").get().pk)


def test_save_writes_what_was_shown_once_with_its_number(place: Warehouse) -> None:
    fewer, same = make_counted(place, 12), make_counted(place, 5)
    new = make_variant(place.store)
    listing = make_listing(make_account(place.store), variant=new)
    take = taken(place, (fewer.sku, 10), (same.sku, 5), (new.sku, 3))

    for _ in range(2):
        saved(take)

    take = StockTake.objects.get()
    assert [on_hand(one) for one in (fewer, same, new)] == [10, 5, 3]
    assert (take.number, take.saved_by, take.created_by) == (1, "bea", "ann")
    moves = StockMovement.objects.filter(reason="stock_take").order_by("variant")
    assert [(one.on_hand_delta, one.reference, one.actor) for one in moves] == [
        (-2, "ST-1", "bea"),
        (0, "ST-1", "bea"),
        (3, "ST-1", "bea"),
    ]
    listing.refresh_from_db()
    # A stock-take is a count: the variant's stock is known from now on.
    assert listing.desired_quantity == 3
    assert verify_levels() == []


def test_units_sold_between_preview_and_saving_stay_sold(place: Warehouse) -> None:
    variant, still = make_counted(place, 12), make_counted(place, 4)
    take = taken(place, (variant.sku, 10), (still.sku, 4))
    move(variant, place, Reason.SHIPPED, on_hand=-3)

    row, other = rows_of(saved(take))

    assert on_hand(variant) == 7
    assert (row.difference, row.moved, row.result) == (-2, -3, 7)
    assert (other.moved, other.result) == (0, 4)


@pytest.mark.parametrize("reason", [Reason.COUNT, Reason.IMPORT])
def test_count_between_preview_and_saving_is_not_done_twice(
    place: Warehouse, reason: Reason
) -> None:
    variant, other = make_counted(place, 12), make_counted(place, 4)
    take = taken(place, (variant.sku, 10), (other.sku, 3))
    set_on_hand(variant, place, 10, actor="", key="meanwhile", reason=reason)

    with pytest.raises(StockError) as caught:
        saved(take)

    assert caught.value.code == "stock.counted_meanwhile"
    assert variant.sku in caught.value.message
    assert (on_hand(variant), on_hand(other)) == (10, 4)
    assert not StockTake.objects.get().is_saved


def test_file_that_two_people_send_is_saved_once(place: Warehouse) -> None:
    variant = make_counted(place, 12)
    first, second = (taken(place, (variant.sku, 10)) for _ in range(2))
    saved(first)

    with pytest.raises(StockError):
        saved(second)

    assert on_hand(variant) == 10


def test_numbers_go_on_by_store(place: Warehouse) -> None:
    variant = make_counted(place, 1)
    elsewhere = make_warehouse()
    other = make_counted(elsewhere, 1)

    made = [
        saved(taken(where, (one.sku, 1))).number
        for where, one in ((place, variant), (elsewhere, other), (place, variant))
    ]

    assert made == [1, 1, 2]


def test_fewer_units_than_are_reserved_are_asked_about(place: Warehouse) -> None:
    variant, fine = make_counted(place, 10), make_counted(place, 3)
    move(variant, place, Reason.RESERVED, reserved=6)
    take = taken(place, (variant.sku, 4), (fine.sku, 2))
    (shown,) = stock_takes.fallen_of(take, rows_of(take))
    assert (shown.sku, shown.shown) == (variant.sku, 2)

    with pytest.raises(ShortStockError):
        saved(take)
    assert (on_hand(variant), on_hand(fine)) == (10, 3)

    saved(take, agreed={shown.place: shown.shown})
    assert (on_hand(variant), on_hand(fine)) == (4, 2)


def test_more_that_is_reserved_meanwhile_is_asked_about_anew(
    place: Warehouse,
) -> None:
    variant = make_counted(place, 10)
    move(variant, place, Reason.RESERVED, reserved=6)
    take = taken(place, (variant.sku, 4))
    shown = stock_takes.fallen_of(take, rows_of(take))
    agreed = {one.place: one.shown for one in shown}
    move(variant, place, Reason.RESERVED, reserved=2)

    with pytest.raises(ShortStockError) as caught:
        saved(take, agreed=agreed)

    assert caught.value.shortfalls[0].shown == 4


def test_previews_that_nobody_saved_are_deleted_in_time(place: Warehouse) -> None:
    variant = make_counted(place, 1)
    kept = saved(taken(place, (variant.sku, 1)))
    old, young = taken(place, (variant.sku, 1)), taken(place, (variant.sku, 1))
    for take in (kept, old):
        take.created_at -= DRY_RUNS_KEPT + timedelta(hours=1)
        take.save()

    maintenance.run_pass(retention.PASS)

    left = set(StockTake.objects.values_list("pk", flat=True))
    assert left == {kept.pk, young.pk}


def test_queries_do_not_grow_with_the_file(place: Warehouse) -> None:
    def cost(size: int) -> tuple[int, int]:
        variants = [make_counted(place, 5) for _ in range(size)]
        rows = [(one.sku, 4) for one in variants]
        with CaptureQueriesContext(connection) as shown:
            take = taken(place, *rows)
        with CaptureQueriesContext(connection) as kept:
            saved(take)
        return len(shown), len(kept)

    assert cost(2) == cost(30)
