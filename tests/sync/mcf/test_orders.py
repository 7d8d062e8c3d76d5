"""Store orders go to MCF by rule, and are followed to their delivery."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FbaStock,
    FulfillmentOrder,
    Notification,
    Order,
    StockLevel,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.accounts import connection
from channels_amazon.services.accounts.subscriptions import subscribe
from channels_amazon.services.accounts.unsubscribing import delete_subscriptions
from channels_amazon.services.mcf import commitments
from channels_amazon.services.mcf.commitments import placed_by_us
from channels_amazon.services.mcf.store_orders import (
    StoreOrderError,
    cancel_store_order,
    decide_again,
)
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.services.orders.counts import order_counts
from channels_amazon.services.stock import ledger
from channels_amazon.spapi.outbound_versions import VERSIONS
from channels_amazon.spapi.sqs import Queue
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_warehouse
from tests.sync.mcf.scene import (
    CANCEL,
    CREATE,
    PREVIEW,
    calls,
    connect_shop,
    held,
    ordered,
    run,
    state_of,
    step,
    theirs,
)
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = FulfillmentOrder.State


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Give each version of Amazon's API in turn, as the settings would name it."""
    settings.FBA_OUTBOUND_VERSION = request.param
    return str(request.param)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account with one SKU in the American pool, and a rule that uses it."""
    return connect_shop(emulator)


def test_order_is_followed_from_the_price_to_the_delivery(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    assert order.state == "new"

    run(account)
    placed = FulfillmentOrder.objects.get()
    assert state_of(order)[0] == "at_amazon"
    assert placed.api_version == version
    assert placed.fee
    assert placed.fee > Decimal(3)
    assert held() == 3
    assert theirs(emulator, order).order_id == order.number
    assert theirs(emulator, order).destination["city"] == "Seattle"

    step(emulator, order, "ship", carrier="UPS", tracking_number="1Z9")
    run(account)
    assert state_of(order) == ("done", State.COMPLETE)
    (package,) = FulfillmentOrder.objects.get().packages.all()
    assert (package.carrier, package.tracking_number) == ("UPS", "1Z9")
    assert package.delivered_at is None

    step(emulator, order, "deliver")
    run(account)
    order.refresh_from_db()
    (arrived,) = FulfillmentOrder.objects.get().packages.all()
    assert arrived.delivered_at
    assert order.delivered_at == arrived.delivered_at
    assert FulfillmentOrder.objects.get().ended_at
    assert calls(emulator, CREATE[version]) == 1


def test_order_that_another_account_decides_leaves_no_run_here(
    emulator: Emulator, account: AmazonAccount
) -> None:
    other = make_account(account.store, region="eu", emulator=emulator)
    order = ordered(account)

    made = runner.run_kind(other, Kind.MCF_ORDERS)

    assert made is not None
    is_stored = SyncRun.objects.filter(kind=Kind.MCF_ORDERS).exists()
    assert (is_stored, made.rows_seen) == (False, 0)
    order.refresh_from_db()
    assert order.state == "new"
    run(account)
    assert FulfillmentOrder.objects.get().account == account


def test_rule_that_limits_the_fee_leaves_the_order_to_a_person(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    rule = account.store.mcf_rules.get()
    rule.most_fee = Decimal("0.50")
    rule.save()
    order = ordered(account)

    run(account)

    order.refresh_from_db()
    assert (order.state, held()) == ("needs_person", 0)
    assert "more than the 0.50" in order.why.refused[0]
    assert calls(emulator, PREVIEW[version]) == 1
    assert calls(emulator, CREATE[version]) == 0


def test_country_that_amazon_does_not_ship_to_is_told_in_its_words(
    account: AmazonAccount, version: str
) -> None:
    rule = account.store.mcf_rules.get()
    rule.countries = ["NO"]
    rule.save()
    destination = {
        "name": "Nils",
        "addressLine1": "Gata 1",
        "city": "Oslo",
        "postalCode": "0150",
        "countryCode": "NO",
    }
    order = ordered(account, destination=destination)

    run(account)

    order.refresh_from_db()
    assert order.state == "needs_person"
    assert "cannot fulfil" in order.why.refused[0]


def test_order_is_cancelled_while_amazon_allows_it(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    run(account)
    run(account)

    cancel_store_order(order, actor="ann")
    run(account)
    emulator.flush()
    run(account)

    assert state_of(order) == ("cancelled", State.CANCELLED)
    assert theirs(emulator, order).status == "Cancelled"
    assert held() == 0
    assert calls(emulator, CANCEL[version]) == 1
    with pytest.raises(StoreOrderError):
        decide_again(order)


def test_cancellation_that_amazon_refuses_is_told_once(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    run(account)
    run(account)
    step(emulator, order, "process")

    cancel_store_order(order, actor="ann")
    run(account)
    run(account)

    assert state_of(order) == ("at_amazon", State.PROCESSING)
    placed = FulfillmentOrder.objects.get()
    assert placed.error_code == "fba_orders.cancel_refused"
    assert calls(emulator, CANCEL[version]) == 1
    told = DiagnosticEntry.objects.filter(code="fba_orders.cancel_refused")
    assert told.count() == 1

    step(emulator, order, "ship")
    run(account)
    assert state_of(order) == ("done", State.COMPLETE)


def test_cancellation_accepted_too_late_is_told(
    emulator: Emulator, account: AmazonAccount, settings: Settings
) -> None:
    settings.FBA_OUTBOUND_VERSION = "2026-07-04"
    order = ordered(account)
    run(account)
    run(account)
    emulator.control("outbound_behaviour", accept_seconds=600)

    cancel_store_order(order, actor="ann")
    run(account)
    assert state_of(order) == ("at_amazon", State.CANCELLING)
    step(emulator, order, "ship")
    run(account)

    assert state_of(order) == ("done", State.COMPLETE)
    told = DiagnosticEntry.objects.filter(code="fba_orders.cancel_refused")
    assert told.count() == 1


@pytest.mark.parametrize("name", ["unfulfillable", "cancel"])
def test_order_that_ends_at_amazon_needs_a_person(
    emulator: Emulator, account: AmazonAccount, version: str, name: str
) -> None:
    order = ordered(account)
    run(account)
    run(account)

    step(emulator, order, name)
    run(account)
    run(account)

    assert state_of(order)[0] == "needs_person"
    assert held() == 0
    assert order.why.trouble
    assert DiagnosticEntry.objects.filter(reference=order.number).count() == 1


def test_partly_shipped_order_needs_a_person_and_is_followed(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    run(account)
    run(account)

    step(emulator, order, "process")
    step(emulator, order, "unfulfillable", quantity=1)
    step(emulator, order, "ship")
    run(account)
    step(emulator, order, "deliver")
    run(account)

    assert state_of(order) == ("needs_person", State.COMPLETE_PARTIAL)
    assert order.delivered_at


def test_report_after_the_order_frees_its_units(
    emulator: Emulator, account: AmazonAccount
) -> None:
    ordered(account)
    run(account)
    run(account)
    assert (held(), FbaStock.objects.filter(promised=3).count()) == (3, 1)
    run_through(account, Kind.FBA_STOCK)
    # Amazon shows seven by now, and the order may not be in that figure.
    assert held() == 3
    FulfillmentOrder.objects.update(placed_at=timezone.now() - timedelta(minutes=5))
    later = timezone.now() + timedelta(minutes=9)
    SyncJob.objects.filter(kind=Kind.FBA_STOCK).update(
        last_started_at=timezone.now() - timedelta(minutes=5), due_at=later, rank=later
    )

    run(account)
    job = SyncJob.objects.get(account=account, kind=Kind.FBA_STOCK)
    assert job.due_at <= timezone.now()
    run_through(account, Kind.FBA_STOCK)

    assert held() == 0
    assert FbaStock.objects.get(listing__variant__isnull=False).sellable == 7
    assert not commitments.awaits_report(account.pk, timezone.now())


def test_amazon_is_asked_to_tell_when_orders_move_on(
    emulator: Emulator, account: AmazonAccount
) -> None:
    assert subscribe(account, actor="") == ""
    order = ordered(account)

    run(account)
    run(account)

    kinds = [item.notification_type for item in emulator.state.subscriptions.values()]
    assert sorted(kinds) == ["FULFILLMENT_ORDER_STATUS", "ORDER_CHANGE"]
    step(emulator, order, "ship")
    emulator.flush()
    told = Queue(emulator.queue_url, "us-east-1").receive(wait=1)
    accept(told)
    seen = Notification.objects.filter(notification_type="FULFILLMENT_ORDER_STATUS")
    assert seen.filter(state="applied").exists()


def test_account_that_came_back_asks_for_the_events_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    assert subscribe(account, actor="") == ""
    ordered(account)
    run(account)
    token = account.credential.refresh_token
    connection.disconnect_account(account, actor="")
    delete_subscriptions(account.pk)
    assert not emulator.state.subscriptions

    grant = connection.AccountGrant("na", account.seller_id, "", token)
    account = connection.connect_account(
        account.store, grant=grant, application=account.application, actor=""
    )
    assert subscribe(account, actor="") == ""
    run(account)

    kinds = [item.notification_type for item in emulator.state.subscriptions.values()]
    assert sorted(kinds) == ["FULFILLMENT_ORDER_STATUS", "ORDER_CHANGE"]


def test_order_that_amazon_lists_is_no_sale_and_holds_no_local_stock(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    emulator.control("outbound_behaviour", listed_as_orders=True)
    assert subscribe(account, actor="") == ""
    order = ordered(account)
    variant = account.store.variants.get()
    ledger.set_on_hand(
        variant, make_warehouse(account.store), 5, actor="", key="counted"
    )
    run(account)
    emulator.flush()
    accept(Queue(emulator.queue_url, "us-east-1").receive(wait=1))
    run_through(account, Kind.ORDER_FETCH)
    run_through(account, Kind.ORDER_SWEEP)

    listed = Order.objects.get(amazon_order_id__startswith="S01-")
    assert (listed.channel_name, listed.fulfilled_by) == ("NON_AMAZON", "amazon")
    assert placed_by_us([listed]) == {listed.pk: order}
    step(emulator, order, "ship")
    emulator.flush()
    accept(Queue(emulator.queue_url, "us-east-1").receive(wait=1))
    run_through(account, Kind.ORDER_FETCH)

    listed.refresh_from_db()
    assert listed.status == "shipped"
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (5, 0)
    assert not listed.has_unmatched
    assert not order_counts(Order.objects.all(), timezone.now()).to_ship
