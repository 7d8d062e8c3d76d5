"""The minute's questions wake what has a due row, of all accounts at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    FulfillmentOrder,
    OrderReport,
    Parcel,
    Shipment,
    StoreEndpoint,
    StoreOrder,
    SyncJob,
)
from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.services.jobs import cadence, heartbeats, leases, nets, registry
from tests.builders import (
    make_account,
    make_job,
    make_listing,
    make_order,
    make_parcel,
    make_participation,
    make_variant,
    place_order,
)
from tests.services.jobs.scene import wrong_ranks

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def stale_order(account: AmazonAccount) -> None:
    """Have an order wait for its fetch."""
    make_order(account, stale_since=timezone.now())


def due_push(account: AmazonAccount) -> None:
    """Have a quantity wait to be sent."""
    variant = make_variant(account.store)
    make_listing(account, variant=variant, push_due=True, desired_quantity=3)


def due_parcel(account: AmazonAccount) -> None:
    """Have a parcel wait to be packed."""
    make_parcel(make_order(account))


def loose_parcel(account: AmazonAccount) -> None:
    """Have a parcel wait for an order that came at the same moment."""
    parcel = make_parcel(make_order(account))
    Parcel.objects.filter(pk=parcel.pk).update(order=None, try_after=None)


def due_shipment(account: AmazonAccount) -> None:
    """Have a package wait to be confirmed."""
    ship(account, state=Shipment.State.WAITING, next_attempt_at=None)


def shipment_to_look_for(account: AmazonAccount) -> None:
    """Have a package wait to be looked for."""
    ship(account, state=Shipment.State.CONFIRMED, next_attempt_at=timezone.now())


def shipment_before_its_last_call(account: AmazonAccount) -> None:
    """Have a package wait for its time although its order must leave in minutes."""
    soon = timezone.now() + timedelta(minutes=20)
    order = make_order(account, ship_by=soon)
    ship(
        account, order=order, state="waiting", next_attempt_at=timezone.now() + 9 * HOUR
    )


def ship(account: AmazonAccount, **over: Any) -> None:
    """Make a package of the account."""
    over.setdefault("order", None)
    over["order"] = over["order"] or make_order(account)
    Shipment.objects.create(
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z",
        shipped_at=timezone.now(),
        **over,
    )


def due_message(account: AmazonAccount) -> None:
    """Have a message wait for a store that listens."""
    StoreEndpoint.objects.create(
        store=account.store, url="https://store.example/hook", secret="s" * 40
    )
    make_order(account, webhook_pending_since=timezone.now())


def new_store_order(account: AmazonAccount) -> None:
    """Have an order of the store wait for its decision."""
    order = place_order(account.store, ("SKU", 1))
    StoreOrder.objects.filter(pk=order.pk).update(state=StoreOrder.State.NEW)


def store_order_at_amazon(account: AmazonAccount) -> None:
    """Have an order of the store wait to be placed."""
    order = place_order(account.store, ("SKU", 1))
    FulfillmentOrder.objects.create(
        order=order,
        account=account,
        api_version="2020-07-01",
        marketplace_id="ATVPDKIKX0DER",
        pool="US",
        speed="standard",
    )


def wanted_report(account: AmazonAccount) -> None:
    """Have a report wait to be asked for."""
    now = timezone.now()
    OrderReport.objects.create(
        account=account, purpose="daily", starts_at=now - HOUR, ends_at=now
    )


DUE = [
    ("order_fetch", stale_order),
    ("stock_push", due_push),
    ("parcels", due_parcel),
    ("parcels", loose_parcel),
    ("shipments", due_shipment),
    ("shipments", shipment_to_look_for),
    ("shipments", shipment_before_its_last_call),
    ("store_tell", due_message),
    ("fba_orders", new_store_order),
    ("fba_orders", store_order_at_amazon),
    ("order_reports", wanted_report),
]


def asleep(account: AmazonAccount, kind: str, **over: Any) -> SyncJob:
    """Make a job that ran an hour ago and comes again in hours."""
    now = timezone.now()
    fields = {"due_at": now + 9 * HOUR, "last_started_at": now - HOUR}
    return make_job(account, kind=kind, **fields | over)


def sleepers(account: AmazonAccount) -> dict[str, SyncJob]:
    """Make every job of the account, all asleep."""
    return {kind: asleep(account, kind) for kind in registry.kinds()}


def woken() -> set[tuple[int, str]]:
    """Return which accounts' jobs of which kinds are due now."""
    due = SyncJob.objects.filter(due_at__lte=timezone.now())
    return set(due.values_list("account_id", "kind"))


@pytest.mark.parametrize(("kind", "make"), DUE)
def test_due_row_wakes_its_job_and_no_other(
    kind: str, make: Callable[[AmazonAccount], None]
) -> None:
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.LISTENING)
    account, idle = make_account(), make_account()
    make(account)
    SyncJob.objects.all().delete()
    sleepers(account)
    sleepers(idle)
    nets.cast_nets()
    assert woken() == {(account.pk, kind)}
    assert wrong_ranks() == []


@pytest.mark.parametrize(
    "over",
    [
        {"blocked_code": "permission.orders_missing"},
        {"waiting_until": 9 * HOUR},
        {"attempts": 2},
        {"lease_until": HOUR, "lease_holder": "another"},
        {"last_started_at": 0 * HOUR},
    ],
)
def test_job_with_a_reason_to_wait_is_not_woken(over: dict[str, Any]) -> None:
    account = make_account()
    stale_order(account)
    now = timezone.now()
    columns = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in over.items()
    }
    job = asleep(account, "order_fetch", **columns)
    nets.cast_nets()
    assert (account.pk, job.kind) not in woken()


def test_question_that_fails_hinders_no_other_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = make_account()
    due_push(account)
    SyncJob.objects.all().delete()
    sleepers(account)

    def fail(now: datetime) -> Any:
        raise ZeroDivisionError

    broken = replace(registry.get("order_fetch"), due_accounts=fail)
    monkeypatch.setitem(registry.REGISTERED, "order_fetch", broken)
    with pytest.raises(ExceptionGroup):
        nets.cast_nets()
    assert (account.pk, "stock_push") in woken()


@pytest.mark.parametrize("step", ["create_missing_jobs", "mend_ranks"])
def test_step_before_the_questions_hinders_none_of_them(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    account = make_account()
    due_push(account)
    SyncJob.objects.all().delete()
    sleepers(account)

    def fail(*_arguments: datetime) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(nets, step, fail)
    with pytest.raises(ExceptionGroup):
        nets.cast_nets()
    assert (account.pk, "stock_push") in woken()


def test_account_that_is_not_connected_is_not_woken() -> None:
    account = make_account(state=AmazonAccount.State.DISCONNECTED)
    stale_order(account)
    asleep(account, "order_fetch")
    nets.cast_nets()
    assert woken() == set()


@pytest.mark.parametrize(
    "over",
    [
        {"is_selected": False},
        {"is_participating": False},
        {"marketplace_id": "NEWER-THAN-OURS"},
    ],
)
def test_quantity_of_an_account_without_marketplaces_wakes_nothing(
    over: dict[str, Any],
) -> None:
    account = make_account()
    due_push(account)
    asleep(account, "stock_push")
    account.participations.update(**over)
    nets.cast_nets()
    assert (account.pk, "stock_push") not in woken()

    make_participation(account, marketplace_id="A2EUQ1WTGCTBG2", country_code="CA")
    nets.cast_nets()
    assert (account.pk, "stock_push") in woken()


def test_questions_are_as_many_for_many_accounts_as_for_one() -> None:
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.LISTENING)
    counts = []
    for _ in range(2):
        for _account in range(3):
            account = make_account()
            stale_order(account)
            sleepers(account)
        SyncJob.objects.update(last_started_at=None)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            nets.cast_nets()
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_connected_account_gets_the_jobs_of_new_kinds() -> None:
    account, gone = make_account(), make_account(state="disconnected")
    SyncJob.objects.all().delete()
    nets.cast_nets()
    assert set(account.jobs.values_list("kind", flat=True)) == set(registry.kinds())
    assert not gone.jobs.exists()
    assert wrong_ranks() == []


def test_line_is_mended_where_a_process_died_between_two_steps() -> None:
    lost, left = make_account(), make_account()
    sleepers(lost)
    sleepers(left)
    lost.jobs.update(rank=None)
    AmazonAccount.objects.filter(pk=left.pk).update(state="disconnected")
    assert wrong_ranks() != []
    nets.mend_ranks()
    assert wrong_ranks() == []


def test_clock_that_is_set_back_leaves_no_job_asleep() -> None:
    account = make_account()
    ahead = timezone.now() + timedelta(days=365)
    slept = make_job(account, kind="listings", due_at=ahead, last_started_at=ahead)
    held = make_job(
        account,
        kind="fba_stock",
        due_at=ahead,
        lease_holder="of another time",
        lease_until=ahead,
    )

    nets.cast_nets()
    leases.give_back_expired()
    nets.cast_nets()

    for job in (slept, held):
        job.refresh_from_db()
        assert job.lease_until is None
        assert job.due_at <= timezone.now()
        assert job.rank is not None
    assert nets.mend_times(timezone.now()) == 0


def test_job_that_began_in_the_future_is_woken_for_a_due_row() -> None:
    account = make_account()
    stale_order(account)
    later = timezone.now() + HOUR
    job = asleep(account, "order_fetch", last_started_at=later)

    nets.cast_nets()

    job.refresh_from_db()
    assert job.due_at <= timezone.now()


def test_sweeps_come_every_five_minutes_where_no_event_is_read() -> None:
    accounts = [make_account() for _ in range(10)]
    for account in accounts:
        asleep(account, "order_sweep")
    heartbeats.beat(Process.CONSUMER, state=ConsumerState.UNREACHABLE)
    nets.cast_nets()
    swept = [pk for pk, kind in woken() if kind == "order_sweep"]
    assert len(swept) == 2


def test_slots_of_many_accounts_lie_evenly_over_the_interval() -> None:
    now, interval = timezone.now(), timedelta(minutes=30)
    minutes = [0] * 30
    for account_id in range(1, 3001):
        at = cadence.next_slot("order_sweep", account_id, interval, now)
        assert interval / 4 <= at - now <= interval * 5 / 4
        minutes[int((at - now) / timedelta(minutes=1)) % 30] += 1
    assert max(minutes) - min(minutes) <= 6


def test_slot_comes_every_interval_for_a_job_that_runs_in_time() -> None:
    now, interval = timezone.now(), timedelta(hours=1)
    first = cadence.next_slot("fba_stock", 7, interval, now)
    late = first + timedelta(seconds=40)
    assert cadence.next_slot("fba_stock", 7, interval, late) == first + interval
