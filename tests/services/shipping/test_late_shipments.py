"""The board's parts in the database are those of the rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta, tzinfo
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order, Shipment
from channels_amazon.rules.shipping.lateness import Urgency, end_of_day
from channels_amazon.services.shipping import late_shipments
from channels_amazon.services.shipping.late_shipments import Severity
from channels_amazon.services.shipping.units import units_left
from tests import builders

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)


def package(order: Order, **over: Any) -> Shipment:
    """Make a package of the order that was made an hour ago, empty unless told."""
    created_at = over.pop("created_at", NOW - HOUR)
    units = over.pop("units", {})
    row: Shipment = Shipment.objects.create(
        order=order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z0",
        shipped_at=NOW,
        **over,
    )
    for line, quantity in units.items():
        row.lines.create(line=line, quantity=quantity)
    Shipment.objects.filter(pk=row.pk).update(created_at=created_at)
    return row


def board(account: AmazonAccount, zone: tzinfo = UTC) -> dict[str, Urgency]:
    """Return the part of each order of the board, which the database agrees to."""
    orders = late_shipments.with_trouble(Order.objects.filter(account=account), NOW)
    rows = [
        late_shipments.row_of(one, NOW, zone) for one in late_shipments.in_full(orders)
    ]
    found = {row.order.amazon_order_id: row.urgency for row in rows}
    for urgency in Urgency:
        narrowed = late_shipments.narrowed(orders, urgency, NOW, zone)
        ids = [key for key, value in found.items() if value is urgency]
        assert sorted(narrowed.values_list("amazon_order_id", flat=True)) == sorted(ids)
        assert late_shipments.counts(orders, NOW, zone)[urgency] == len(ids)
    return found


@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
def test_database_and_rule_agree(name: str) -> None:
    zone = ZoneInfo(name)
    account = builders.make_account()
    troubled = [False, True]
    times = [None, NOW - HOUR, NOW + timedelta(minutes=1), end_of_day(NOW, zone)]
    times += [NOW + timedelta(hours=23.9), NOW + 24 * HOUR, NOW + 90 * HOUR]
    for ship_by in times:
        for is_troubled in troubled:
            order = builders.make_order(account, ship_by=ship_by)
            if is_troubled:
                package(order, state=Shipment.State.REFUSED)

    assert len(board(account, zone)) == len(times) * 2


@pytest.mark.parametrize(
    ("state", "fields", "is_stuck"),
    [
        ("refused", {}, True),
        ("waiting", {"error_code": "amazon.outage"}, True),
        ("waiting", {}, True),
        ("waiting", {"created_at": NOW}, False),
        ("waiting", {"next_attempt_at": NOW + HOUR}, False),
        ("confirmed", {}, False),
        ("verified", {}, False),
    ],
)
def test_stuck_package_puts_its_order_at_risk(
    state: str, fields: dict[str, Any], is_stuck: bool
) -> None:
    order = builders.make_order(ship_by=NOW + 90 * HOUR)
    package(order, state=state, **fields)

    found = board(order.account)[order.amazon_order_id]

    assert found is (Urgency.RISK if is_stuck else Urgency.ON_TRACK)


@pytest.mark.parametrize(
    ("state", "is_stuck"),
    [("waiting", True), ("refused", True), ("applied", False), ("dropped", False)],
)
def test_parcel_that_is_no_package_puts_its_order_at_risk(
    state: str, is_stuck: bool
) -> None:
    order = builders.make_order(ship_by=NOW + 90 * HOUR)
    builders.make_parcel(order, state=state)

    found = board(order.account)[order.amazon_order_id]

    assert (found is Urgency.RISK) == is_stuck


@pytest.mark.parametrize(
    "fields",
    [
        {"has_unmatched": True},
        {"has_shortage": True},
        {"cancel_requested": True},
        {"quarantine_code": "orders.unreadable"},
        {"cancel_requested": True, "cancel_declined_at": NOW},
    ],
)
def test_order_that_a_person_must_look_at_is_not_on_track(
    fields: dict[str, Any],
) -> None:
    order = builders.make_order(ship_by=NOW + 90 * HOUR, **fields)

    found = board(order.account)[order.amazon_order_id]

    is_settled = "cancel_declined_at" in fields
    assert found is (Urgency.ON_TRACK if is_settled else Urgency.RISK)


@pytest.mark.parametrize("state", AmazonAccount.State.values)
def test_order_of_which_amazon_cannot_be_told_is_not_on_track(state: str) -> None:
    account = builders.make_account(state=state)
    order = builders.make_order(account, ship_by=NOW + 90 * HOUR)

    found = board(account)[order.amazon_order_id]

    assert found is (Urgency.ON_TRACK if account.is_connected else Urgency.RISK)


def test_nothing_that_hinders_stands_beside_on_track() -> None:
    account = builders.make_account()
    flags = ("has_unmatched", "has_shortage", "cancel_requested")
    for chosen in product([False, True], repeat=len(flags)):
        over: dict[str, Any] = dict(zip(flags, chosen, strict=True))
        order = builders.make_order(account, ship_by=NOW + 90 * HOUR, **over)
        package(order, next_attempt_at=NOW + HOUR)
    orders = late_shipments.with_trouble(Order.objects.all(), NOW)

    rows = [late_shipments.row_of(one, NOW, UTC) for one in orders]

    for row in rows:
        kinds = {reason.severity for reason in row.delay_reasons}
        hinders = kinds & {Severity.ERROR, Severity.WARNING}
        assert bool(hinders) == (row.urgency is not Urgency.ON_TRACK)


def test_only_the_merchants_orders_to_ship_are_on_the_board() -> None:
    account = builders.make_account()
    others: list[dict[str, Any]] = [
        {"fulfilled_by": "amazon"},
        {"status": "shipped"},
        {"status": "pending"},
        {"status": "cancelled"},
    ]
    for over in others:
        builders.make_order(account, ship_by=NOW - HOUR, **over)

    assert board(account) == {}


def test_row_says_what_hinders_and_how_much_is_left() -> None:
    order = builders.make_order(
        lines=({"quantity": 3, "quantity_shipped": 1}, {"quantity": 2}),
        cancel_requested=True,
        has_shortage=True,
        has_unmatched=True,
    )
    first, _second = order.lines.order_by("pk")
    package(order, next_attempt_at=NOW + HOUR, units={first: 2})
    builders.make_parcel(order, state="refused")
    builders.make_parcel(order, state="refused")
    orders = late_shipments.with_trouble(Order.objects.all(), NOW)

    row = late_shipments.row_of(late_shipments.in_full(orders).get(), NOW, UTC)

    assert row.units == 3
    texts = [str(reason.text) for reason in row.delay_reasons]
    assert texts == [
        "The buyer asks to cancel.",
        "A SKU is unmatched.",
        "The stock is short.",
        "A parcel needs a person.",
        f"To be confirmed at {NOW + HOUR:%Y-%m-%d %H:%M} UTC.",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"state": "confirmed"},
        {"state": "refused"},
        {"state": "refused", "confirmed_at": NOW, "revision": 1},
    ],
)
@pytest.mark.parametrize("shipped", [0, 1, 3])
def test_units_to_ship_are_those_of_the_ship_form(
    fields: dict[str, Any], shipped: int
) -> None:
    order = builders.make_order(lines=({"quantity": 3, "quantity_shipped": shipped},))
    package(order, **fields, units={order.lines.get(): 2})
    orders = late_shipments.with_trouble(Order.objects.all(), NOW)

    row = late_shipments.row_of(late_shipments.in_full(orders).get(), NOW, UTC)

    assert row.units == sum(units_left([order.pk]).values())


def test_units_cost_no_query_a_row(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    account = builders.make_account()
    for _ in range(3):
        order = builders.make_order(account, lines=({"quantity": 3}, {}))
        package(order, units=dict.fromkeys(order.lines.all(), 1))
    orders = late_shipments.with_trouble(Order.objects.all(), NOW)

    # The orders, and one for each kind of row that is read with them.
    with django_assert_num_queries(5):
        rows = [
            late_shipments.row_of(one, NOW, UTC)
            for one in late_shipments.in_full(orders)
        ]

    assert [row.units for row in rows] == [2, 2, 2]
