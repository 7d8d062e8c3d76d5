"""Maintenance goes on where it stopped, does each batch once, and takes turns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypedDict

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from channels_amazon.models import MaintenanceTask, Store
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.maintenance import MaintenanceBusy, Pass, UnderWay
from tests.builders import make_store
from tests.processes import Processes

HERE = "tests.services.jobs.test_maintenance"
HOUR = timedelta(hours=1)
Name = MaintenanceTask.Name


class Cursor(TypedDict):
    """The pass of these tests goes on after this store."""

    after: int


def marking(
    name: MaintenanceTask.Name = Name.LATENCY,
    *,
    interval: timedelta | None = HOUR,
    before_each: Callable[[int], None] = lambda pk: None,
) -> Pass[Cursor]:
    """Return a pass that adds an x to each store's name, store by store."""

    def plan(cursor: Cursor, now: datetime) -> maintenance.Write[Cursor]:
        store = Store.objects.filter(pk__gt=cursor["after"]).order_by("pk").first()
        if store is None:
            return lambda: None

        def write() -> Cursor:
            Store.objects.filter(pk=store.pk).update(name=Concat("name", Value("x")))
            before_each(store.pk)
            return {"after": store.pk}

        return write

    return Pass(name, interval, lambda now, last: {"after": 0}, plan)


def marks() -> list[int]:
    """Return how often each store was marked, in their order."""
    names = Store.objects.order_by("pk").values_list("name", flat=True)
    return [name.count("x") for name in names]


def row(name: MaintenanceTask.Name = Name.LATENCY) -> MaintenanceTask:
    """Return the task's row as the database has it now."""
    return MaintenanceTask.objects.get(name=name)


def run_due(*passes: Pass[Any]) -> bool:
    """Do the slice that is due, if any; tell whether another is to follow."""
    followed: list[bool] = []
    maintenance.run_due(passes, go_on=lambda: followed.append(True))
    return bool(followed)


def let_lease_run_out() -> None:
    """Let the time pass after which a holder counts as dead."""
    MaintenanceTask.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def stores(db: None) -> list[Store]:
    """Give five stores."""
    return [make_store(name="s") for _ in range(5)]


def test_slices_reach_every_store_once(stores: list[Store]) -> None:
    slices = 1
    while maintenance.run_slice(marking(), seconds=0):
        slices += 1

    assert slices == 6
    assert marks() == [1] * 5
    assert not row().is_under_way


def test_batch_that_fails_leaves_the_cursor_and_is_done_again(
    stores: list[Store],
) -> None:
    def fail(pk: int) -> None:
        if pk == stores[2].pk:
            raise RuntimeError("This batch fails.")

    with pytest.raises(RuntimeError):
        maintenance.run_slice(marking(before_each=fail))
    assert (marks(), row().cursor) == ([1, 1, 0, 0, 0], {"after": stores[1].pk})
    assert row().lease_until is None

    assert not maintenance.run_slice(marking())
    assert marks() == [1] * 5


def test_pass_whose_lease_another_took_writes_nothing_more(stores: list[Store]) -> None:
    def lose(pk: int) -> None:
        if pk == stores[1].pk:
            MaintenanceTask.objects.update(lease_holder="another")

    task = marking(before_each=lose)

    assert not maintenance.run_slice(task)
    assert (marks(), row().lease_holder) == ([1, 0, 0, 0, 0], "")
    with pytest.raises(MaintenanceBusy):
        maintenance.run_pass(task)


def test_pass_that_another_works_on_is_left_to_it(stores: list[Store]) -> None:
    maintenance.run_slice(marking(), seconds=0)
    MaintenanceTask.objects.update(
        lease_holder="another", lease_until=timezone.now() + maintenance.LEASE
    )

    assert not maintenance.run_slice(marking())
    assert not run_due(marking(), marking(Name.PURGE))
    assert sum(marks()) == 1

    let_lease_run_out()
    assert not maintenance.run_slice(marking())
    assert marks() == [1] * 5


def test_next_pass_begins_when_it_is_due(stores: list[Store]) -> None:
    by_hand = marking(Name.KEY_ROTATION, interval=None)
    assert not run_due(marking(), by_hand)
    run_due(marking(), by_hand)
    assert sum(marks()) == 5

    MaintenanceTask.objects.update(started_at=timezone.now() - HOUR)
    run_due(marking(), by_hand)
    assert sum(marks()) == 10


def test_pass_that_fails_does_not_keep_the_others_waiting(stores: list[Store]) -> None:
    def fail(pk: int) -> None:
        raise RuntimeError("This pass always fails.")

    passes = [marking(Name.PURGE, before_each=fail), marking(Name.RETENTION)]
    with pytest.raises(RuntimeError):
        run_due(*passes)

    run_due(*passes)
    assert marks() == [1] * 5


@pytest.mark.parametrize(
    ("under_way", "marked"),
    [
        (UnderWay.FINISH, [1, 1, 2, 2, 2]),
        (UnderWay.CONTINUE, [0, 0, 1, 1, 1]),
        (UnderWay.DROP, [1, 1, 1, 1, 1]),
    ],
)
def test_command_finishes_goes_on_or_begins_anew(
    stores: list[Store], under_way: UnderWay, marked: list[int]
) -> None:
    for _ in range(2):
        maintenance.run_slice(marking(), seconds=0)
    Store.objects.update(name="s")

    maintenance.run_pass(marking(), under_way=under_way)

    assert marks() == marked


def test_pass_is_under_way_until_it_ends_or_stands_still(stores: list[Store]) -> None:
    maintenance.run_slice(marking(), seconds=0)
    now = timezone.now()
    later = now + maintenance.STALLED_AFTER
    assert maintenance.under_way_since(Name.LATENCY, now) == row().started_at
    assert maintenance.under_way_since(Name.LATENCY, later) is None

    maintenance.run_slice(marking())
    assert maintenance.under_way_since(Name.LATENCY, now) is None


def mark_in_turns(times: int, number: int) -> int:
    """Try so often to do one batch in this process; return how many it did."""
    done: list[int] = []
    for _ in range(times):
        maintenance.run_slice(marking(before_each=done.append), seconds=0)
    return len(done)


@pytest.mark.twoprocess
def test_two_processes_do_each_batch_once(processes: Processes) -> None:
    for _ in range(20):
        make_store(name="s")
    # None begins a second pass: each stops when there are batches left.
    done: list[Any] = processes.together(f"{HERE}:mark_in_turns", 9)

    assert set(marks()) <= {0, 1}
    assert sum(done) == sum(marks()) > 0
