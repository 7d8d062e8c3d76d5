"""Backed up under load, lost, restored, at work again: nothing oversold, all equal.

Amazon's search shows no change that is younger than two minutes: so long it takes at
least until everything up to the start can be read, however many tokens there are.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.emulator.model.errors import LifecycleError
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Heartbeat,
    Installation,
    Listing,
    Order,
    OrderLine,
    Reservation,
    StockLevel,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.accounts import subscriptions
from channels_amazon.services.catalog.listings import link_by_sku
from channels_amazon.services.installation import catching_up, guard
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.stock import ledger
from channels_amazon.sync.orders.stand_in import NEWEST_SHOWN
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_variant, make_warehouse
from tests.ledger_proof import verify_levels
from tests.processes import Processes

pytestmark = [pytest.mark.alone, pytest.mark.twoprocess]

COUNTED = 40
SKUS = 3
Kind = SyncJob.Kind


class Market:
    """Buyers who take one unit at a time while Amazon shows any; notes each number."""

    def __init__(self, emulator: Emulator, skus: list[str], seller: str) -> None:
        self.emulator = emulator
        self.skus = skus
        self.seller = seller
        self.sold: Counter[str] = Counter()
        self.raised: list[tuple[float, str, int, int]] = []
        self.pause = 0.3
        self._stop = threading.Event()
        self._last = {sku: self.shown(sku) for sku in skus}
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Market:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def shown(self, sku: str) -> int:
        """Return the quantity that buyers see."""
        return self.emulator.state.listings[self.seller, sku].quantity or 0

    def buy(self, sku: str) -> None:
        """Take one unit, where there is one."""
        if self.shown(sku) < 1:
            # Amazon sells none; the local one would, where a SKU is named.
            return
        try:
            self.emulator.place_orders(1, sku=sku, quantity=1, fulfilled_by="MERCHANT")
        except LifecycleError:
            return
        self.sold[sku] += 1

    def _run(self) -> None:
        bought_at = 0.0
        while not self._stop.wait(0.02):
            for sku in self.skus:
                now = self.shown(sku)
                if now > self._last[sku]:
                    self.raised.append((time.time(), sku, self._last[sku], now))
                self._last[sku] = now
            if time.monotonic() - bought_at >= self.pause:
                bought_at = time.monotonic()
                self.buy(self.skus[sum(self.sold.values()) % len(self.skus)])


@pytest.fixture
def account(emulator: Emulator, transactional_db: None) -> AmazonAccount:
    """Give an account with counted stock, all of it published and read."""
    row = make_account(emulator=emulator)
    warehouse = make_warehouse(row.store)
    emulator.control("behaviour", accept_seconds=0)
    runner.run_kind(row, Kind.LISTINGS)
    assert subscriptions.subscribe(row, actor="test") == ""
    chosen = Listing.objects.filter(is_mfn=True, is_fba=False).order_by("seller_sku")
    for listing in chosen[:SKUS]:
        variant = make_variant(row.store, sku=listing.seller_sku)
        link_by_sku(row, [listing.seller_sku])
        ledger.set_on_hand(
            variant, warehouse, COUNTED, actor="ann", key=f"count:{listing.pk}"
        )
    lifecycle.ensure_jobs(row)
    return row


@pytest.fixture
def market(emulator: Emulator, account: AmazonAccount) -> Iterator[Market]:
    """Give buyers who begin once the first numbers are published."""
    runner.run_kind(account, Kind.STOCK_PUSH)
    rows = Listing.objects.filter(variant__isnull=False)
    skus = list(rows.values_list("seller_sku", flat=True))
    with Market(emulator, skus, account.seller_id) as running:
        assert {running.shown(sku) for sku in skus} == {COUNTED}
        yield running


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "It did not happen in time."
        time.sleep(0.2)


def start(processes: Processes) -> None:
    for command in ("worker", "consume_notifications"):
        processes.command(command, LOG_LEVEL="CRITICAL")


def has_swept() -> bool:
    done = SyncJob.objects.filter(kind=Kind.ORDER_SWEEP, first_done_at__isnull=False)
    return done.exists() and SyncRun.objects.filter(kind=Kind.ORDER_FETCH).exists()


def caught_up(account: AmazonAccount) -> bool:
    guard.forget()
    row = Installation.objects.get()
    if row.behind_cause and row.behind_at is None:
        return False
    return not catching_up.is_behind(account)


def test_restored_under_load_oversells_nothing_and_becomes_equal(
    emulator: Emulator,
    account: AmazonAccount,
    market: Market,
    processes: Processes,
    tmp_path: Path,
) -> None:
    start(processes)
    wait_for(has_swept, 60)
    wait_for(lambda: sum(market.sold.values()) >= 12, 60)
    processes.output(processes.command("backup", str(tmp_path / "backup")))
    known = Order.objects.count()
    wait_for(lambda: sum(market.sold.values()) >= 36, 60)
    # What the original took from the queue is not told again.
    wait_for(lambda: Order.objects.count() > known + 12, 60)
    processes.stop()

    Heartbeat.objects.all().delete()
    connection.close()
    processes.output(
        processes.command("restore", str(tmp_path / "backup"), "--replace", "--confirm")
    )
    assert Order.objects.count() < sum(market.sold.values()) - 12
    market.raised.clear()
    market.pause = 2.0
    began = timezone.now()
    start(processes)
    wait_for(lambda: Installation.objects.get().behind_at is not None, 30)
    behind_at = Installation.objects.get().behind_at
    assert behind_at is not None
    wait_for(lambda: caught_up(account), 300)
    took = timezone.now() - behind_at
    shown_until = time.time()

    assert took <= NEWEST_SHOWN * 1.2, (took, behind_at - began)
    early = [one for one in market.raised if one[0] < shown_until - 5]
    assert early == []
    market.pause = 3600.0
    wait_for(lambda: _is_equal(emulator, account, market), 60)
    for sku in market.skus:
        assert market.sold[sku] <= COUNTED
        assert market.shown(sku) == COUNTED - market.sold[sku]
    assert verify_levels() == []


def _is_equal(emulator: Emulator, account: AmazonAccount, market: Market) -> bool:
    theirs = {
        order.order_id: sum(item.quantity for item in order.items)
        for order in emulator.state.orders.values()
        if order.seller_id == account.seller_id
        and {item.sku for item in order.items} & set(market.skus)
        and order.created_at >= account.created_at
    }
    lines = OrderLine.objects.filter(order__amazon_order_id__in=theirs)
    ours: Counter[str] = Counter()
    for order_id, units in lines.values_list("order__amazon_order_id", "quantity"):
        ours[order_id] += units
    held = sum(Reservation.objects.values_list("quantity", flat=True))
    reserved = sum(StockLevel.objects.values_list("reserved", flat=True))
    is_sent = not Listing.objects.filter(push_due=True).exists()
    return (
        dict(ours) == theirs
        and held == reserved == sum(market.sold.values())
        and is_sent
    )
