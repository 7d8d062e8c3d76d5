"""A batch of events: written in their order, carried out once, at a fixed cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Order,
    Reservation,
    StockLevel,
    StockMovement,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.services.stock import ledger
from tests.builders import (
    make_account,
    make_job,
    make_listing,
    make_variant,
    make_warehouse,
)
from tests.ledger_proof import verify_levels
from tests.messages import START, message, order_change

pytestmark = pytest.mark.django_db

SELLER = "A3TH9S8BH6GOGM"
Moved = StockMovement.Reason


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that was connected before all orders."""
    return make_account(seller_id=SELLER, created_at=START - timedelta(days=9))


def order_id(place: int) -> str:
    """Return the id of the order with that number."""
    return f"903-0000001-{place:07d}"


def tell(status: str, seconds: float, places: range) -> list[Any]:
    """Return the messages that these orders, of one unit each, have that status."""
    return [
        message(
            order_change(
                order_id=order_id(place),
                status=status,
                seconds=seconds + place,
                items=[("SKU-0", 1, int(status == "Shipped"))],
            )
        )
        for place in places
    ]


def test_batch_costs_a_fixed_number_of_queries(
    account: AmazonAccount, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store, sku="SKU-0")
    ledger.set_on_hand(variant, warehouse, 100, actor="", key="count")

    with django_assert_max_num_queries(42):
        accept(tell("Pending", 0, range(10)))
    with django_assert_max_num_queries(42):
        accept(tell("Pending", 0, range(10, 40)))
    with django_assert_max_num_queries(20):
        accept(tell("Unshipped", 100, range(40)))

    assert Reservation.objects.filter(quantity=1).count() == 40
    assert StockLevel.objects.get().reserved == 40
    assert set(Order.objects.values_list("status", flat=True)) == {"unshipped"}


def test_batch_locks_orders_then_levels_then_jobs(account: AmazonAccount) -> None:
    """Else a batch and a worker that gives a job back could wait for each other."""
    StoreEndpoint.objects.create(store=account.store, url="https://store.example/")
    variant = make_variant(account.store, sku="SKU-0")
    make_listing(account, seller_sku="SKU-0", variant=variant, is_mfn=True)
    ledger.set_on_hand(variant, make_warehouse(account.store), 9, actor="", key="count")
    for kind in SyncJob.Kind:
        make_job(account, kind=kind, due_at=timezone.now() + timedelta(hours=1))
    Order.objects.create(
        account=account,
        amazon_order_id=order_id(0),
        status=Order.Status.PENDING,
        completed_at=START,
    )

    with CaptureQueriesContext(connection) as seen:
        accept(tell("Unshipped", 0, range(2)))

    tables = [
        re.findall(
            r"channels_amazon_(order|stocklevel|listing|syncjob)\b", query["sql"]
        )
        for query in seen.captured_queries
    ]
    named = [names[0] for names in tables if names]
    assert named.index("order") < named.index("stocklevel") < named.index("syncjob")
    assert set(named[named.index("syncjob") :]) == {"syncjob"}
    due = SyncJob.objects.filter(due_at__lte=timezone.now())
    assert set(due.values_list("kind", flat=True)) == {
        SyncJob.Kind.ORDER_FETCH,
        SyncJob.Kind.STOCK_PUSH,
        SyncJob.Kind.WEBHOOK_DELIVERY,
    }


def test_units_of_an_order_cancelled_within_the_batch_never_move(
    account: AmazonAccount,
) -> None:
    make_variant(account.store, sku="SKU-0")

    accept([*tell("Pending", 0, range(2)), *tell("Canceled", 50, range(1))])

    moved = StockMovement.objects.values_list("reference", "reason")
    assert list(moved) == [(order_id(1), Moved.RESERVED)]
    assert not Reservation.objects.filter(
        line__order__amazon_order_id=order_id(0), quantity__gt=0
    ).exists()


@pytest.mark.parametrize("statuses", [("Canceled",), ("Pending", "Canceled")])
def test_amazons_count_is_set_right_after_an_order_that_never_held_units(
    account: AmazonAccount, statuses: tuple[str, ...]
) -> None:
    """Amazon has lowered its own count by the sale, whatever we saw of it."""
    variant = make_variant(account.store, sku="SKU-0")
    listed = {"variant": variant, "is_mfn": True, "desired_quantity": 5}
    listing = make_listing(account, seller_sku="SKU-0", push_due=False, **listed)
    other = make_listing(account, push_due=False, **listed | {"variant": None})

    accept([one for n, word in enumerate(statuses) for one in tell(word, n, range(1))])

    listing.refresh_from_db()
    other.refresh_from_db()
    assert (listing.push_due, other.push_due) == (True, False)
    assert not StockMovement.objects.exists()


def test_cancelled_order_of_amazons_own_stock_sends_nothing(
    account: AmazonAccount,
) -> None:
    variant = make_variant(account.store, sku="SKU-0")
    listing = make_listing(
        account,
        seller_sku="SKU-0",
        variant=variant,
        is_mfn=True,
        desired_quantity=5,
        push_due=False,
    )
    body = order_change(
        order_id=order_id(1),
        status="Canceled",
        items=[("SKU-0", 1)],
        fulfilled_by="AFN",
    )

    accept([message(body)])

    listing.refresh_from_db()
    assert not listing.push_due


def test_units_shipped_within_the_batch_leave_at_once(account: AmazonAccount) -> None:
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store, sku="SKU-0")
    ledger.set_on_hand(variant, warehouse, 5, actor="", key="count")

    accept([*tell("Unshipped", 0, range(1)), *tell("Shipped", 50, range(1))])

    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (4, 0)
    assert verify_levels() == []


def test_each_order_of_the_batch_sees_what_the_ones_before_it_took(
    account: AmazonAccount,
) -> None:
    near = make_warehouse(account.store, is_default=True)
    far = make_warehouse(account.store, is_default=False)
    variant = make_variant(account.store, sku="SKU-0")
    ledger.set_on_hand(variant, near, 2, actor="", key="near")
    ledger.set_on_hand(variant, far, 9, actor="", key="far")

    accept(tell("Unshipped", 0, range(5)))

    held = {level.warehouse_id: level.reserved for level in StockLevel.objects.all()}
    assert held == {near.pk: 2, far.pk: 3}
    assert not Reservation.objects.filter(is_short=True).exists()
    assert verify_levels() == []


def test_batch_of_several_stores_matches_each_by_its_own_skus(
    account: AmazonAccount,
) -> None:
    other = make_account(seller_id="OTHER", created_at=START - timedelta(days=9))
    own = make_variant(account.store, sku="SKU-0")
    theirs = make_variant(other.store, sku="SKU-0")

    accept(
        [
            message(order_change(order_id=order_id(n), seller_id=seller, items=items))
            for n, (seller, items) in enumerate(
                [
                    (SELLER, [("SKU-0", 1)]),
                    ("OTHER", [("SKU-0", 1)]),
                    ("OTHER", [("SKU-9", 1)]),
                ]
            )
        ]
    )

    rows = Reservation.objects.order_by("line__order__amazon_order_id")
    assert [row.variant_id for row in rows] == [own.pk, theirs.pk]
    unmatched = Order.objects.get(has_unmatched=True)
    assert unmatched.amazon_order_id == order_id(2)


def test_shortage_within_the_batch_marks_the_last_ones_only(
    account: AmazonAccount, django_capture_on_commit_callbacks: Any
) -> None:
    warehouse = make_warehouse(account.store)
    variant = make_variant(account.store, sku="SKU-0")
    ledger.set_on_hand(variant, warehouse, 3, actor="", key="count")

    with django_capture_on_commit_callbacks(execute=True):
        accept(tell("Unshipped", 0, range(5)))

    short = Order.objects.filter(has_shortage=True).order_by("amazon_order_id")
    assert [row.amazon_order_id for row in short] == [order_id(3), order_id(4)]
