"""Parcels of the store ship their orders without a person, once in effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    Parcel,
    Shipment,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.orders import intake
from channels_amazon.services.shipping import confirmations, packing, parcels
from channels_amazon.services.shipping.parcels import (
    ParcelFacts,
    Source,
    take_parcels,
)
from channels_amazon.spapi.apis.orders import get_order
from channels_amazon.sync.runtime import runner
from tests import builders
from tests.ledger_proof import verify_levels
from tests.sync.shipping.scene import (
    ON_HAND,
    calls,
    make_shipper,
    merchant_sku,
    on_hand,
    place,
    run,
    theirs,
)

pytestmark = pytest.mark.django_db

State = Parcel.State
Kind = SyncJob.Kind


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account with stock and a template that knows the carrier “Paket”."""
    row = make_shipper(emulator)
    template = builders.make_template(row.store)
    template.carriers.create(store_carrier="Paket", carrier_code="DHL")
    return row


def pack(account: AmazonAccount) -> SyncRun:
    """Run the job of the parcels."""
    made = runner.run_kind(account, Kind.PARCELS)
    assert made is not None
    return made


def tell(account: AmazonAccount, order_id: str, **over: Any) -> Parcel:
    """Let the store tell of a parcel."""
    fields: dict[str, Any] = {
        "amazon_order_id": order_id,
        "carrier": "Paket",
        "tracking_number": "JJD1",
        "shipped_at": timezone.now(),
    }
    facts = ParcelFacts(**fields | over)
    take_parcels(account.store, [facts], source=Source.API, actor="store")
    return Parcel.objects.get(
        store=account.store, idempotency_key=parcels.key_of(facts)
    )


def test_parcel_ships_its_order(emulator: Emulator, account: AmazonAccount) -> None:
    order = place(emulator, account)
    parcel = tell(account, order.amazon_order_id)

    assert pack(account).rows_changed == 1
    run(account)
    run(account)

    parcel.refresh_from_db()
    order.refresh_from_db()
    assert (parcel.state, order.status) == (State.APPLIED, "shipped")
    (package,) = theirs(emulator, order).packages
    assert (package.carrier, package.tracking_number) == ("DHL", "JJD1")
    assert on_hand() == (ON_HAND - 3, 0)
    assert verify_levels() == []


def test_parcel_that_came_before_its_order_is_taken_up_with_it(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (order_id,) = emulator.place_orders(
        1, fulfilled_by="MERCHANT", sku=merchant_sku(emulator, account), quantity=1
    )
    parcel = tell(account, order_id)
    assert pack(account).rows_seen == 0
    later = timezone.now() + timedelta(minutes=4)
    SyncJob.objects.filter(kind=Kind.PARCELS).update(due_at=later, rank=later)

    data = get_order(client_for(account), order_id)
    intake.apply_order(account, data, source=intake.FETCH)

    assert SyncJob.objects.get(kind=Kind.PARCELS).due_at <= timezone.now()
    pack(account)
    parcel.refresh_from_db()
    assert parcel.state == State.APPLIED


def test_parcels_of_one_order_ship_in_packages_with_partial_quantities(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    sku = order.lines.get().seller_sku
    tell(account, order.amazon_order_id, contents={sku: 1})
    tell(account, order.amazon_order_id, contents={sku: 2}, tracking_number="JJD2")

    pack(account)
    run(account)
    run(account)

    packages = theirs(emulator, order).packages
    assert [(p.reference_id, sum(p.items.values())) for p in packages] == [
        ("1", 1),
        ("2", 2),
    ]
    order.refresh_from_db()
    assert order.status == "shipped"


@pytest.mark.parametrize("kind", ["lost_answer", "close", "not_json", "status_500"])
def test_parcel_ships_once_whatever_happens_to_the_answer(
    emulator: Emulator, account: AmazonAccount, kind: str
) -> None:
    order = place(emulator, account)
    for _ in range(3):
        tell(account, order.amazon_order_id)
        pack(account)
    emulator.control("faults", match="confirmShipment", kind=kind, count=1)

    for _ in range(3):
        run(account)

    assert len(theirs(emulator, order).packages) == 1
    assert Shipment.objects.get().state == Shipment.State.VERIFIED
    assert on_hand() == (ON_HAND - 3, 0)


def test_worker_that_died_before_the_answer_ships_nothing_twice(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    tell(account, order.amazon_order_id)
    pack(account)
    # It died after it counted its attempt: nobody knows whether Amazon heard it.
    assert confirmations.begin_attempt(Shipment.objects.get())

    run(account)
    run(account)

    assert calls(emulator, "confirmShipment") == 1
    assert len(theirs(emulator, order).packages) == 1


def test_worker_that_died_while_it_packed_leaves_nothing_half_done(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(emulator, account)
    parcel = tell(account, order.amazon_order_id)

    def die(*_args: object) -> None:
        raise MemoryError

    with monkeypatch.context() as killed:
        # The package is made, and the parcel does not know of it yet.
        killed.setattr(packing, "_apply", die)
        assert pack(account).state == SyncRun.State.FAILED
    assert (Shipment.objects.count(), on_hand()) == (0, (ON_HAND, 3))

    pack(account)
    parcel.refresh_from_db()
    assert (parcel.state, Shipment.objects.count()) == (State.APPLIED, 1)
    assert on_hand() == (ON_HAND - 3, 0)
    assert verify_levels() == []


def test_worker_that_lost_its_job_sends_nothing_more(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        order = place(emulator, account, 1)
        tell(account, order.amazon_order_id, tracking_number=f"J{order.pk}")
    pack(account)
    real = confirmations.begin_attempt

    def begin(shipment: Shipment) -> bool:
        # Another worker takes the job over while the first package goes.
        SyncJob.objects.filter(kind=Kind.SHIPMENTS).update(lease_holder="another")
        return real(shipment)

    with monkeypatch.context() as taken:
        taken.setattr(confirmations, "begin_attempt", begin)
        runner.run_kind(account, Kind.SHIPMENTS)
    assert calls(emulator, "confirmShipment") == 1
    SyncJob.objects.update(lease_holder="", lease_until=None)

    for _ in range(2):
        run(account)

    assert calls(emulator, "confirmShipment") == 2
    states = Shipment.objects.values_list("state", flat=True)
    assert set(states) == {Shipment.State.VERIFIED}


def test_bad_order_does_not_stop_the_others(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (builders.make_order(account) for _ in range(2))
    for order in (bad, good):
        builders.make_parcel(order)
    real = packing.pack_order

    def pack_order(order_id: int) -> list[Parcel]:
        if order_id == bad.pk:
            raise IntegrityError("a row that cannot be")
        return real(order_id)

    monkeypatch.setattr(packing, "pack_order", pack_order)

    assert pack(account).state == SyncRun.State.DONE

    assert set(Parcel.objects.values_list("order", "state", "code")) == {
        (bad.pk, State.REFUSED, "parcel.failed"),
        (good.pk, State.APPLIED, ""),
    }
    assert DiagnosticEntry.objects.filter(code="parcel.failed").exists()


def test_job_wakes_when_a_parcel_has_waited_enough(account: AmazonAccount) -> None:
    order = builders.make_order(account)
    soon = timezone.now() + timedelta(seconds=90)
    builders.make_parcel(order, try_after=soon)

    pack(account)

    assert SyncJob.objects.get(kind=Kind.PARCELS).due_at == soon
    assert not Shipment.objects.exists()


def test_run_that_finds_nothing_asks_little(
    account: AmazonAccount, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for _ in range(30):
        builders.make_parcel(builders.make_order(account), state=State.APPLIED)
    pack(account)

    with django_assert_max_num_queries(40):
        pack(account)


def test_hundreds_of_parcels_are_packed_in_slices(account: AmazonAccount) -> None:
    for _ in range(60):
        builders.make_parcel(builders.make_order(account))

    while Parcel.objects.filter(state=State.WAITING).exists():
        assert pack(account).state == SyncRun.State.DONE

    assert Shipment.objects.count() == Order.objects.count() == 60
