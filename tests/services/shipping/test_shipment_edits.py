"""Edits of packages: what may change, what it does to stock, and that none is lost."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import DiagnosticEntry, Order, OrderLine, Shipment
from channels_amazon.services.shipping import confirmations
from channels_amazon.services.shipping.rejections import Rejection
from channels_amazon.services.shipping.shipment_edits import edit_shipment, units_free
from channels_amazon.services.shipping.shipments import (
    ShipmentDraft,
    ShipmentError,
    confirm_now,
    discard_shipment,
)
from channels_amazon.spapi.orders import Package, PackageItem
from tests.ledger_proof import verify_levels
from tests.services.shipping.scene import draft, level, make_scene, ship, shown

pytestmark = pytest.mark.django_db

State = Shipment.State
REFUSAL = Rejection("shipment.refused", "Amazon says no.", "Try another carrier.")


def confirmed(order: Order, units: int = 3) -> Shipment:
    """Make a package that Amazon accepted."""
    shipment = ship(order, units)
    assert confirmations.begin_attempt(shipment)
    assert confirmations.mark_confirmed(shipment)
    shipment.refresh_from_db()
    return shipment


def edit(shipment: Shipment, units: int = 3, **over: Any) -> Shipment:
    """Edit the package as somebody named eva."""
    facts = {"shipped_at": shipment.shipped_at, **over}
    return edit_shipment(
        shipment, draft=draft(shipment.order, units, **facts), actor="eva"
    )


def as_shown(shipment: Shipment, units: int, **over: Any) -> Package:
    """Return the package with its units as Amazon's order shows it."""
    item = PackageItem(shipment.order.lines.get().order_item_id, units)
    return shown(shipment, items=(item,), **over)


def test_edit_waits_to_be_sent_under_the_same_number() -> None:
    order, variant, _warehouse = make_scene()
    shipment = confirmed(order)

    edited = edit(shipment, carrier_code="DHL", tracking_number="JJD 1")

    assert (edited.pk, edited.package_reference) == (shipment.pk, 1)
    assert (edited.state, edited.revision, edited.next_attempt_at) == (
        State.WAITING,
        1,
        None,
    )
    assert (edited.carrier_code, edited.tracking_number) == ("DHL", "JJD1")
    assert level(variant) == (7, 0)
    entry = DiagnosticEntry.objects.get(code="shipments.edited")
    assert entry.actor == "eva"
    assert "1Z00000001 → JJD1" in entry.message


def test_edit_that_changes_nothing_sends_nothing() -> None:
    order, _variant, _warehouse = make_scene()
    shipment = confirmed(order)

    edit(shipment)
    edit(shipment, tracking_number="T2")
    edited = edit(shipment, tracking_number="T2")

    assert (edited.revision, DiagnosticEntry.objects.count()) == (1, 1)


def test_stock_moves_by_the_difference_of_the_units() -> None:
    order, variant, _warehouse = make_scene()
    shipment = confirmed(order, 2)
    assert level(variant) == (8, 1)

    edit(shipment, 3)
    assert level(variant) == (7, 0)
    edit(shipment, 1)
    assert level(variant) == (9, 2)
    assert verify_levels() == []


@pytest.mark.parametrize(
    "over",
    [
        {"units": 4},
        {"units": 0},
        {"carrier_code": "Pigeon"},
        {"carrier_code": "Other"},
        {"tracking_number": " "},
        {"shipped_at": timezone.now() + timedelta(days=1)},
        {"shipped_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_edit_that_cannot_be_changes_nothing(over: dict[str, Any]) -> None:
    order, variant, _warehouse = make_scene()
    shipment = confirmed(order)

    with pytest.raises(ShipmentError):
        edit(shipment, **over)

    shipment.refresh_from_db()
    assert (shipment.state, shipment.revision) == (State.CONFIRMED, 0)
    assert level(variant) == (7, 0)


def test_units_of_other_packages_are_not_free() -> None:
    order, _variant, _warehouse = make_scene(quantity=5)
    line = order.lines.get()
    first = confirmed(order, 2)
    ship(order, 1, tracking_number="T1")
    OrderLine.objects.update(quantity_shipped=4)

    # Of five, one is in the other package and one was shipped elsewhere.
    assert units_free(first) == {line.pk: 3}


def test_shipped_order_can_be_corrected_and_cancelled_one_cannot() -> None:
    order, _variant, _warehouse = make_scene()
    shipment = confirmed(order)

    Order.objects.update(status=Order.Status.SHIPPED)
    assert edit(shipment, tracking_number="T2").revision == 1
    Order.objects.update(status=Order.Status.CANCELLED)
    with pytest.raises(ShipmentError):
        edit(shipment, tracking_number="T3")


def test_answer_to_the_send_before_the_edit_settles_nothing() -> None:
    order, _variant, _warehouse = make_scene()
    under_way = ship(order)
    assert confirmations.begin_attempt(under_way)

    edit(under_way, tracking_number="T2")

    assert not confirmations.mark_confirmed(under_way)
    confirmations.mark_refused(under_way, REFUSAL)
    confirmations.postpone(under_way, timezone.now() + timedelta(days=9))
    row = Shipment.objects.get()
    assert (row.state, row.next_attempt_at, row.error_code) == (State.WAITING, None, "")


def test_package_from_before_the_edit_does_not_verify_it() -> None:
    order, _variant, _warehouse = make_scene()
    edited = edit(confirmed(order), 2)

    assert confirmations.take_packages(order, [as_shown(edited, 2)]) == 0
    assert confirmations.mark_confirmed(edited)
    assert confirmations.take_packages(order, [as_shown(edited, 3)]) == 0
    old = as_shown(edited, 2, tracking_number="OLD")
    assert confirmations.take_packages(order, [old]) == 0
    assert confirmations.take_packages(order, [as_shown(edited, 2)]) == 1


def test_refused_edit_keeps_its_number_for_another_edit() -> None:
    order, variant, _warehouse = make_scene()
    shipment = confirmed(order, 2)
    OrderLine.objects.update(quantity_shipped=2)
    edited = edit(shipment, 2, tracking_number="T2")
    confirmations.mark_refused(edited, REFUSAL)

    other = ship(order, 1, tracking_number="T9")

    assert other.package_reference == 2
    assert level(variant) == (7, 0)
    edited.refresh_from_db()
    assert edit(edited, 2, tracking_number="T3").package_reference == 1


def test_refused_package_that_amazon_never_had_is_not_edited() -> None:
    order, _variant, _warehouse = make_scene()
    shipment = ship(order)
    confirmations.mark_refused(shipment, REFUSAL)

    with pytest.raises(ShipmentError):
        edit(shipment, tracking_number="T2")


def test_package_that_waits_for_its_time_is_confirmed_now() -> None:
    order, _variant, _warehouse = make_scene()
    later = timezone.now() + timedelta(hours=5)
    shipment = ship(order, next_attempt_at=later)
    assert shipment.next_attempt_at == later

    edited = edit(shipment, tracking_number="T2")
    assert edited.next_attempt_at == later
    assert confirm_now(shipment, actor="eva")
    assert not confirm_now(shipment, actor="eva")

    assert not Shipment.objects.filter(next_attempt_at__isnull=False).exists()
    assert DiagnosticEntry.objects.filter(code="shipments.confirm_now").count() == 1
    assert not discard_shipment(shipment, actor="eva")


@pytest.mark.django_db(transaction=True)
def test_edit_during_a_send_is_sent_in_any_order_of_the_two() -> None:
    for turn in range(6):
        order, _variant, _warehouse = make_scene()
        shipment = ship(order)
        package: ShipmentDraft = draft(
            order, 2, tracking_number="NEW", shipped_at=shipment.shipped_at
        )
        start = Barrier(2)
        told: list[str] = []

        def send(
            row: Shipment = shipment,
            start: Barrier = start,
            told: list[str] = told,
        ) -> None:
            start.wait()
            if confirmations.begin_attempt(row):
                confirmations.read_whole(row)
                # What goes to Amazon at this moment.
                told.append(row.tracking_number)
                confirmations.mark_confirmed(row)
            connection.close()

        def change(
            row: Shipment = shipment,
            start: Barrier = start,
            package: ShipmentDraft = package,
        ) -> None:
            start.wait()
            edit_shipment(row, draft=package, actor="eva")
            connection.close()

        both = [Thread(target=one) for one in (send, change)]
        for thread in both if turn % 2 else reversed(both):
            thread.start()
        for thread in both:
            thread.join()

        row = Shipment.objects.get(pk=shipment.pk)
        assert row.tracking_number == "NEW"
        # Either the new facts went, or they still wait to.
        assert row.state == State.WAITING or told == ["NEW"]
