"""Parcels become packages as the template says, or say why not."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import (
    DiagnosticEntry,
    Order,
    Parcel,
    Shipment,
    ShipTemplate,
)
from channels_amazon.services.shipping import packing
from channels_amazon.services.shipping.parcels import Source
from channels_amazon.services.shipping.shipments import create_shipment
from channels_amazon.services.stock import ledger
from tests import builders
from tests.ledger_proof import verify_levels
from tests.services.shipping.scene import draft, level, make_scene, ship

pytestmark = pytest.mark.django_db

State = Parcel.State
HOUR = timedelta(hours=1)


def pack(order: Order) -> list[tuple[str, str]]:
    """Pack the order's parcels; return state and code of them all."""
    packing.pack_order(order.pk)
    return list(order.parcels.order_by("pk").values_list("state", "code"))


def make_template(order: Order, **over: Any) -> ShipTemplate:
    """Make a template of the store that knows the carrier “Paket” as DHL."""
    template = builders.make_template(order.account.store, **over)
    template.carriers.create(store_carrier="Paket", carrier_code="DHL")
    return template


def test_parcel_becomes_a_package_by_its_template() -> None:
    order, variant, _warehouse = make_scene()
    other = builders.make_warehouse(order.account.store)
    ledger.set_on_hand(variant, other, 5, actor="ann", key="count:other")
    template = make_template(order, warehouse=other)
    builders.make_parcel(order, carrier="paket", tracking_number="JJD 1")

    assert pack(order) == [(State.APPLIED, "")]

    shipment = Shipment.objects.get()
    assert (shipment.carrier_code, shipment.tracking_number) == ("DHL", "JJD1")
    assert (shipment.template, shipment.warehouse) == (template, other)
    assert (shipment.state, shipment.next_attempt_at) == (Shipment.State.WAITING, None)
    assert Parcel.objects.get().shipment == shipment
    assert level(variant, other) == (2, 0)
    assert verify_levels() == []


def test_template_that_takes_its_warehouse_below_zero_is_logged() -> None:
    order, variant, _warehouse = make_scene()
    other = builders.make_warehouse(order.account.store, name="Hamburg")
    make_template(order, warehouse=other)
    builders.make_parcel(order, carrier="paket", tracking_number="JJD 1")

    assert pack(order) == [(State.APPLIED, "")]

    assert level(variant, other) == (-3, 0)
    entry = DiagnosticEntry.objects.get(code="shipments.below_zero")
    assert (entry.level, entry.reference) == ("warning", order.amazon_order_id)
    assert "Hamburg to -3" in entry.message


def test_parcels_are_packages_of_their_own() -> None:
    order, variant, _warehouse = make_scene()
    sku = order.lines.get().seller_sku
    make_template(order)
    for units in (1, 2):
        builders.make_parcel(order, carrier="Paket", contents={sku: units})

    assert pack(order) == [(State.APPLIED, "")] * 2

    packages = Shipment.objects.order_by("package_reference")
    assert [one.lines.get().quantity for one in packages] == [1, 2]
    assert level(variant) == (7, 0)


def test_one_package_waits_for_all_parcels_then_holds_them() -> None:
    order, variant, _warehouse = make_scene()
    sku = order.lines.get().seller_sku
    make_template(order, splits_by_parcel=False, hours_before_deadline=4)
    first = builders.make_parcel(order, contents={sku: 1})

    assert pack(order) == [(State.WAITING, "parcel.waits_for_rest")]
    first.refresh_from_db()
    assert order.ship_by
    assert first.try_after == order.ship_by - 4 * HOUR
    second = builders.make_parcel(order, contents={sku: 2})
    assert pack(order) == [(State.APPLIED, "")] * 2

    shipment = Shipment.objects.get()
    assert shipment.tracking_number == first.tracking_number
    assert set(shipment.parcels.all()) == {first, second}
    assert (shipment.lines.get().quantity, level(variant)) == (3, (7, 0))


def test_one_package_goes_with_what_is_there_when_time_is_up() -> None:
    order, _variant, _warehouse = make_scene()
    sku = order.lines.get().seller_sku
    make_template(order, splits_by_parcel=False, hours_before_deadline=4)
    Order.objects.update(ship_by=timezone.now() + 3 * HOUR)
    builders.make_parcel(order, contents={sku: 1})

    assert pack(order) == [(State.APPLIED, "")]
    assert Shipment.objects.get().lines.get().quantity == 1


def test_package_is_confirmed_some_hours_before_the_deadline() -> None:
    order, variant, _warehouse = make_scene()
    make_template(order, confirm_when="before_deadline", hours_before_deadline=5)
    builders.make_parcel(order)

    pack(order)

    shipment = Shipment.objects.get()
    assert order.ship_by
    assert shipment.next_attempt_at == order.ship_by - 5 * HOUR
    # The units have left all the same.
    assert level(variant) == (7, 0)


def test_package_is_confirmed_at_once_when_that_time_has_passed() -> None:
    order, _variant, _warehouse = make_scene()
    make_template(order, confirm_when="before_deadline", hours_before_deadline=240)
    builders.make_parcel(order)

    pack(order)

    assert Shipment.objects.get().next_attempt_at is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"fulfilled_by": "amazon"}, (State.REFUSED, "parcel.fba_order")),
        (
            {"programs": ["FBM_SHIP_PLUS"]},
            (State.REFUSED, "parcel.confirmed_by_amazon"),
        ),
        ({"status": "cancelled"}, (State.REFUSED, "parcel.order_cancelled")),
        ({"status": "shipped"}, (State.REFUSED, "parcel.order_done")),
        ({"cancel_requested": True}, (State.REFUSED, "parcel.cancel_requested")),
        ({"status": "pending"}, (State.WAITING, "parcel.order_pending")),
        ({"status": "unknown"}, (State.WAITING, "parcel.order_pending")),
        ({"completed_at": None}, (State.WAITING, "parcel.order_incomplete")),
        ({"marketplace_id": ""}, (State.WAITING, "parcel.order_incomplete")),
    ],
)
def test_order_that_cannot_be_shipped_holds_its_parcels(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    order, variant, _warehouse = make_scene()
    make_template(order)
    Order.objects.update(**fields)
    builders.make_parcel(order)

    assert pack(order) == [expected]

    assert not Shipment.objects.exists()
    assert level(variant)[0] == 10
    parcel = Parcel.objects.get()
    assert parcel.message
    waits = expected[0] == State.WAITING
    assert (parcel.try_after is not None) == waits
    assert DiagnosticEntry.objects.filter(code=expected[1]).exists() != waits


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"carrier": "Pigeon"}, "parcel.carrier_unknown"),
        ({"contents": {"X": 1}}, "parcel.sku_unknown"),
        ({"shipped_at": timezone.now() + 9 * HOUR}, "parcel.refused"),
        ({"shipped_at": timezone.now() - 900 * HOUR}, "parcel.refused"),
    ],
)
def test_parcel_that_cannot_be_a_package_stops_no_other(
    fields: dict[str, Any], code: str
) -> None:
    order, _variant, _warehouse = make_scene()
    sku = order.lines.get().seller_sku
    make_template(order)
    builders.make_parcel(order, **{"contents": {sku: 1}, **fields})
    builders.make_parcel(order, contents={sku: 1})

    assert pack(order) == [(State.REFUSED, code), (State.APPLIED, "")]


def test_parcel_with_more_units_than_left_is_refused() -> None:
    order, _variant, _warehouse = make_scene()
    sku = order.lines.get().seller_sku
    make_template(order)
    ship(order, 2)
    builders.make_parcel(order, contents={sku: 2})

    assert pack(order) == [(State.REFUSED, "parcel.too_many_units")]
    assert "1" in Parcel.objects.get().message


def test_units_of_one_sku_are_spread_over_its_lines() -> None:
    order = builders.make_order(
        lines=({"seller_sku": "A", "quantity": 2}, {"seller_sku": "A", "quantity": 3}),
        ordered_at=timezone.now() - HOUR,
    )
    builders.make_template(order.account.store)
    for units in (3, 2):
        builders.make_parcel(order, contents={"A": units})

    assert pack(order) == [(State.APPLIED, "")] * 2

    packed = [
        list(one.lines.order_by("line_id").values_list("quantity", flat=True))
        for one in Shipment.objects.order_by("package_reference")
    ]
    assert packed == [[2, 1], [2]]


def test_parcel_that_a_person_shipped_meanwhile_is_that_package() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order, tracking_number="JJD 1")
    make_template(order)
    Order.objects.update(status=Order.Status.SHIPPED)
    builders.make_parcel(order, tracking_number="jjd1")

    assert pack(order) == [(State.APPLIED, "")]

    assert Parcel.objects.get().shipment == shipment
    assert (Shipment.objects.count(), level(variant)) == (1, (7, 0))


def test_part_that_a_person_shipped_is_not_shipped_again() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order, 1, tracking_number="1Z-99-1")
    make_template(order)
    builders.make_parcel(order, tracking_number="1Z991")

    assert pack(order) == [(State.APPLIED, "")]

    assert Parcel.objects.get().shipment == shipment
    assert (Shipment.objects.count(), level(variant)) == (1, (9, 2))


def test_parcel_of_a_package_whose_edit_was_refused_is_that_package() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order, tracking_number="JJD1")
    Shipment.objects.update(
        state=Shipment.State.REFUSED, confirmed_at=timezone.now(), revision=1
    )
    make_template(order)
    builders.make_parcel(order, tracking_number="JJD1")

    assert pack(order) == [(State.APPLIED, "")]

    assert Parcel.objects.get().shipment == shipment
    assert (Shipment.objects.count(), level(variant)) == (1, (7, 0))


def test_store_needs_a_template_and_a_person_does_not() -> None:
    order, _variant, _warehouse = make_scene()
    make_template(order, is_active=False)
    sku = order.lines.get().seller_sku
    builders.make_parcel(order, contents={sku: 1})
    builders.make_parcel(order, contents={sku: 1}, source=Source.FILE)
    builders.make_parcel(order, contents={sku: 1}, source=Source.FILE, carrier="Paket")

    assert pack(order) == [
        (State.WAITING, "parcel.no_template"),
        (State.APPLIED, ""),
        (State.REFUSED, "parcel.carrier_unknown"),
    ]


def test_narrowest_template_ships() -> None:
    order, _variant, _warehouse = make_scene()
    store, account = order.account.store, order.account
    make_template(order)
    narrow = make_template(order, account=account, marketplace_id=order.marketplace_id)
    make_template(order, account=account)
    builders.make_template(store, marketplace_id="A1PA6795UKMFR9")
    builders.make_parcel(order)

    pack(order)

    assert Shipment.objects.get().template == narrow


def test_packing_again_does_nothing_again() -> None:
    order, variant, _warehouse = make_scene()
    make_template(order)
    parcel = builders.make_parcel(order)
    pack(order)
    Parcel.objects.update(state=State.WAITING)

    packing.pack_order(order.pk)
    parcel.refresh_from_db()

    assert parcel.state == State.APPLIED
    assert (Shipment.objects.count(), level(variant)) == (1, (7, 0))


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_person_at_once_make_one_package() -> None:
    order, variant, _warehouse = make_scene()
    make_template(order)
    parcel = builders.make_parcel(order)
    package = draft(order, 3, tracking_number=parcel.tracking_number)
    start = Barrier(3)

    def work() -> None:
        start.wait()
        packing.pack_order(order.pk)
        connection.close()

    def click() -> None:
        start.wait()
        create_shipment(order, draft=package, actor="bob")
        connection.close()

    threads = [Thread(target=one) for one in (work, work, click)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    parcel.refresh_from_db()
    assert (parcel.state, parcel.shipment_id) == (
        State.APPLIED,
        Shipment.objects.get().pk,
    )
    assert level(variant) == (7, 0)
