"""A pass of the purge reaches every store, whatever the slices and the kills."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import (
    DiagnosticEntry,
    MaintenanceTask,
    Order,
    OrderPersonalData,
    PurgeProof,
    StoreOrder,
    StoreOrderPersonalData,
)
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.mcf.store_orders import past_their_time
from channels_amazon.services.privacy import purge
from tests.builders import make_account, make_order, make_store
from tests.processes import ChildFailed, Processes

HERE = "tests.services.privacy.test_purge_pass"
STORES, ORDERS = 7, 3


def make_stores() -> None:
    """Make stores that keep the people of three old orders each, and of a young one."""
    long_ago = timezone.now() - timedelta(days=40)
    for _ in range(STORES):
        account = make_account()
        orders = [make_order(account) for _ in range(ORDERS + 1)]
        OrderPersonalData.objects.bulk_create(
            OrderPersonalData(
                order=order, store=account.store, buyer="{}", received_at=long_ago
            )
            for order in orders
        )
        Order.objects.filter(pk__in=[order.pk for order in orders[1:]]).update(
            status=Order.Status.SHIPPED, shipped_at=long_ago
        )
    # One that keeps nothing: it gets a proof as well.
    make_store()


def use_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pass over a few stores take many batches."""
    monkeypatch.setattr(purge, "STORES_A_BATCH", 2)
    monkeypatch.setattr(purge, "ROWS_A_BATCH", 2)
    monkeypatch.setattr(purge, "DESTINATIONS_A_BATCH", 2)


def purged() -> list[tuple[int, int, int]]:
    """Return what each proof says went, stayed and is overdue, by store."""
    proofs = PurgeProof.objects.order_by("store_id")
    return list(proofs.values_list("orders", "kept", "overdue"))


EXPECTED = [(ORDERS, 1, 0)] * STORES + [(0, 0, 0)]


@pytest.mark.django_db
def test_every_store_is_reached_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_batches(monkeypatch)
    make_stores()

    slices = 1
    while maintenance.run_slice(purge.PASS, seconds=0):
        slices += 1

    assert slices > STORES
    assert purged() == EXPECTED
    assert OrderPersonalData.objects.count() == STORES
    assert DiagnosticEntry.objects.filter(code="personal_data.purged").count() == STORES


@pytest.mark.django_db
def test_command_in_the_middle_of_a_pass_loses_no_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_small_batches(monkeypatch)
    make_stores()
    for _ in range(3):
        maintenance.run_slice(purge.PASS, seconds=0)
    cursor: Any = MaintenanceTask.objects.get().cursor
    assert cursor["deleted"]

    proofs = purge.purge()

    assert purged() == EXPECTED
    assert len(proofs) == STORES + 1


@pytest.mark.django_db
def test_destinations_are_looked_at_in_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_batches(monkeypatch)
    now = timezone.now()
    store = make_store()
    for days in (91, 1, 1, 91, 91, 1):
        order = StoreOrder.objects.create(
            store=store,
            number=str(StoreOrder.objects.count()),
            placed_at=now - timedelta(days=days),
            country_code="DE",
        )
        StoreOrderPersonalData.objects.create(order=order, received_at=now)

    purge.purge()

    assert StoreOrderPersonalData.objects.count() == 3
    assert not past_their_time(now).filter(personal_data__isnull=False).exists()


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_stores(
    django_assert_max_num_queries: Any,
) -> None:
    make_stores()

    # Two for each store would be more.
    with django_assert_max_num_queries(40):
        purge.purge()
    make_stores()
    with django_assert_max_num_queries(40):
        purge.purge()


def purge_until_killed(batches: int, number: int) -> None:
    """Purge in this process, and kill it while it writes that batch."""
    patch = pytest.MonkeyPatch()
    use_small_batches(patch)
    left = iter(range(batches))

    def plan(cursor: purge.PurgeCursor, now: Any) -> Any:
        write = purge.PASS.plan(cursor, now)

        def write_and_die() -> Any:
            after = write()
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return after

        return write_and_die

    task = maintenance.Pass(
        purge.PASS.name, purge.PASS.interval, purge.PASS.begin, plan
    )
    maintenance.run_slice(task)


@pytest.mark.twoprocess
@pytest.mark.parametrize("batches", [0, 2, 6])
def test_purge_killed_in_a_batch_goes_on_at_its_cursor(
    processes: Processes, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    make_stores()
    with pytest.raises(ChildFailed):
        processes.together(f"{HERE}:purge_until_killed", batches, count=1)
    before = MaintenanceTask.objects.get()
    assert before.is_under_way
    assert not maintenance.run_slice(purge.PASS)

    later = timezone.now() + maintenance.LEASE
    use_small_batches(monkeypatch)
    while maintenance.run_slice(purge.PASS, clock=lambda: later):
        pass

    assert purged() == EXPECTED
    assert MaintenanceTask.objects.get().started_at == before.started_at
