"""Personal data goes in time: 30 days after delivery, else after shipping."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon import tasks
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    OrderPersonalData,
    PersonalDataWord,
    PurgeProof,
)
from channels_amazon.rules.privacy.retention import (
    OPEN_PERSONAL_DATA_KEPT,
    PERSONAL_DATA_KEPT,
)
from channels_amazon.services.orders import intake
from channels_amazon.services.privacy.personal_data import store_personal_data
from channels_amazon.services.privacy.purge import purge
from channels_amazon.services.privacy.standing import is_past_its_time, standing
from tests.builders import make_account, make_order, make_store
from tests.messages import START, amazon_order, iso

pytestmark = pytest.mark.django_db

BUYER = {"buyerName": "Canary Name"}
DAY = timedelta(days=1)
SHIPPED = Order.Status.SHIPPED


def make_kept(account: AmazonAccount | None = None, **over: Any) -> Order:
    """Make an order whose buyer is kept, then give it the columns of `over`."""
    order = make_order(account)
    store_personal_data(order, BUYER, None)
    Order.objects.filter(pk=order.pk).update(**over)
    return order


def kept() -> set[int]:
    """Return the orders whose personal data is there."""
    return set(OrderPersonalData.objects.values_list("order", flat=True))


@pytest.mark.parametrize(
    ("status", "shipped", "delivered", "goes"),
    [
        (SHIPPED, 31, None, True),
        (SHIPPED, 29, None, False),
        # Known in time, the delivery's own days count.
        (SHIPPED, 40, 29, False),
        (SHIPPED, 40, 31, True),
        # Known too late, it prolongs nothing.
        (SHIPPED, 40, 9, True),
        (Order.Status.CANCELLED, 31, None, True),
        (Order.Status.UNSHIPPED, 31, None, False),
        (Order.Status.UNSHIPPED, 91, None, True),
    ],
)
def test_purge_goes_by_delivery_then_by_shipping(
    status: str, shipped: int, delivered: int | None, goes: bool
) -> None:
    now = timezone.now()
    order = make_kept(
        status=status,
        shipped_at=now - shipped * DAY,
        delivered_at=now - delivered * DAY if delivered else None,
    )

    purge(now)

    assert (order.pk not in kept()) == goes


def test_order_whose_leaving_nobody_told_counts_from_its_ship_by() -> None:
    now = timezone.now()
    old = make_kept(status=SHIPPED, ship_by=now - 31 * DAY)
    make_kept(status=SHIPPED, ship_by=now - 29 * DAY)
    make_kept(status=SHIPPED, ship_by=None, ordered_at=None)

    purge(now)

    assert old.pk not in kept()
    assert len(kept()) == 2


def test_proof_says_what_went_and_what_is_next() -> None:
    now = timezone.now()
    account = make_account()
    make_kept(account, status=SHIPPED, shipped_at=now - 31 * DAY)
    make_kept(account, status=SHIPPED, shipped_at=now - 10 * DAY)
    make_kept(account, ship_by=now + DAY)

    (proof,) = purge(now)

    assert (proof.orders, proof.kept, proof.overdue) == (1, 2, 0)
    assert proof.next_due_at == now + 20 * DAY
    assert DiagnosticEntry.objects.get().store == account.store


def test_proof_of_nothing_is_written_once_a_day_in_each_store() -> None:
    now = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
    make_store()
    make_store()

    written = [len(purge(now + hours * timedelta(hours=1))) for hours in (0, 1, 14, 15)]

    assert written == [2, 0, 0, 2]
    make_kept(status=SHIPPED, shipped_at=now - 60 * DAY)
    assert [proof.orders for proof in purge(now + timedelta(hours=16))][-1] == 1


def test_purge_takes_what_no_key_opens_and_its_words() -> None:
    now = timezone.now()
    order = make_kept(status=SHIPPED, shipped_at=now - 31 * DAY)
    row = OrderPersonalData.objects.get(order=order)
    PersonalDataWord.objects.get_or_create(personal_data=row, digest="d")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_amazon_orderpersonaldata SET buyer = %s", [b"damaged"]
        )

    tasks.maintain()

    assert kept() == set()
    assert not PersonalDataWord.objects.exists()


def test_overdue_is_what_the_next_run_would_take() -> None:
    now = timezone.now()
    order = make_kept(status=SHIPPED, shipped_at=now - 31 * DAY)

    measured = standing(order.account.store, now)

    assert (measured.kept, measured.overdue) == (1, 1)
    assert measured.oldest is not None
    assert measured.oldest.due_at == now - DAY == measured.next_due_at


def test_command_prints_the_proof() -> None:
    now = timezone.now()
    order = make_kept(status=SHIPPED, shipped_at=now - 31 * DAY)
    said, again, as_json = StringIO(), StringIO(), StringIO()

    call_command("purge_personal_data", stdout=said)
    call_command("purge_personal_data", stdout=again)
    PurgeProof.objects.all().delete()
    call_command("purge_personal_data", "--json", stdout=as_json)

    assert "personal data of 1 orders deleted" in said.getvalue()
    assert "Nothing was due" in again.getvalue()
    (row,) = json.loads(as_json.getvalue())
    assert (row["store"], row["orders"]) == (order.account.store.slug, 0)
    assert (row["days_after_delivery"], row["days_after_shipping"]) == (30, 30)


days = st.integers(0, 120)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(Order.Status.values), days, st.none() | days)
def test_nothing_is_kept_longer_than_its_days(
    status: str, shipped: int, delivered: int | None
) -> None:
    now = timezone.now()
    order = make_kept(
        status=status,
        shipped_at=now - shipped * DAY,
        delivered_at=None if delivered is None else now - delivered * DAY,
    )

    order.refresh_from_db()
    is_over = is_past_its_time(order, now)
    purge(now)
    is_kept = order.pk in kept()
    assert is_kept != is_over
    left = standing(order.account.store, now)

    assert left.overdue == 0
    if is_kept and status == SHIPPED:
        days = PERSONAL_DATA_KEPT.days
        in_time = delivered is not None and shipped - delivered <= days
        assert (delivered if in_time else shipped) in range(days + 1)
    if is_kept:
        assert shipped <= OPEN_PERSONAL_DATA_KEPT.days + PERSONAL_DATA_KEPT.days
        assert left.next_due_at is not None
        assert left.next_due_at >= now


def package(number: int, status: str | None, ship_time: datetime) -> dict[str, Any]:
    """Return a package as Amazon shows it."""
    return {
        "packageReferenceId": str(number),
        "packageStatus": {"status": status} if status else {},
        "shipTime": iso(ship_time),
        "packageItems": [],
    }


def apply(account: AmazonAccount, seconds: int, *states: str | None) -> Order:
    """Apply a shipped order whose packages have these states."""
    data = amazon_order(
        "903-0000001-0000001",
        status="SHIPPED",
        seconds=seconds,
        packages=[
            package(number, state, START - timedelta(hours=number))
            for number, state in enumerate(states, start=1)
        ],
    )
    return intake.apply_order(account, data, source=intake.SWEEP).order


def test_order_is_delivered_when_all_its_packages_are_first_seen_so() -> None:
    account = make_account()
    for seconds, states in enumerate(
        [(), ("SHIPPED", "DELIVERED"), ("DELIVERED", None), ("CANCELLED",)]
    ):
        assert apply(account, seconds, *states).delivered_at is None

    first = apply(account, 10, "DELIVERED", "CANCELLED", "DELIVERED").delivered_at
    again = apply(account, 20, "DELIVERED", "DELIVERED").delivered_at

    assert first is not None
    assert first == again


def test_order_left_with_its_last_package_never_after_amazon_told_of_it() -> None:
    account = make_account()
    assert apply(account, 0).shipped_at is None
    Order.objects.update(status=Order.Status.UNSHIPPED)
    assert apply(account, 1).shipped_at == START + timedelta(seconds=1)

    assert apply(account, 2, "SHIPPED", "SHIPPED").shipped_at == START - timedelta(
        hours=1
    )

    data = amazon_order(
        "903-0000001-0000001",
        status="SHIPPED",
        seconds=3,
        packages=[package(1, "SHIPPED", START + 400 * DAY)],
    )
    late = intake.apply_order(account, data, source=intake.SWEEP).order
    assert late.shipped_at == START + timedelta(seconds=3)


def test_delivery_seen_after_the_purge_brings_nobody_back() -> None:
    account = make_account()
    order = make_kept(account, status=SHIPPED, shipped_at=timezone.now() - 31 * DAY)
    purge(timezone.now())
    Order.objects.filter(pk=order.pk).update(delivered_at=timezone.now())

    order.refresh_from_db()
    assert not store_personal_data(order, BUYER, None)
