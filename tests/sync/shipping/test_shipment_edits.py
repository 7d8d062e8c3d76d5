"""Edits reach Amazon under the package's number, and are seen there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, DiagnosticEntry, Shipment, SyncJob
from channels_amazon.services.shipping.shipment_edits import edit_shipment
from channels_amazon.services.shipping.shipments import ShipmentDraft, confirm_now
from channels_amazon.spapi import retry
from channels_amazon.sync.runtime import runner
from tests.ledger_proof import verify_levels
from tests.sync.shipping.scene import (
    ON_HAND,
    calls,
    make_shipper,
    on_hand,
    place,
    run,
    ship,
    theirs,
)

pytestmark = pytest.mark.django_db

State = Shipment.State


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account with one counted SKU; Amazon shows packages at once."""
    return make_shipper(emulator)


def edit(shipment: Shipment, units: int, tracking_number: str) -> Shipment:
    """Give the package other units and another tracking number."""
    package = ShipmentDraft(
        carrier_code="DHL",
        tracking_number=tracking_number,
        shipped_at=shipment.shipped_at,
        quantities={shipment.order.lines.get().pk: units},
    )
    return edit_shipment(shipment, draft=package, actor="eva")


def settled(account: AmazonAccount, shipment: Shipment) -> Shipment:
    """Send and look, then return the package as it is now."""
    run(account)
    run(account)
    shipment.refresh_from_db()
    return shipment


def test_edit_of_a_verified_package_shows_at_amazon(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = settled(account, ship(order))
    assert shipment.state == State.VERIFIED

    edit(shipment, 2, "JJD2")
    settled(account, shipment)

    (package,) = theirs(emulator, order).packages
    assert (package.reference_id, package.carrier) == ("1", "DHL")
    assert (package.tracking_number, list(package.items.values())) == ("JJD2", [2])
    assert (shipment.state, shipment.revision) == (State.VERIFIED, 1)
    # Amazon counts two units now, and the third is held for the order again.
    assert on_hand() == (ON_HAND - 2, 1)
    assert verify_levels() == []


def test_edit_is_not_verified_by_what_amazon_showed_before(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    order = place(emulator, account)
    shipment = settled(account, ship(order))
    emulator.control("faults", match="confirmShipment", kind="html_503")

    edit(shipment, 2, "1Z3")
    settled(account, shipment)
    assert shipment.state == State.WAITING

    emulator.control("faults", clear=True)
    settled(account, shipment)
    assert (shipment.state, calls(emulator, "confirmShipment") > 2) == (
        State.VERIFIED,
        True,
    )
    (package,) = theirs(emulator, order).packages
    assert list(package.items.values()) == [2]


@pytest.mark.parametrize("kind", ["lost_answer", "not_json", "close"])
def test_edit_whose_answer_is_lost_is_sent_again_and_makes_no_package(
    emulator: Emulator, account: AmazonAccount, kind: str
) -> None:
    order = place(emulator, account)
    shipment = settled(account, ship(order, 1))
    edit(shipment, 2, "JJD2")
    emulator.control("faults", match="confirmShipment", kind=kind, count=1)

    settled(account, shipment)
    settled(account, shipment)

    (package,) = theirs(emulator, order).packages
    assert (package.reference_id, package.tracking_number) == ("1", "JJD2")
    assert (shipment.state, on_hand()) == (State.VERIFIED, (ON_HAND - 2, 1))


def test_refused_edit_says_why_and_is_taken_back(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = settled(account, ship(order, 1))
    edit(shipment, 2, "JJD2")
    Shipment.objects.update(shipped_at=timezone.now() - timedelta(days=300))

    settled(account, shipment)

    (package,) = theirs(emulator, order).packages
    assert package.tracking_number == shipment.tracking_number == "1Z1"
    assert (shipment.state, shipment.carrier_code) == (State.VERIFIED, "UPS")
    assert shipment.error_code == "shipment.date_refused"
    assert [line.quantity for line in shipment.lines.all()] == [1]
    assert on_hand() == (ON_HAND - 1, 2)
    assert DiagnosticEntry.objects.filter(code="shipment.date_refused").exists()
    assert verify_levels() == []


def test_package_waits_for_its_time_unless_a_person_hurries(
    emulator: Emulator, account: AmazonAccount
) -> None:

    order = place(emulator, account)
    later = timezone.now() + timedelta(minutes=2)
    shipment = ship(order, next_attempt_at=later)

    runner.run_kind(account, SyncJob.Kind.SHIPMENTS)

    assert calls(emulator, "confirmShipment") == 0
    assert on_hand() == (ON_HAND - 3, 0)
    assert SyncJob.objects.get(kind="shipments").due_at == later

    confirm_now(shipment, actor="eva")
    runner.run_kind(account, SyncJob.Kind.SHIPMENTS)
    shipment.refresh_from_db()
    assert shipment.state == State.CONFIRMED


def test_package_does_not_wait_past_a_deadline_that_was_moved(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order, next_attempt_at=timezone.now() + timedelta(hours=40))
    order.ship_by = timezone.now() + timedelta(minutes=50)
    order.save()

    runner.run_kind(account, SyncJob.Kind.SHIPMENTS)

    shipment.refresh_from_db()
    assert shipment.state == State.CONFIRMED
