"""The preview says what a template would have done with past orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Order,
    Parcel,
    Shipment,
    ShipTemplate,
    StockMovement,
)
from channels_amazon.services.shipping.template_preview import (
    PreviewOutcome,
    PreviewRow,
    SeenCarrier,
    TemplatePreview,
    preview,
)
from channels_amazon.services.stock import ledger
from tests import builders
from tests.services.shipping.scene import make_scene

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account of a store."""
    return builders.make_account()


@pytest.fixture
def template(account: AmazonAccount) -> ShipTemplate:
    """Give a template that is not switched on and knows the carrier “Paket”."""
    row = builders.make_template(account.store, is_active=False)
    row.carriers.create(store_carrier="Paket", carrier_code="DHL")
    return row


def past(account: AmazonAccount, **over: Any) -> Order:
    """Make an order that was shipped as a whole."""
    fields: dict[str, Any] = {
        "status": Order.Status.SHIPPED,
        "lines": ({"seller_sku": "A", "quantity": 3, "quantity_shipped": 3},),
    }
    return builders.make_order(account, **fields | over)


def only(found: TemplatePreview) -> PreviewRow:
    """Return the preview's one row."""
    (row,) = found.rows
    return row


def test_parcel_would_have_been_confirmed_when_it_was_told(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    order = past(account)
    parcel = builders.make_parcel(order, carrier="paket", state="applied")

    row = only(preview(template))

    assert (row.outcome, row.carriers, row.shipments) == ("ships", "DHL", 1)
    assert (row.at, row.reported, row.misses_ship_by) == (
        parcel.created_at,
        "paket",
        False,
    )


def test_nothing_is_changed_by_looking(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    order = past(account, status=Order.Status.UNSHIPPED)
    builders.make_parcel(order)
    before = list(Parcel.objects.values())

    preview(template)

    assert list(Parcel.objects.values()) == before
    assert not Shipment.objects.exists()
    assert not StockMovement.objects.exists()


def test_package_of_a_person_stands_for_a_parcel(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    order = past(account)
    package = Shipment.objects.create(
        order=order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z",
        shipped_at=timezone.now(),
    )
    package.lines.create(line=order.lines.get(), quantity=3)

    row = only(preview(template))

    assert (row.outcome, row.carriers, row.reported) == ("ships", "UPS", "UPS")


def test_time_before_the_deadline_and_lateness_are_told(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    ShipTemplate.objects.update(confirm_when="before_deadline", hours_before_deadline=5)
    template.refresh_from_db()
    deadline = timezone.now() + 9 * HOUR
    late = past(account, ship_by=timezone.now() - HOUR)
    early = past(account, ship_by=deadline)
    for order in (late, early):
        builders.make_parcel(order)

    found = preview(template)

    rows = {row.order.pk: row for row in found.rows}
    assert rows[early.pk].at == deadline - 5 * HOUR
    assert (rows[late.pk].misses_ship_by, found.late) == (True, 1)


def test_one_package_waits_and_says_until_when(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    ShipTemplate.objects.update(splits_by_parcel=False)
    template.refresh_from_db()
    order = past(account)
    builders.make_parcel(order, contents={"A": 2})

    row = only(preview(template))

    assert order.ship_by
    assert (row.shipments, row.at) == (1, order.ship_by - 4 * HOUR)
    assert "waited" in row.reason


def test_one_package_of_an_order_without_a_time_waits_for_its_rest(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    ShipTemplate.objects.update(splits_by_parcel=False)
    template.refresh_from_db()
    builders.make_parcel(past(account, ship_by=None), contents={"A": 2})

    row = only(preview(template))

    assert (row.outcome, row.shipments, row.at) == ("held", 0, None)
    assert "waits for the order's other parcels" in row.reason


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"carrier": "Pigeon"}, "Pigeon"),
        ({"contents": {"X": 1}}, "SKU X"),
        ({"contents": {"A": 4}}, "than the 3"),
    ],
)
def test_parcel_that_would_have_needed_a_person_says_why(
    account: AmazonAccount, template: ShipTemplate, fields: dict[str, Any], word: str
) -> None:
    builders.make_parcel(past(account), **fields)

    found = preview(template)

    row = only(found)
    assert (row.outcome, row.shipments, found.counts[PreviewOutcome.HELD]) == (
        "held",
        0,
        1,
    )
    assert word in row.reason


def test_order_without_parcels_says_so(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    past(account)

    found = preview(template)

    assert (only(found).outcome, found.has_data) == ("nothing", False)
    assert not preview(builders.make_template()).has_data


def test_order_to_ship_without_a_parcel_says_what_one_would_become(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    builders.make_order(account)

    found = preview(template)

    row = only(found)
    assert (row.outcome, row.shipments, row.at) == (PreviewOutcome.AWAITS, 0, None)
    assert row.reason == (
        "Each parcel told of it would become a package. It would be confirmed to "
        "Amazon as soon as it is packed."
    )
    assert not found.has_data


def test_order_without_a_parcel_heeds_the_templates_times(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    ShipTemplate.objects.update(
        splits_by_parcel=False, confirm_when="before_deadline", hours_before_deadline=5
    )
    template.refresh_from_db()
    deadline = timezone.now() + 9 * HOUR
    early = builders.make_order(account, ship_by=deadline)
    late = builders.make_order(account, ship_by=timezone.now() - HOUR)

    rows = {row.order.pk: row for row in preview(template).rows}

    until = f"{deadline - 5 * HOUR:%Y-%m-%d %H:%M} UTC"
    assert rows[early.pk].at == deadline - 5 * HOUR
    assert f"waits for the rest until {until}" in rows[early.pk].reason
    assert f"confirmed to Amazon at {until}" in rows[early.pk].reason
    assert (rows[late.pk].at, rows[late.pk].misses_ship_by) == (None, True)
    assert "one package at once" in rows[late.pk].reason


@pytest.mark.parametrize(
    ("fields", "outcome", "word"),
    [
        ({"cancel_requested": True}, PreviewOutcome.HELD, "asks to cancel"),
        ({"completed_at": None}, PreviewOutcome.AWAITS, "being fetched"),
        ({"programs": ["FBM_SHIP_PLUS"]}, PreviewOutcome.HELD, "FBM Ship+"),
    ],
)
def test_order_without_a_parcel_says_what_would_hold_it(
    account: AmazonAccount,
    template: ShipTemplate,
    fields: dict[str, Any],
    outcome: PreviewOutcome,
    word: str,
) -> None:
    builders.make_order(account, **fields)

    row = only(preview(template))

    assert (row.outcome, row.at) == (outcome, None)
    assert word in row.reason


def test_scope_and_narrower_template_are_heeded(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    other = builders.make_account(account.store)
    mine, theirs = past(account), past(other)
    past(builders.make_account())
    past(account, fulfilled_by="amazon")
    past(account, status="cancelled")
    builders.make_template(account.store, account=other, name="Narrow")

    rows = {row.order.pk: row for row in preview(template).rows}

    assert set(rows) == {mine.pk, theirs.pk}
    assert "Narrow" in rows[theirs.pk].reason


def test_carriers_without_a_rule_are_counted(
    account: AmazonAccount, template: ShipTemplate
) -> None:
    order = past(account)
    for carrier in ("Paket", "UPS", "Pigeon", "Pigeon"):
        builders.make_parcel(order, carrier=carrier, method="Air")

    assert preview(template).unknown == [SeenCarrier("Pigeon", "Air", 2)]


def test_units_held_elsewhere_and_stock_below_zero_are_told() -> None:
    order, variant, _leipzig = make_scene(quantity=3)
    template = builders.make_template(
        order.account.store,
        warehouse=builders.make_warehouse(order.account.store, name="Hamburg"),
    )

    found = preview(template)

    # No parcel of it is known yet.
    assert only(found).outcome == PreviewOutcome.AWAITS
    assert only(found).held_in == order.lines.get().reservation.warehouse.name
    (fallen,) = found.shortfalls
    assert (fallen.warehouse, fallen.sku, fallen.on_hand) == (
        "Hamburg",
        variant.sku,
        -3,
    )


def test_warehouse_that_has_the_units_is_told_of_without_a_shortfall() -> None:
    order, variant, leipzig = make_scene(quantity=3)
    template = builders.make_template(order.account.store, warehouse=leipzig)
    assert only(preview(template)).held_in == ""
    hamburg = builders.make_warehouse(order.account.store)
    ledger.set_on_hand(variant, hamburg, 3, actor="", key="count:hamburg")
    template.warehouse = hamburg

    found = preview(template)

    assert only(found).held_in == leipzig.name
    assert found.shortfalls == []


@pytest.mark.parametrize("orders", [2, 30])
def test_preview_costs_the_same_for_many_orders(
    account: AmazonAccount,
    template: ShipTemplate,
    orders: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for _ in range(orders):
        builders.make_parcel(past(account))

    with django_assert_max_num_queries(14):
        preview(template)
