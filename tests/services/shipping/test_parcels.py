"""Parcels: kept once, waiting for orders, changed while they are in no package."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import Order, Parcel, Store, SyncJob
from channels_amazon.services.orders import waiting_parcels
from channels_amazon.services.orders.waiting_parcels import wake_for
from channels_amazon.services.shipping import parcels
from channels_amazon.services.shipping.parcels import (
    ORDER_UNKNOWN,
    ParcelError,
    ParcelFacts,
    Source,
    discard_parcel,
    link_orders,
    retry_parcel,
    take_parcels,
)
from tests import builders

pytestmark = pytest.mark.django_db

State = Parcel.State
ORDER_ID = "902-1234567-1234567"


def facts(**over: Any) -> ParcelFacts:
    """Return a parcel of the order as the store tells of it."""
    fields: dict[str, Any] = {
        "amazon_order_id": ORDER_ID,
        "carrier": "DHL Paket",
        "tracking_number": "JJD 0001",
        "shipped_at": timezone.now().replace(microsecond=0),
    }
    return ParcelFacts(**fields | over)


def take(store: Store, **over: Any) -> Parcel:
    """Let the store tell of the parcel."""
    told = facts(**over)
    take_parcels(store, [told], source=Source.API, actor="store")
    return Parcel.objects.get(store=store, idempotency_key=parcels.key_of(told))


def test_parcel_of_unknown_order_waits_for_it() -> None:
    account = builders.make_account()
    parcel = take(account.store)
    assert (parcel.state, parcel.code, parcel.try_after) == (
        State.WAITING,
        ORDER_UNKNOWN,
        None,
    )

    order = builders.make_order(account, amazon_order_id=ORDER_ID)
    wake_for([order])

    parcel.refresh_from_db()
    assert parcel.order == order
    assert parcel.try_after
    assert parcel.tracking_number == "JJD0001"


def test_parcel_of_known_order_wakes_the_job() -> None:
    account = builders.make_account()
    order = builders.make_order(account, amazon_order_id=ORDER_ID)
    later = timezone.now() + timedelta(hours=1)
    job = builders.make_job(account, kind=SyncJob.Kind.PARCELS, due_at=later)

    parcel = take(account.store)

    job.refresh_from_db()
    assert job.due_at <= timezone.now()
    assert parcel.order == order


def test_order_and_parcel_that_missed_each_other_are_joined() -> None:
    account = builders.make_account()
    parcel = take(account.store)
    order = builders.make_order(account, amazon_order_id=ORDER_ID)
    builders.make_order(builders.make_account(), amazon_order_id="902-7-7")

    assert link_orders(account) == 1
    assert link_orders(account) == 0

    parcel.refresh_from_db()
    assert parcel.order == order


def test_order_of_another_store_is_not_the_parcels() -> None:
    builders.make_order(amazon_order_id=ORDER_ID)
    account = builders.make_account()

    parcel = take(account.store)
    wake_for([Order.objects.get()])

    parcel.refresh_from_db()
    assert parcel.order is None
    assert link_orders(account) == 0


def test_parcel_told_twice_is_one() -> None:
    store = builders.make_store()
    at = timezone.now()

    first = take(store, shipped_at=at)
    again = take(store, shipped_at=at, tracking_number="jjd0001 ".upper())

    assert first.pk == again.pk
    assert Parcel.objects.count() == 1


def test_parcel_told_in_another_spelling_is_one() -> None:
    store = builders.make_store()
    first = take(store, tracking_number="1Z-99-1")

    told = [facts(tracking_number=number) for number in ("1Z991", "1z 991")]
    taken = take_parcels(store, told, source=Source.API, actor="store")

    first.refresh_from_db()
    assert (taken.new, first.idempotency_key) == (0, f"{ORDER_ID}:1z-99-1")
    assert Parcel.objects.count() == 1


def test_new_parcels_in_two_spellings_are_one() -> None:
    store = builders.make_store()
    told = [facts(tracking_number=number) for number in ("1Z-99-1", "1Z991")]

    taken = take_parcels(store, told, source=Source.API, actor="store")

    assert (taken.new, Parcel.objects.count()) == (1, 1)


def test_parcel_with_a_key_of_the_store_is_known_by_that_key_alone() -> None:
    store = builders.make_store()

    take(store, key="a", tracking_number="1Z-99-1")
    take(store, tracking_number="1Z991")

    assert Parcel.objects.count() == 2


def test_key_of_the_store_is_what_makes_a_parcel_the_same() -> None:
    store = builders.make_store()

    take(store, key="a")
    take(store, key="a", tracking_number="JJD2")
    take(store, key="b")

    assert Parcel.objects.count() == 2
    assert Parcel.objects.get(idempotency_key="a").tracking_number == "JJD2"


def test_corrected_parcel_is_taken_up_again() -> None:
    account = builders.make_account()
    order = builders.make_order(account, amazon_order_id=ORDER_ID)
    parcel = take(account.store, contents={"X": 1})
    Parcel.objects.update(state=State.REFUSED, code="parcel.sku_unknown")

    take(account.store, contents={"A": 1})

    parcel.refresh_from_db()
    assert (parcel.state, parcel.contents, parcel.order) == (
        State.WAITING,
        {"A": 1},
        order,
    )


@pytest.mark.parametrize("state", [State.APPLIED, State.DROPPED])
def test_packed_or_discarded_parcel_stays_as_it_is(state: str) -> None:
    store = builders.make_store()
    parcel = take(store)
    Parcel.objects.update(state=state)

    told = [facts(contents={"A": 2})]
    taken = take_parcels(store, told, source=Source.API, actor="store")

    parcel.refresh_from_db()
    assert (parcel.state, parcel.contents) == (state, {})
    assert (taken.new, taken.changed) == (0, 0)


@pytest.mark.parametrize(
    "over",
    [
        {"tracking_number": " "},
        {"tracking_number": "1\x07"},
        {"tracking_number": "1" * 81},
        {"amazon_order_id": ""},
        {"carrier": " "},
        {"shipped_at": timezone.now().replace(tzinfo=None)},
        {"contents": {"A": 0}},
        {"contents": {"": 1}},
        {"contents": {"A": "2"}},
    ],
)
def test_nonsense_is_no_parcel(over: dict[str, Any]) -> None:
    with pytest.raises(ParcelError):
        take(builders.make_store(), **over)

    assert not Parcel.objects.exists()


def test_many_parcels_cost_few_queries(
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    account = builders.make_account()
    told = [facts(tracking_number=f"T{n}") for n in range(1000)]

    with django_assert_max_num_queries(32):
        taken = take_parcels(account.store, told, source=Source.FILE, actor="ann")
    again = take_parcels(account.store, told, source=Source.FILE, actor="ann")

    assert (taken.new, again.new, again.known) == (1000, 0, 1000)


def test_person_retries_and_discards() -> None:
    parcel = take(builders.make_store())
    Parcel.objects.update(state=State.REFUSED)

    assert retry_parcel(parcel, actor="ann")
    parcel.refresh_from_db()
    assert (parcel.state, parcel.code) == (State.WAITING, ORDER_UNKNOWN)
    assert discard_parcel(parcel)
    assert not discard_parcel(parcel)
    Parcel.objects.update(state=State.APPLIED)
    assert not retry_parcel(parcel, actor="ann")
    assert not discard_parcel(parcel)


def test_held_parcel_goes_on_when_the_buyer_no_longer_asks() -> None:
    order = builders.make_order(cancel_requested=True)
    parcel = builders.make_parcel(
        order, state=State.REFUSED, code=waiting_parcels.CANCEL_REQUESTED
    )

    wake_for([order])
    parcel.refresh_from_db()
    assert parcel.state == State.REFUSED
    order.cancel_declined_at = timezone.now()
    wake_for([order])

    parcel.refresh_from_db()
    assert parcel.state == State.WAITING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "spellings", [["1Z991"] * 3, ["1Z-99-1", "1z 991", "1Z991"]], ids=["same", "other"]
)
def test_parcel_told_by_several_at_once_is_one(spellings: list[str]) -> None:
    account = builders.make_account()
    start = Barrier(3)

    def tell(number: str) -> None:
        start.wait()
        told = facts(tracking_number=number)
        take_parcels(account.store, [told], source=Source.API, actor="store")
        connection.close()

    threads = [Thread(target=tell, args=[number]) for number in spellings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Parcel.objects.count() == 1
