"""Bulk shipping: what a file would do, taken over once, whatever its size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import Order, Parcel, Shipment
from channels_amazon.services.shipping import bulk, packing
from channels_amazon.services.shipping.bulk import plan_file, take_over
from tests import builders
from tests.services.shipping.scene import make_scene, ship

pytestmark = pytest.mark.django_db

HEADER = "order id,carrier,tracking number,sku,quantity,ship date\n"


def outcomes(order: Order, *rows: str) -> list[tuple[str, str]]:
    """Return how each row of a file would end, with the word that says it."""
    plan = plan_file(order.account.store, HEADER + "\n".join(rows))
    assert plan.rejected == []
    return [(row.outcome, row.text) for row in plan.rows]


def test_file_says_what_would_happen_to_each_row() -> None:
    order, _variant, _warehouse = make_scene()
    sku, this = order.lines.get().seller_sku, order.amazon_order_id

    found = outcomes(
        order,
        f"{this},ups,1Z1,{sku},1,",
        f"{this},Pigeon,1Z2,{sku},1,",
        f"{this},UPS,1Z3,{sku},3,",
        f"{this},UPS,1Z4,X,1,",
        "902-0000000-0000000,UPS,1Z5,,,",
        f"{this},UPS,1Z6,{sku},1,2199-01-01",
        f"{this},UPS,1Z7,{sku},1,2001-01-01",
    )

    assert [outcome for outcome, _text in found] == [
        "ships",
        "bad",
        "bad",
        "bad",
        "waits",
        "bad",
        "bad",
    ]
    words = ["at once", "Pigeon", "2", "SKU X", "not known", "future", "before"]
    assert all(word in text for word, (_o, text) in zip(words, found, strict=True))


def test_file_is_taken_over_once() -> None:
    order, _variant, _warehouse = make_scene()
    text = (
        f"{HEADER}{order.amazon_order_id},UPS,1Z1,,,\n902-0000000-0000000,DHL,J1,,,\n"
    )
    store = order.account.store

    _plan, first = take_over(store, text, actor="ann")
    plan, second = take_over(store, text, actor="ann")

    assert (first.new, second.new, second.changed) == (2, 0, 0)
    assert {row.outcome for row in plan.rows} == {"known"}
    assert Parcel.objects.filter(source="file", created_by="ann").count() == 2
    packing.pack_order(order.pk)
    assert {row.outcome for row in plan_file(store, text).rows} == {"known"}


def test_corrected_file_changes_its_parcels() -> None:
    order, _variant, _warehouse = make_scene()
    store, this = order.account.store, order.amazon_order_id
    sku = order.lines.get().seller_sku
    take_over(store, f"{HEADER}{this},UPS,1Z1,{sku},1,\n", actor="ann")

    _plan, taken = take_over(store, f"{HEADER}{this},DHL,1Z1,{sku},2,\n", actor="ann")

    assert taken.changed == 1
    parcel = Parcel.objects.get()
    assert (parcel.carrier, parcel.contents) == ("DHL", {sku: 2})


def test_package_that_is_there_is_not_made_again() -> None:
    order, _variant, _warehouse = make_scene()
    ship(order, 1, tracking_number="1Z-1")

    found = outcomes(order, f"{order.amazon_order_id},UPS,1Z1,,,")

    assert found[0][0] == "known"


def test_package_whose_edit_was_refused_is_not_made_again() -> None:
    order, _variant, _warehouse = make_scene()
    ship(order, 1, tracking_number="1Z1")
    Shipment.objects.update(
        state=Shipment.State.REFUSED, confirmed_at=timezone.now(), revision=1
    )

    found = outcomes(order, f"{order.amazon_order_id},UPS,1Z1,,,")

    assert found[0][0] == "known"


def test_parcel_in_another_spelling_is_the_parcel_there_is() -> None:
    order, _variant, _warehouse = make_scene()
    store, this = order.account.store, order.amazon_order_id
    take_over(store, f"{HEADER}{this},UPS,1Z-1,,,\n", actor="ann")
    packing.pack_order(order.pk)

    plan, taken = take_over(store, f"{HEADER}{this},UPS,1Z1,,,\n", actor="ann")

    assert ([row.outcome for row in plan.rows], taken.new) == (["known"], 0)
    assert Parcel.objects.count() == 1


@pytest.mark.parametrize(("hours", "outcome"), [(3, "ships"), (5, "waits")])
def test_one_package_of_several_parcels_goes_when_its_time_is_up(
    hours: int, outcome: str
) -> None:
    order, _variant, _warehouse = make_scene()
    sku = order.lines.get().seller_sku
    builders.make_template(
        order.account.store, splits_by_parcel=False, hours_before_deadline=4
    )
    Order.objects.update(ship_by=timezone.now() + timedelta(hours=hours))
    row = f"{order.amazon_order_id},UPS,1Z1,{sku},1,"

    found = outcomes(order, row)
    take_over(order.account.store, HEADER + row, actor="ann")
    packing.pack_order(order.pk)

    assert found[0][0] == outcome
    assert Shipment.objects.exists() == (outcome == "ships")


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"status": "cancelled"}, "bad"),
        ({"cancel_requested": True}, "bad"),
        ({"fulfilled_by": "amazon"}, "bad"),
        ({"status": "pending"}, "waits"),
    ],
)
def test_orders_state_is_told(fields: dict[str, Any], outcome: str) -> None:
    order, _variant, _warehouse = make_scene()
    Order.objects.update(**fields)

    assert outcomes(order, f"{order.amazon_order_id},UPS,1Z1,,,")[0][0] == outcome


def test_templates_time_is_told() -> None:
    order, _variant, _warehouse = make_scene()
    builders.make_template(
        order.account.store, confirm_when="before_deadline", hours_before_deadline=4
    )
    assert order.ship_by
    at = order.ship_by - timedelta(hours=4)

    (_outcome, text) = outcomes(order, f"{order.amazon_order_id},UPS,1Z1,,,")[0]

    assert f"{at:%Y-%m-%d %H:%M}" in text


def test_orders_of_another_store_are_unknown() -> None:
    order, _variant, _warehouse = make_scene()
    plan = plan_file(
        builders.make_store(), f"{HEADER}{order.amazon_order_id},UPS,1Z1,,,\n"
    )

    assert [(row.outcome, row.order) for row in plan.rows] == [("waits", None)]


def test_long_file_costs_no_query_a_row(
    django_assert_max_num_queries: Callable[[int], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = builders.make_account()
    then = timezone.now() - timedelta(hours=1)
    ids = [
        builders.make_order(account, ordered_at=then).amazon_order_id for _ in range(60)
    ]
    rows = [f"{ids[n % 60]},UPS,T{n},,,\n" for n in range(60)]
    rows += [f"902-0000000-{n:07d},UPS,T{n},,,\n" for n in range(5000)]
    text = HEADER + "".join(rows)

    with django_assert_max_num_queries(120):
        plan = plan_file(account.store, text)
    with django_assert_max_num_queries(240):
        take_over(account.store, text, actor="ann")

    assert plan.counts == {"ships": 60, "waits": 5000}
    assert Parcel.objects.count() == 5060
    assert bulk.plan_file(account.store, text).counts == {"known": 5060}


def test_file_takes_the_ship_dates_that_the_form_takes() -> None:
    order, _variant, _warehouse = make_scene()
    order.ordered_at = timezone.now() - timedelta(hours=1)
    order.save()
    dates = [
        f"{order.ordered_at + timedelta(seconds=off):%Y-%m-%d %H:%M:%S}Z"
        for off in (-30, -90)
    ]

    found = outcomes(
        order,
        *(f"{order.amazon_order_id},UPS,1Z{n},,,{at}" for n, at in enumerate(dates)),
    )

    assert [outcome for outcome, _text in found] == ["ships", "bad"]
