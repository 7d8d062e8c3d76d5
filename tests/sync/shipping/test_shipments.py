"""Packages reach Amazon once in effect, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.model.entities import EmulatedPackage
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Shipment,
    SyncRun,
)
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.orders import intake
from channels_amazon.services.shipping import confirmations
from channels_amazon.spapi import retry
from channels_amazon.spapi.apis import shipment_confirmation
from channels_amazon.spapi.apis.orders import get_order
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


def test_package_is_confirmed_then_verified(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)

    run(account)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.attempts) == (State.CONFIRMED, 1)
    (package,) = theirs(emulator, order).packages
    assert (package.reference_id, package.tracking_number) == ("1", "1Z3")

    run(account)
    shipment.refresh_from_db()
    order.refresh_from_db()
    assert (shipment.state, order.status) == (State.VERIFIED, "shipped")
    assert on_hand() == (ON_HAND - 3, 0)
    assert calls(emulator, "confirmShipment") == 1
    assert verify_levels() == []


def test_partial_packages_ship_the_whole_order(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    ship(order, 1)
    run(account)
    run(account)
    order.refresh_from_db()
    assert (order.status, on_hand()) == ("partially_shipped", (ON_HAND - 1, 2))

    ship(order, 2, carrier_code="Other", carrier_name="Bike Couriers")
    run(account)
    run(account)

    order.refresh_from_db()
    assert (order.status, on_hand()) == ("shipped", (ON_HAND - 3, 0))
    packages = theirs(emulator, order).packages
    assert [(p.reference_id, p.carrier) for p in packages] == [
        ("1", "UPS"),
        ("2", "Bike Couriers"),
    ]


def test_package_whose_sender_died_is_not_sent_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    confirmations.begin_attempt(shipment)
    item = shipment_confirmation.ShippedItem(order.lines.get().order_item_id, 3)
    shipment_confirmation.confirm_shipment(
        client_for(account),
        order.amazon_order_id,
        shipment_confirmation.PackageDetail(
            marketplace_id=order.marketplace_id,
            package_number=1,
            carrier_code="UPS",
            tracking_number="1Z3",
            ship_date=shipment.shipped_at,
            items=[item],
        ),
    )
    emulator.flush()

    run(account)

    shipment.refresh_from_db()
    assert shipment.state == State.VERIFIED
    assert calls(emulator, "confirmShipment") == 1


def test_lost_answer_leaves_one_package(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    emulator.control("faults", match="confirmShipment", kind="lost_answer", count=1)

    run(account)
    run(account)

    shipment.refresh_from_db()
    assert shipment.state == State.VERIFIED
    assert len(theirs(emulator, order).packages) == 1
    assert on_hand() == (ON_HAND - 3, 0)


def test_package_that_amazon_shows_late_is_waited_for(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("behaviour", package_seconds=600)
    shipment = ship(place(emulator, account))

    run(account)
    run(account)
    shipment.refresh_from_db()
    assert shipment.state == State.CONFIRMED
    assert shipment.next_attempt_at
    assert shipment.next_attempt_at > timezone.now() + timedelta(seconds=1)

    emulator.advance(600)
    run(account)
    shipment.refresh_from_db()
    assert shipment.state == State.VERIFIED
    assert calls(emulator, "confirmShipment") == 1


def test_package_that_is_never_shown_is_told_of_once(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("behaviour", package_seconds=90_000)
    shipment = ship(place(emulator, account))
    run(account)
    Shipment.objects.update(confirmed_at=timezone.now() - timedelta(hours=2))

    run(account)
    run(account)

    shipment.refresh_from_db()
    assert (shipment.state, shipment.next_attempt_at) == (State.CONFIRMED, None)
    assert DiagnosticEntry.objects.filter(code="shipment.not_shown").count() == 1


def test_refused_package_says_why_and_gives_its_units_back(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    Shipment.objects.update(shipped_at=timezone.now() - timedelta(days=400))

    assert run(account).state == SyncRun.State.DONE

    shipment.refresh_from_db()
    assert (shipment.state, shipment.error_code) == (
        State.REFUSED,
        "shipment.date_refused",
    )
    assert "before the order" in shipment.error_message
    assert on_hand() == (ON_HAND, 3)

    ship(order)
    run(account)
    run(account)
    shipment.refresh_from_db()
    assert (shipment.state, on_hand()) == (State.VERIFIED, (ON_HAND - 3, 0))


def test_one_refused_package_does_not_hold_up_the_others(
    emulator: Emulator, account: AmazonAccount
) -> None:
    bad, good = place(emulator, account, 1), place(emulator, account, 1)
    refused, sent = ship(bad, 1), ship(good, 1)
    Shipment.objects.filter(pk=refused.pk).update(carrier_code="", carrier_name="")

    run(account)

    refused.refresh_from_db()
    sent.refresh_from_db()
    assert (refused.state, sent.state) == (State.REFUSED, State.CONFIRMED)


def test_cancelled_order_refuses_its_package_only_for_good(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    emulator.control("cancel", order_id=order.amazon_order_id, kind="merchant")

    run(account)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.error_code) == (
        State.WAITING,
        "shipment.already_shipped",
    )

    run(account)
    run(account)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.error_code) == (
        State.REFUSED,
        "shipment.already_shipped",
    )
    assert on_hand() == (ON_HAND, 0)


def test_package_confirmed_elsewhere_keeps_its_number(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    row = theirs(emulator, order)
    now = emulator.state.clock.now()
    item_id = row.items[0].order_item_id
    row.packages.append(
        EmulatedPackage("1", now, now, "DHL", "", "ELSEWHERE", now, {item_id: 1})
    )
    row.items[0].shipped = 1
    row.status = "PARTIALLY_SHIPPED"
    row.updated_at = now
    data = get_order(client_for(account), order.amazon_order_id)
    intake.apply_order(account, data, source=intake.FETCH)

    shipment = ship(order, 2)
    run(account)

    numbers = {p.reference_id: p.tracking_number for p in row.packages}
    assert numbers == {"1": "ELSEWHERE", "2": "1Z2"}
    run(account)
    shipment.refresh_from_db()
    assert (shipment.package_reference, on_hand()) == (2, (ON_HAND - 3, 0))


def test_outage_puts_packages_off_and_ends_the_run(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    for _ in range(4):
        ship(place(emulator, account, 1), 1)
    emulator.control("faults", match="confirmShipment", kind="html_503")

    assert run(account).state == SyncRun.State.FAILED
    attempts = Shipment.objects.values_list("attempts", flat=True)
    assert sorted(attempts) == [0, 1, 1, 1]
    # None is put off: it was not their fault.
    tried = Shipment.objects.filter(attempts=1, next_attempt_at__isnull=True)
    assert tried.filter(error_code="amazon.outage").count() == 3

    emulator.control("faults", clear=True)
    run(account)
    assert set(Shipment.objects.values_list("state", "error_code")) == {
        (State.CONFIRMED, "")
    }


def test_garbled_answer_is_looked_into_before_anything_is_sent_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    emulator.control("faults", match="confirmShipment", kind="not_json", count=1)

    run(account)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.error_code) == (
        State.WAITING,
        "amazon.unexpected_response",
    )

    run(account)
    run(account)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.error_code) == (State.VERIFIED, "")
    assert len(theirs(emulator, order).packages) == 1


def test_missing_role_blocks_the_job_and_keeps_the_package(
    emulator: Emulator, account: AmazonAccount
) -> None:
    shipment = ship(place(emulator, account))
    emulator.state.application.roles.clear()

    assert run(account).state == SyncRun.State.BLOCKED

    shipment.refresh_from_db()
    assert shipment.state == State.WAITING


def test_looking_leaves_reads_for_new_orders(
    emulator: Emulator, account: AmazonAccount
) -> None:
    shipment = ship(place(emulator, account))
    run(account)
    emulator.control("limits", operation="getOrder", rate=0.01, burst=5, region="na")
    client = client_for(account)
    client.buckets.take(account.quota_subject, "getOrder", 0.5, 30)
    for _ in range(25):
        client.buckets.take(account.quota_subject, "getOrder", 0.5, 30)
    before = calls(emulator, "getOrder")

    run(account)

    shipment.refresh_from_db()
    assert shipment.state == State.CONFIRMED
    assert calls(emulator, "getOrder") == before
