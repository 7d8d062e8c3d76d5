"""Returned units: booked by a person, once, never more than left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.models import (
    DiagnosticEntry,
    Order,
    OrderLine,
    ReturnedUnits,
    Shipment,
    StockLevel,
    StockMovement,
    Warehouse,
)
from channels_amazon.services.shipping.returns import (
    ReturnDraft,
    ReturnError,
    book_return,
    returnable,
)
from channels_amazon.services.stock import ledger
from tests.builders import (
    make_account,
    make_line,
    make_order,
    make_variant,
    make_warehouse,
    number,
)
from tests.ledger_proof import verify_levels
from tests.processes import Processes

pytestmark = pytest.mark.django_db
HERE = "tests.services.shipping.test_returns"


def make_scene(**over: Any) -> tuple[OrderLine, Warehouse]:
    """Make a shipped line of three units, and a warehouse with ten."""
    account = make_account()
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store)
    ledger.set_on_hand(variant, warehouse, 10, actor="", key=f"c{number()}")
    order = make_order(account, lines=(), status=Order.Status.SHIPPED, **over)
    line = make_line(order, variant=variant, quantity=3, quantity_shipped=3)
    return line, warehouse


def book(line: OrderLine, warehouse: Warehouse, units: int, **over: Any) -> Any:
    """Book units as sellable, under a key of their own unless told."""
    key = over.pop("key", f"k{number()}")
    draft = ReturnDraft(units, warehouse, **{"is_sellable": True} | over)
    return book_return(line, draft=draft, actor="ann", key=key)


def on_hand() -> int:
    """Return the units on hand."""
    return StockLevel.objects.get().on_hand


def test_sellable_units_enter_the_stock_once() -> None:
    line, warehouse = make_scene()

    first, again = (book(line, warehouse, 2, key="form-1") for _ in range(2))

    assert first == again
    assert on_hand() == 12
    movement = StockMovement.objects.get(reason="returned")
    assert (movement.actor, movement.reference) == ("ann", str(line.order))
    assert DiagnosticEntry.objects.get(code="returns.booked").actor == "ann"
    assert verify_levels() == []


def test_damaged_units_are_kept_in_mind_and_out_of_the_stock() -> None:
    line, warehouse = make_scene()

    book(line, warehouse, 1, is_sellable=False, note="broken")

    assert on_hand() == 10
    assert returnable(line.order) == {line.pk: 2}


@pytest.mark.parametrize("units", [0, -1, 4])
def test_more_than_was_shipped_is_refused(units: int) -> None:
    line, warehouse = make_scene()

    with pytest.raises(ReturnError):
        book(line, warehouse, units)

    assert not ReturnedUnits.objects.exists()


@pytest.mark.parametrize(("confirmed_at", "units"), [(timezone.now(), 2), (None, 0)])
def test_units_of_a_refused_package_come_back_if_amazon_had_it(
    confirmed_at: datetime | None, units: int
) -> None:
    line, _warehouse = make_scene()
    OrderLine.objects.update(quantity_shipped=0)
    package = Shipment.objects.create(
        order=line.order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z0",
        shipped_at=timezone.now(),
        state=Shipment.State.REFUSED,
        confirmed_at=confirmed_at,
    )
    package.lines.create(line=line, quantity=2)

    assert returnable(line.order) == {line.pk: units}


def test_other_stores_warehouse_is_refused() -> None:
    line, _warehouse = make_scene()

    with pytest.raises(ReturnError):
        book(line, make_warehouse(), 1)


def test_return_of_an_order_amazon_ships_is_refused() -> None:
    line, warehouse = make_scene(fulfilled_by=Order.FulfilledBy.AMAZON)

    with pytest.raises(ReturnError):
        book(line, warehouse, 1)


def test_unmatched_line_returns_only_what_is_not_sold() -> None:
    line, warehouse = make_scene()
    OrderLine.objects.update(variant=None)

    with pytest.raises(ReturnError) as refused:
        book(line, warehouse, 1)
    book(line, warehouse, 1, is_sellable=False)

    assert refused.value.code == "returns.unmatched"
    assert ReturnedUnits.objects.get().quantity == 1


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(st.integers(-1, 4), st.booleans()), max_size=6))
def test_bookings_never_exceed_what_was_shipped(
    rows: list[tuple[int, bool]],
) -> None:
    line, warehouse = make_scene()

    for units, is_sellable in rows:
        left = returnable(line.order)[line.pk]
        if 1 <= units <= left:
            book(line, warehouse, units, is_sellable=is_sellable)
        else:
            with pytest.raises(ReturnError):
                book(line, warehouse, units, is_sellable=is_sellable)

    booked = ReturnedUnits.objects.filter(line=line)
    assert sum(booked.values_list("quantity", flat=True)) <= 3
    sold = sum(booked.filter(is_sellable=True).values_list("quantity", flat=True))
    assert StockLevel.objects.get(variant=line.variant).on_hand == 10 + sold


def book_all(line_id: int, process: int) -> int:
    """Book three units one by one, as a person with a hurry does."""
    line = OrderLine.objects.get(pk=line_id)
    warehouse = Warehouse.objects.get(store=line.order.account.store)
    booked = 0
    for turn in range(3):
        try:
            book(line, warehouse, 1, key=f"p{process}:{turn}")
            booked += 1
        except ReturnError:
            continue
    return booked


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_book_no_unit_twice(processes: Processes) -> None:
    line, _warehouse = make_scene()

    booked = processes.together(f"{HERE}:book_all", line.pk, count=2)

    assert sum(booked) == 3
    assert on_hand() == 13
    assert verify_levels() == []
