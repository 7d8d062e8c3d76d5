"""The judge of a chaos run sees each kind of fault, and none where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.emulator.model.entities import EmulatedOrder
from channels_amazon.emulator.model.state_dump import dump
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import Order, OrderLine, Shipment, StockLevel, SyncJob
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.orders import intake
from channels_amazon.services.shipping.shipments import ShipmentDraft, create_shipment
from channels_amazon.services.stock import ledger
from channels_amazon.spapi.apis.orders import get_order
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_variant, make_warehouse
from tests.whole import facts, verdict
from tests.whole.installation import Installation
from tests.whole.shipper import Parcel

pytestmark = pytest.mark.django_db

TRACKING = "1ZCHAOS000000"


@dataclass
class Here(Installation):
    """This process in place of a running copy."""

    emulated: Emulator | None = None

    def control(self, name: str, **body: Any) -> Any:
        """Return the local Amazon's state: nothing else is asked for."""
        assert name.startswith("state")
        assert self.emulated is not None
        return dump(self.emulated.state, "na")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what `sql` selects from the test's database."""
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


@dataclass
class Scene:
    """A run of one order that was shipped, all in order."""

    product: Here
    run: verdict.Run
    order: Order
    theirs: EmulatedOrder

    def judge(self) -> dict[str, int]:
        """Return how many faults of each kind there are, without those of none."""
        counts = verdict.judge(self.product, self.run).counts()
        return {kind: number for kind, number in counts.items() if number}


@pytest.fixture
def scene(emulator: Emulator, tmp_path: Path) -> Scene:
    """Place an order, take it over, ship it and see it shipped."""
    account = make_account(
        emulator=emulator, created_at=timezone.now() - timedelta(hours=1)
    )
    emulator.control("behaviour", package_seconds=0, pending_seconds=0)
    product = Here(tmp_path, emulated=emulator)
    (order_id,) = emulator.place_orders(1, fulfilled_by="MERCHANT", quantity=2)
    theirs = emulator.state.orders[order_id]
    variant = make_variant(account.store, sku=theirs.items[0].sku)
    ledger.set_on_hand(variant, make_warehouse(account.store), 9, actor="", key="count")
    before = facts.on_hand(product)
    data = get_order(client_for(account), order_id)
    order = intake.apply_order(account, data, source=intake.FETCH).order
    draft = ShipmentDraft(
        "UPS",
        TRACKING,
        timezone.now(),
        {order.lines.get().pk: theirs.items[0].quantity},
    )
    create_shipment(order, draft=draft, actor="test")
    runner.run_kind(account, SyncJob.Kind.SHIPMENTS)
    Shipment.objects.update(next_attempt_at=timezone.now())
    runner.run_kind(account, SyncJob.Kind.SHIPMENTS)
    run = verdict.Run([order_id], [Parcel(order_id, TRACKING, 2)], [], before)
    return Scene(product, run, order, theirs)


def test_run_in_order_has_no_fault(scene: Scene) -> None:
    assert verdict.judge(scene.product, scene.run).details() == []


def test_lost_order_is_seen(scene: Scene) -> None:
    scene.order.delete()
    assert scene.judge()["lost"] >= 1


def test_order_behind_amazons_status_is_seen(scene: Scene) -> None:
    Order.objects.update(status=Order.Status.UNSHIPPED)
    assert scene.judge()["lost"] == 1


def test_doubled_line_is_seen(scene: Scene) -> None:
    line = OrderLine.objects.get()
    line.pk, line.order_item_id = None, "again"
    line.save()
    assert scene.judge() == {"doubled": 1}


def test_package_under_two_numbers_is_seen(scene: Scene) -> None:
    (package,) = scene.theirs.packages
    scene.theirs.packages.append(replace(package, reference_id="2"))
    assert scene.judge()["confirmed_twice"] == 2


def test_package_that_never_arrived_is_seen(scene: Scene) -> None:
    scene.theirs.packages.clear()
    assert scene.judge() == {"lost": 1}


def test_stock_that_left_twice_is_seen(scene: Scene) -> None:
    StockLevel.objects.update(on_hand=5)
    assert scene.judge()["ledger_differences"] == 4


def test_job_whose_process_died_is_seen(scene: Scene) -> None:
    past = timezone.now() - timedelta(seconds=1)
    SyncJob.objects.update(lease_holder="gone", lease_until=past)
    assert scene.judge()["standing"] == SyncJob.objects.count()
