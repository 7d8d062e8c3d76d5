"""Orders of the store are kept once, decided, cancelled, and their addresses purged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import (
    DiagnosticEntry,
    FulfillmentOrder,
    Store,
    StoreOrder,
    StoreOrderPersonalData,
    Variant,
)
from channels_amazon.services.mcf import commitments, results
from channels_amazon.services.mcf.destinations import (
    destination_of,
    masked_destination,
    reveal_destination,
)
from channels_amazon.services.mcf.store_orders import (
    StoreOrderError,
    cancel_store_order,
    decide_again,
    place_store_order,
    ship_locally,
)
from channels_amazon.services.privacy.purge import purge
from channels_amazon.services.stock import ledger
from tests.builders import (
    make_store,
    make_user,
    make_variant,
    make_warehouse,
    place_order,
    store_order_draft,
)
from tests.processes import Processes
from tests.services.mcf.scene import answer, make_pool, offered, promised

HERE = "tests.services.mcf.test_store_orders"

pytestmark = pytest.mark.django_db


def make_stocked(units: int = 5) -> Variant:
    """Make a variant with counted units in a warehouse of its store."""
    variant = make_variant()
    warehouse = make_warehouse(variant.store)
    ledger.set_on_hand(variant, warehouse, units, actor="", key=f"c{variant.pk}")
    return variant


def place_together(store_id: int, sku: str, process: int) -> list[Any]:
    """Place the same order as another process does."""
    store = Store.objects.get(pk=store_id)
    draft = store_order_draft((sku, 1), number="SAME")
    placed = place_store_order(store, draft=draft, actor="")
    return [placed.order.pk, placed.is_new]


def test_order_of_counted_stock_is_shipped_by_the_store() -> None:
    variant = make_stocked()

    order = place_order(variant.store, (variant.sku, 5))

    assert (order.state, order.currency) == ("local", variant.store.currency)
    assert order.why.reason
    assert order.lines.get().variant_id == variant.pk


def test_unknown_sku_keeps_the_order_for_a_person() -> None:
    order = place_order(make_store(), ("NEW-SKU", 1))
    assert order.state == "needs_person"

    variant = make_variant(order.store, sku="NEW-SKU")
    ledger.set_on_hand(variant, make_warehouse(order.store), 1, actor="", key="c")
    decide_again(order)

    assert order.state == "local"


def test_same_order_again_is_the_one_there_is() -> None:
    variant = make_stocked()
    draft = store_order_draft((variant.sku, 1))

    first = place_store_order(variant.store, draft=draft, actor="")
    again = place_store_order(variant.store, draft=draft, actor="")

    assert (first.is_new, again.is_new) == (True, False)
    assert first.order == again.order
    other = store_order_draft((variant.sku, 2), number=draft.number)
    with pytest.raises(StoreOrderError) as caught:
        place_store_order(variant.store, draft=other, actor="")
    assert caught.value.code == "store_orders.other_content"


@pytest.mark.django_db(transaction=True)
def test_order_placed_twice_at_one_moment_is_one(processes: Processes) -> None:
    variant = make_stocked()

    found = processes.together(f"{HERE}:place_together", variant.store_id, variant.sku)

    assert sorted(is_new for _pk, is_new in found) == [False, True]
    assert StoreOrder.objects.get().lines.count() == 1


@pytest.mark.parametrize(
    "over",
    [
        {"number": ""},
        {"number": " S-1"},
        {"number": "S" * 41},
        {"number": "S\n1"},
        {"placed_at": timezone.now() + timedelta(hours=1)},
        {"placed_at": datetime(2026, 1, 1)},
        {"speed": "warp"},
        {"destination": {"name": "Ann"}},
        {"lines": []},
    ],
)
def test_draft_that_cannot_be_is_refused(over: dict[str, Any]) -> None:
    draft = store_order_draft(("SKU", 1), **over)

    with pytest.raises(StoreOrderError):
        place_store_order(make_store(), draft=draft, actor="")
    assert not StoreOrder.objects.exists()


@pytest.mark.parametrize("line", [("", 1), ("S" * 81, 1), ("S", 0), ("S", 251)])
def test_line_that_cannot_be_is_refused(line: tuple[str, int]) -> None:
    with pytest.raises(StoreOrderError):
        place_order(make_store(), line)


def test_address_is_encrypted_masked_and_revealed_on_record() -> None:
    order = place_order(make_store(), ("SKU", 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT destination FROM channels_amazon_storeorderpersonaldata")
        (kept,) = cursor.fetchone()

    assert b"Ann" not in bytes(kept)
    masked = masked_destination(order)
    assert (masked["name"], masked["city"]) == ("•••", "Seattle")
    user = make_user()
    assert reveal_destination(order, user)["name"] == "Ann Buyer"
    entry = DiagnosticEntry.objects.get(code="personal_data.revealed")
    assert (entry.reference, entry.actor) == (order.number, user.get_username())


def test_order_is_cancelled_before_amazon_was_told() -> None:
    order = offered(make_pool(), 4)

    cancel_store_order(order, actor="ann")

    assert (order.state, promised()) == ("cancelled", 0)
    placed = FulfillmentOrder.objects.get()
    assert placed.ended_at
    assert not commitments.begin_attempt(placed)


def test_order_that_amazon_may_have_is_cancelled_there() -> None:
    order = offered(make_pool(), 4)
    commitments.begin_attempt(FulfillmentOrder.objects.get())

    cancel_store_order(order, actor="ann")
    cancel_store_order(order, actor="ann")

    placed = FulfillmentOrder.objects.get()
    assert (placed.state, placed.cancel_asked_by) == ("waiting", "ann")
    assert (order.state, promised()) == ("at_amazon", 4)


def test_order_that_amazon_packs_is_not_cancelled() -> None:
    order = offered(make_pool(), 4)
    FulfillmentOrder.objects.update(state="processing", api_version="2020-07-01")

    with pytest.raises(StoreOrderError, match="already packing"):
        cancel_store_order(order, actor="ann")


def test_local_order_is_cancelled_once() -> None:
    variant = make_stocked()
    order = place_order(variant.store, (variant.sku, 1))

    cancel_store_order(order, actor="ann")
    assert order.state == "cancelled"
    with pytest.raises(StoreOrderError):
        cancel_store_order(order, actor="ann")


def test_refused_order_is_decided_anew_and_placed_again() -> None:
    order = offered(make_pool(), 4)
    placed = FulfillmentOrder.objects.get()
    results.mark_refused(placed, code="amazon.invalid", reason="No.")
    order.refresh_from_db()

    decide_again(order)
    assert order.state == "new"
    answer(order)

    assert (order.state, promised()) == ("at_amazon", 4)


def test_order_that_was_at_amazon_is_only_shipped_from_here() -> None:
    order = offered(make_pool(), 4)
    FulfillmentOrder.objects.update(
        state="unfulfillable", placed_at=timezone.now(), ended_at=timezone.now()
    )
    StoreOrder.objects.update(state="needs_person")
    order.refresh_from_db()

    with pytest.raises(StoreOrderError, match="only once"):
        decide_again(order)
    ship_locally(order, actor="ann")
    assert order.state == "local"


def test_order_at_amazon_is_not_shipped_from_here() -> None:
    order = offered(make_pool(), 4)

    with pytest.raises(StoreOrderError):
        ship_locally(order, actor="ann")
    with pytest.raises(StoreOrderError):
        decide_again(order)


@pytest.mark.parametrize(
    ("state", "stamps", "goes"),
    [
        ("done", {"delivered_at": 31}, True),
        ("done", {"delivered_at": 29}, False),
        ("local", {"decided_at": 31}, True),
        ("local", {"decided_at": 29}, False),
        ("cancelled", {"decided_at": 31}, True),
        ("needs_person", {"decided_at": 31}, False),
        ("needs_person", {"placed_at": 91}, True),
        ("new", {"placed_at": 89}, False),
    ],
)
def test_address_goes_when_its_time_is_over(
    state: str, stamps: dict[str, int], goes: bool
) -> None:
    now = timezone.now()
    order = place_order(make_store(), ("SKU", 1))
    StoreOrder.objects.update(
        state=state,
        **{name: now - timedelta(days=days) for name, days in stamps.items()},
    )

    purge(now)
    assert StoreOrderPersonalData.objects.exists() is not goes
    assert bool(destination_of(order)) is not goes


def test_address_of_an_order_that_amazon_ended_goes() -> None:
    offered(make_pool(), 1)
    now = timezone.now()
    FulfillmentOrder.objects.update(ended_at=now - timedelta(days=31))

    purge(now)

    assert not StoreOrderPersonalData.objects.exists()
