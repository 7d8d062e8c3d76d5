"""Whatever the order of the events: what is held is what the last one says."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.models import (
    AmazonAccount,
    Order,
    Reservation,
    StockLevel,
    StockMovement,
    Variant,
)
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.services.stock import ledger, quantities
from tests.builders import make_account, make_variant, make_warehouse, number
from tests.ledger_proof import verify_levels
from tests.messages import START, order_change

ON_HAND = 10

# A life of an order: (status, units of its three shipped) in the order they happened.
LIVES = [
    [("Pending", 0)],
    [("Pending", 0), ("Unshipped", 0)],
    [("Pending", 0), ("Canceled", 0)],
    [("Pending", 0), ("Unshipped", 0), ("PartiallyShipped", 1)],
    [("Unshipped", 0), ("PartiallyShipped", 2), ("Shipped", 3)],
    [("Unshipped", 0), ("PartiallyShipped", 1), ("Canceled", 1)],
    [("Unshipped", 0), ("Shipped", 3)],
    [("PendingAvailability", 0), ("Pending", 0), ("Unshipped", 0)],
    [("Unshipped", 0), ("Canceled", 0)],
]


# Which order, its status, units shipped, its second.
Event = tuple[int, str, int, int]


@st.composite
def deliveries(draw: st.DrawFn) -> list[Event]:
    """Draw deliveries of orders' lives: each event once or more, in any order."""
    lives = draw(st.lists(st.sampled_from(LIVES), min_size=1, max_size=4))
    rows = [
        (which, status, shipped, second)
        for which, life in enumerate(lives)
        for second, (status, shipped) in enumerate(life)
    ]
    again = draw(st.lists(st.sampled_from(rows), max_size=4))
    return draw(st.permutations(rows + again))


def make_scene() -> tuple[AmazonAccount, Variant]:
    """Make an account connected before START whose one variant was counted."""
    account = make_account(created_at=START - timedelta(days=9))
    variant = make_variant(account.store)
    warehouse = make_warehouse(account.store)
    ledger.set_on_hand(variant, warehouse, ON_HAND, actor="", key=f"c{number()}")
    return account, variant


def tell(
    account: AmazonAccount,
    variant: Variant,
    order_id: str,
    row: tuple[str, int, int],
    **over: object,
) -> None:
    """Apply one event of an order of three units: status, units shipped, second."""
    status, shipped, second = row
    body = order_change(
        status=status,
        items=[(variant.sku, 3, shipped)],
        seconds=second,
        order_id=order_id,
        **over,
    )
    apply_event(account, read_order_event(read_envelope(json.dumps(body))))


@pytest.mark.django_db
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deliveries())
def test_any_delivery_of_events_ends_in_the_same_stock(
    rows: list[Event],
) -> None:
    account, variant = make_scene()
    prefix = number()
    for which, status, units, second in rows:
        order_id = f"903-{prefix:07d}-{which:07d}"
        tell(account, variant, order_id, (status, units, second))

    # The last event of each order, as (status, units shipped).
    in_time = sorted(rows, key=lambda row: row[3])
    last = {which: (status, units) for which, status, units, _second in in_time}
    shipped = sum(units for _status, units in last.values())
    open_ones = {"Pending", "Unshipped", "PartiallyShipped"}
    held = sum(3 - units for status, units in last.values() if status in open_ones)
    level = StockLevel.objects.get(variant=variant)
    assert (level.on_hand, level.reserved) == (ON_HAND - shipped, held)
    assert verify_levels([variant.pk]) == []


@pytest.mark.django_db
def test_event_reserves_and_stamps_the_order() -> None:
    account, variant = make_scene()

    tell(account, variant, "903-0000001-0000001", ("Pending", 0, 0))

    order = Order.objects.get()
    assert Reservation.objects.get().quantity == 3
    assert (order.status, order.stale_since is not None) == ("pending", True)
    assert order.reserved_at is not None
    assert (order.changed_at, order.completed_at) == (START, None)


@pytest.mark.django_db
def test_amazons_own_order_reserves_nothing() -> None:
    account, variant = make_scene()

    tell(account, variant, "903-0000001-0000001", ("Shipped", 3, 0), fulfilled_by="AFN")

    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (ON_HAND, 0)
    assert not Reservation.objects.exists()
    assert not Order.objects.get().has_unmatched


@pytest.mark.django_db
def test_order_shipped_before_we_were_connected_moves_nothing() -> None:
    account, variant = make_scene()
    long_ago = START - timedelta(days=20)

    tell(
        account, variant, "903-0000001-0000001", ("Shipped", 3, 0), ordered_at=long_ago
    )
    tell(
        account,
        variant,
        "903-0000001-0000002",
        ("PartiallyShipped", 2, 0),
        ordered_at=long_ago,
    )

    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (ON_HAND, 1)


@pytest.mark.django_db
def test_fewer_units_shipped_at_amazon_bring_none_back() -> None:
    account, variant = make_scene()
    for place, row in enumerate(
        [("Unshipped", 0), ("PartiallyShipped", 2), ("PartiallyShipped", 1)]
    ):
        tell(account, variant, "903-0000001-0000001", (*row, place))

    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (ON_HAND - 2, 1)
    assert not StockMovement.objects.filter(reason="returned").exists()
    tell(account, variant, "903-0000001-0000001", ("Shipped", 3, 4))
    level.refresh_from_db()
    assert (level.on_hand, level.reserved) == (ON_HAND - 3, 0)


@pytest.mark.django_db(transaction=True)
def test_shortage_is_kept_as_a_backorder_until_stock_comes() -> None:
    account, variant = make_scene()
    for place in range(4):
        tell(account, variant, f"903-0000001-000000{place}", ("Unshipped", 0, place))

    short = Order.objects.filter(has_shortage=True)
    assert [order.amazon_order_id[-1] for order in short] == ["3"]
    assert quantities.availability([variant.pk])[variant.pk].available == 0

    warehouse = StockLevel.objects.get().warehouse
    ledger.set_on_hand(variant, warehouse, 12, actor="", key="more")

    assert not Order.objects.filter(has_shortage=True).exists()


@pytest.mark.django_db
def test_unknown_status_keeps_order_and_reservation() -> None:
    account, variant = make_scene()
    tell(account, variant, "903-0000001-0000001", ("Unshipped", 0, 0))

    tell(account, variant, "903-0000001-0000001", ("Teleported", 0, 1))

    order = Order.objects.get()
    assert (order.status, order.amazon_status) == ("unknown", "Teleported")
    assert Reservation.objects.get().quantity == 3
    codes = account.diagnostics.values_list("code", flat=True)
    assert list(codes) == ["orders.unknown_status"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "who", "code"),
    [
        ("Unfulfillable", "MFN", "orders.unfulfillable"),
        ("Unshipped", "XFN", "orders.unknown_fulfiller"),
    ],
)
def test_flag_of_an_order_is_told_once(status: str, who: str, code: str) -> None:
    account, variant = make_scene()
    items = [(variant.sku, 3)]

    for seconds in (0, 1):
        body = order_change(
            status=status,
            items=items,
            seconds=seconds,
            order_id="903-0000001-0000001",
            fulfilled_by=who,
        )
        apply_event(account, read_order_event(read_envelope(json.dumps(body))))

    codes = account.diagnostics.values_list("code", flat=True)
    assert list(codes) == [code]


@pytest.mark.django_db
def test_store_without_a_warehouse_gets_one_for_its_first_order() -> None:
    account = make_account(created_at=START - timedelta(days=9))
    variant = make_variant(account.store)

    tell(account, variant, "903-0000001-0000001", ("Unshipped", 0, 0))

    assert account.store.warehouses.get().is_default
    assert Order.objects.get().has_shortage
