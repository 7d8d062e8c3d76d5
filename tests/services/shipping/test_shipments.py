"""Packages: what may be made, that it is made once, and what it does to stock."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    Shipment,
    SyncJob,
)
from channels_amazon.services.shipping import confirmations, shipments
from channels_amazon.services.shipping.rejections import Rejection
from channels_amazon.services.shipping.shipments import (
    ShipmentError,
    create_shipment,
)
from channels_amazon.services.shipping.units import units_left
from channels_amazon.services.stock import ledger
from tests.builders import (
    make_job,
    make_warehouse,
)
from tests.ledger_proof import verify_levels
from tests.services.shipping.scene import HOUR, draft, level, make_scene, ship, shown

pytestmark = pytest.mark.django_db

State = Shipment.State
REFUSAL = Rejection("shipment.refused", "Amazon says no.", "Try another carrier.")


def test_package_takes_its_units_out_of_the_stock() -> None:
    order, variant, _warehouse = make_scene()
    assert level(variant) == (10, 3)

    shipment = ship(order, 2)

    assert level(variant) == (8, 1)
    assert (shipment.state, shipment.tracking_number) == (State.WAITING, "1Z00000001")
    assert verify_levels() == []


def test_package_wakes_the_job() -> None:
    order, _variant, _warehouse = make_scene()
    later = timezone.now() + HOUR
    job = make_job(order.account, kind=SyncJob.Kind.SHIPMENTS, due_at=later)

    ship(order)

    job.refresh_from_db()
    assert job.due_at <= timezone.now()


def test_units_leave_from_the_warehouse_that_was_chosen() -> None:
    order, variant, _warehouse = make_scene()
    other = make_warehouse(order.account.store)
    ledger.set_on_hand(variant, other, 5, actor="ann", key="count:other")

    ship(order, warehouse=other)

    assert level(variant, other) == (2, 0)
    assert level(variant) == (12, 0)


def test_same_package_twice_is_one() -> None:
    order, variant, _warehouse = make_scene()

    first = ship(order)
    again = ship(order, tracking_number="1z-0000-0001")

    assert first.pk == again.pk
    assert (Shipment.objects.count(), level(variant)) == (1, (7, 0))


def test_package_whose_edit_was_refused_is_not_made_again() -> None:
    order, variant, _warehouse = make_scene(quantity=6)
    first = ship(order)
    Shipment.objects.update(
        state=State.REFUSED, confirmed_at=timezone.now(), revision=1
    )

    again = ship(order)

    assert first.pk == again.pk
    assert (Shipment.objects.count(), level(variant)) == (1, (7, 3))


def test_two_packages_have_numbers_of_their_own() -> None:
    order, variant, _warehouse = make_scene()

    numbers = [
        ship(order, units, tracking_number=f"T{units}").package_reference
        for units in (1, 2)
    ]

    assert numbers == [1, 2]
    assert units_left([order.pk]) == {order.lines.get().pk: 0}
    assert level(variant) == (7, 0)


@pytest.mark.parametrize(
    "over",
    [
        {"carrier_code": "Pigeon"},
        {"carrier_code": ""},
        {"carrier_code": "Other", "carrier_name": " "},
        {"tracking_number": "  "},
        {"tracking_number": "1Z\x0712"},
        {"units": 4},
        {"units": 0},
        {"units": -1},
        {"quantities": {0: 1}},
        {"shipped_at": timezone.now() + 24 * HOUR},
        {"shipped_at": timezone.now() - 24 * HOUR},
    ],
)
def test_package_that_cannot_be_is_refused(over: dict[str, Any]) -> None:
    order, variant, _warehouse = make_scene()

    with pytest.raises(ShipmentError):
        ship(order, **over)

    assert not Shipment.objects.exists()
    assert level(variant) == (10, 3)


def test_warehouse_of_another_store_is_refused() -> None:
    order, _variant, _warehouse = make_scene()

    with pytest.raises(ShipmentError):
        ship(order, warehouse=make_warehouse())


@pytest.mark.parametrize(
    "over",
    [
        {"status": Order.Status.PENDING},
        {"status": Order.Status.CANCELLED},
        {"fulfilled_by": Order.FulfilledBy.AMAZON},
        {"programs": ["FBM_SHIP_PLUS"]},
        {"marketplace_id": ""},
    ],
)
def test_order_that_is_not_the_merchants_to_ship_is_refused(
    over: dict[str, Any],
) -> None:
    order, _variant, _warehouse = make_scene()
    Order.objects.filter(pk=order.pk).update(**over)

    with pytest.raises(ShipmentError):
        ship(order)


def test_disconnected_account_ships_nothing() -> None:
    order, _variant, _warehouse = make_scene()
    AmazonAccount.objects.update(state=AmazonAccount.State.DISCONNECTED)

    with pytest.raises(ShipmentError):
        ship(order)


@pytest.mark.parametrize("ahead", [timedelta(seconds=40), 3 * HOUR])
def test_ship_date_is_never_before_the_order(ahead: timedelta) -> None:
    order, _variant, _warehouse = make_scene()
    now = timezone.now()
    ordered_at: datetime = now - timedelta(minutes=5) + ahead
    Order.objects.filter(pk=order.pk).update(ordered_at=ordered_at)
    minute = (now - timedelta(minutes=5)) if ahead < HOUR else now

    shipment = ship(order, shipped_at=minute)

    assert ordered_at < shipment.shipped_at <= ordered_at + timedelta(seconds=1)


def test_refused_package_gives_its_units_back_and_says_why() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order)

    confirmations.mark_refused(shipment, REFUSAL, request_id="abc")

    shipment.refresh_from_db()
    assert (shipment.state, level(variant)) == (State.REFUSED, (10, 3))
    assert shipment.error_message == "Amazon says no. Try another carrier."
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.reference) == (REFUSAL.code, order.amazon_order_id)


def test_refused_package_is_mended_under_its_number() -> None:
    order, variant, _warehouse = make_scene()
    confirmations.mark_refused(ship(order), REFUSAL)

    mended = ship(order, 2, carrier_code="USPS")

    assert Shipment.objects.get() == mended
    assert (mended.package_reference, mended.carrier_code) == (1, "USPS")
    assert (mended.state, mended.error_code, level(variant)) == (
        State.WAITING,
        "",
        (8, 1),
    )


def test_refusal_gives_back_its_own_units_only() -> None:
    order, variant, _warehouse = make_scene()
    ship(order, 1)
    refused = ship(order, 2, tracking_number="1Z 0000 0002")
    assert level(variant) == (7, 0)

    confirmations.mark_refused(refused, REFUSAL)

    assert level(variant) == (9, 2)


def test_wish_to_cancel_refuses_the_package_until_somebody_confirms() -> None:
    order, variant, _warehouse = make_scene()
    Order.objects.update(cancel_requested=True)

    with pytest.raises(ShipmentError) as refused:
        ship(order, 1)
    assert refused.value.code == "shipments.cancel_requested"
    assert level(variant) == (10, 3)

    ship(order, 1, ships_all_the_same=True)
    ship(order, 2, tracking_number="1Z 0000 0002")

    order.refresh_from_db()
    assert (order.asks_to_cancel, order.cancel_declined_by) == (False, "bob")
    assert level(variant) == (7, 0)


def test_only_a_refused_package_can_be_discarded() -> None:
    order, _variant, _warehouse = make_scene()
    shipment = ship(order)

    assert not shipments.discard_shipment(shipment, actor="olga")
    confirmations.mark_refused(shipment, REFUSAL)
    assert shipments.discard_shipment(shipment, actor="olga")
    assert DiagnosticEntry.objects.filter(actor="olga").exists()
    assert not Shipment.objects.exists()


def test_refusal_comes_too_late_for_a_confirmed_package() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order)
    assert confirmations.mark_confirmed(shipment)

    confirmations.mark_refused(shipment, REFUSAL)

    shipment.refresh_from_db()
    assert (shipment.state, level(variant)) == (State.CONFIRMED, (7, 0))


def test_package_that_amazon_shows_is_verified() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order)

    taken = confirmations.take_packages(
        order, [shown(shipment, tracking_number="1z-0000-0001")]
    )

    shipment.refresh_from_db()
    assert (taken, shipment.state, level(variant)) == (1, State.VERIFIED, (7, 0))
    assert shipment.confirmed_at


def test_refused_package_that_amazon_shows_ships_its_units_after_all() -> None:
    order, variant, _warehouse = make_scene()
    shipment = ship(order)
    confirmations.mark_refused(shipment, REFUSAL)

    confirmations.take_packages(order, [shown(shipment)])

    assert level(variant) == (7, 0)
    assert verify_levels() == []


def test_package_of_somebody_else_is_not_ours() -> None:
    order, _variant, _warehouse = make_scene()
    shipment = ship(order)

    taken = confirmations.take_packages(
        order,
        [shown(shipment, tracking_number="X"), shown(shipment, reference_id="7")],
    )

    assert taken == 0


def test_attempt_is_begun_by_one_process_only() -> None:
    order, _variant, _warehouse = make_scene()
    ship(order)
    here, there = Shipment.objects.get(), Shipment.objects.get()

    assert confirmations.begin_attempt(here)
    assert not confirmations.begin_attempt(there)


def test_package_gets_a_number_that_nobody_has() -> None:
    order, _variant, _warehouse = make_scene()
    shipment = ship(order)

    confirmations.renumber(shipment, {1, 4})

    assert shipment.package_reference == 5


@pytest.mark.django_db(transaction=True)
def test_form_sent_twice_at_once_makes_one_package() -> None:
    order, variant, _warehouse = make_scene(quantity=4)
    package = draft(order, 2)
    start = Barrier(4)
    made: list[int] = []

    def click() -> None:
        start.wait()
        made.append(create_shipment(order, draft=package, actor="bob").pk)
        connection.close()

    clicks = [Thread(target=click) for _ in range(4)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert len(made) == 4
    assert (len(set(made)), level(variant)) == (1, (8, 2))
