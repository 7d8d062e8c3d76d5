"""A person's changes: each counts once, and none leaves too little in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from channels_amazon.models import StockLevel, StockMovement, Variant, Warehouse
from channels_amazon.services.stock import changes
from channels_amazon.services.stock.changes import Cause, Change, ShortStockError
from channels_amazon.services.stock.ledger import (
    Movement,
    StockError,
    apply_movements,
    set_on_hand,
)
from tests.builders import make_account, make_listing, make_variant, make_warehouse
from tests.ledger_proof import verify_levels

pytestmark = pytest.mark.django_db

Act = Callable[[Change], None]


@pytest.fixture
def place() -> Warehouse:
    """Give a warehouse."""
    return make_warehouse()


@pytest.fixture
def other(place: Warehouse) -> Warehouse:
    """Give another warehouse of the same store."""
    return make_warehouse(place.store, name="Hamburg")


@pytest.fixture
def variant(place: Warehouse) -> Variant:
    """Give a variant of which ten are on hand, four of them reserved."""
    variant = make_variant(place.store)
    set_on_hand(variant, place, 10, actor="", key="first")
    held = Movement(
        variant.pk, place.pk, StockMovement.Reason.RESERVED, "held", reserved=4
    )
    apply_movements([held])
    return variant


def on_hand(variant: Variant) -> dict[str, int]:
    """Return the units by warehouse."""
    rows = StockLevel.objects.filter(variant=variant)
    return dict(rows.values_list("warehouse__name", "on_hand"))


def by(key: str = "k", **over: object) -> Change:
    """Return who changes."""
    return Change(actor="ann", key=key, **over)  # type: ignore[arg-type]


def test_adjustment_keeps_cause_note_and_person(
    variant: Variant, place: Warehouse
) -> None:
    for _ in range(2):
        changes.adjust(variant, place, -3, Cause.DAMAGED, by(note=" fell down "))

    entry = StockMovement.objects.get(reason="adjusted")
    assert on_hand(variant)[place.name] == 7
    assert (entry.on_hand_delta, entry.cause) == (-3, "damaged")
    assert (entry.note, entry.actor) == ("fell down", "ann")


def test_adjustment_publishes_what_is_left(variant: Variant, place: Warehouse) -> None:
    listing = make_listing(make_account(place.store), variant=variant)

    changes.adjust(variant, place, 5, Cause.FOUND, by())

    listing.refresh_from_db()
    assert (listing.desired_quantity, listing.push_due) == (11, True)


def test_transfer_moves_units_once_and_names_both_ends(
    variant: Variant, place: Warehouse, other: Warehouse
) -> None:
    for _ in range(2):
        changes.transfer(variant, place, other, 6, by())

    assert on_hand(variant) == {place.name: 4, "Hamburg": 6}
    moves = StockMovement.objects.filter(reason="transfer").order_by("on_hand_delta")
    assert [(one.on_hand_delta, one.reference) for one in moves] == [
        (-6, "Hamburg"),
        (6, place.name),
    ]


@pytest.mark.parametrize(
    ("kind", "shown"), [("count", 1), ("adjust", 1), ("transfer", 1), ("below", -1)]
)
def test_change_that_leaves_too_little_is_asked_about_first(
    variant: Variant, place: Warehouse, other: Warehouse, kind: str, shown: int
) -> None:
    act: dict[str, Act] = {
        "count": lambda change: changes.count(variant, place, 3, change),
        "adjust": lambda change: changes.adjust(variant, place, -7, Cause.LOST, change),
        "transfer": lambda change: changes.transfer(variant, place, other, 7, change),
        "below": lambda change: changes.adjust(variant, place, -11, Cause.LOST, change),
    }
    before = on_hand(variant)

    with pytest.raises(ShortStockError) as caught:
        act[kind](by())

    (fallen,) = caught.value.shortfalls
    assert (fallen.sku, fallen.shown) == (variant.sku, shown)
    assert on_hand(variant) == before
    act[kind](by(agreed={fallen.place: fallen.shown}))
    assert on_hand(variant) != before


def test_more_than_was_agreed_is_asked_again(
    variant: Variant, place: Warehouse
) -> None:
    agreed = by(agreed={(variant.pk, place.pk): 1})

    with pytest.raises(ShortStockError):
        changes.adjust(variant, place, -8, Cause.LOST, agreed)


def test_variant_that_nobody_counted_is_asked_about_too(place: Warehouse) -> None:
    variant = make_variant(place.store)

    with pytest.raises(ShortStockError):
        changes.adjust(variant, place, -1, Cause.SAMPLE, by())


def test_change_that_makes_less_be_missing_asks_nothing(
    variant: Variant, place: Warehouse
) -> None:
    StockLevel.objects.update(on_hand=-5)

    changes.adjust(variant, place, 2, Cause.FOUND, by())

    assert on_hand(variant)[place.name] == -3


def test_nonsense_is_refused(
    variant: Variant, place: Warehouse, other: Warehouse
) -> None:
    elsewhere = make_warehouse()
    acts: list[Callable[[], None]] = [
        lambda: changes.adjust(variant, place, 0, Cause.FOUND, by()),
        lambda: changes.adjust(variant, place, 1, Cause.OTHER, by(note=" ")),
        lambda: changes.adjust(variant, elsewhere, 1, Cause.FOUND, by()),
        lambda: changes.transfer(variant, place, place, 1, by()),
        lambda: changes.transfer(variant, place, other, 0, by()),
        lambda: changes.transfer(variant, place, elsewhere, 1, by()),
        lambda: changes.transfer(variant, elsewhere, place, 1, by()),
        lambda: changes.count(variant, place, -1, by()),
    ]
    for act in acts:
        with pytest.raises(StockError):
            act()
    assert StockMovement.objects.count() == 2


def test_count_mends_a_level_that_is_not_the_sum_of_its_movements(
    variant: Variant, place: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    StockMovement.objects.filter(reason="reserved").delete()
    StockLevel.objects.update(on_hand=12, reserved=0)
    assert verify_levels([variant.pk]) != []

    changes.count(variant, place, 9, by())

    assert on_hand(variant)[place.name] == 9
    assert verify_levels([variant.pk]) == []
    assert "level mended" in caplog.text
