"""Store orders reach FBA once in effect, whatever happens on the way."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator import Emulator
from channels_amazon.emulator.mcf import McfOrder
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FbaStock,
    FulfillmentLine,
    FulfillmentOrder,
    Listing,
    Notification,
    Order,
    QuotaBucket,
    StockLevel,
    StoreOrder,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.fba_terms import Candidate, Offer
from channels_amazon.services import fba_choices, fulfillment, stock
from channels_amazon.services.amazon import client_for
from channels_amazon.services.figures import order_counts
from channels_amazon.services.fulfillment import placed_by_us
from channels_amazon.services.notifications import accept
from channels_amazon.services.store_orders import (
    StoreOrderError,
    cancel_store_order,
    decide_again,
)
from channels_amazon.services.subscriptions import subscribe
from channels_amazon.spapi import retry
from channels_amazon.spapi.outbound_versions import VERSIONS, outbound_api
from channels_amazon.spapi.sqs import Queue
from channels_amazon.sync import outbound_words, runner
from tests.builders import (
    make_account,
    make_fba_rule,
    make_listing,
    make_variant,
    make_warehouse,
    place_order,
)
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = FulfillmentOrder.State
FAULTS = ("lost_answer", "lost_answer", "html_503", "not_json")
CREATE = {"2020-07-01": "createFulfillmentOrder", "2026-07-04": "outbound.createOrder"}
GET = {"2020-07-01": "getFulfillmentOrder", "2026-07-04": "outbound.getOrder"}
PREVIEW = {
    "2020-07-01": "getFulfillmentPreview",
    "2026-07-04": "outbound.getOrderPreview",
}
CANCEL = {"2020-07-01": "cancelFulfillmentOrder", "2026-07-04": "outbound.cancelOrder"}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Give each version of Amazon's API in turn, as the settings would name it."""
    settings.FBA_OUTBOUND_VERSION = request.param
    return str(request.param)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account with one SKU in the American pool, and a rule that uses it."""
    row = make_account(emulator=emulator)
    emulator.control("outbound_behaviour", accept_seconds=0, step_seconds=0)
    sku = fba_sku(emulator, row)
    variant = make_variant(row.store, sku=sku)
    make_listing(row, variant=variant, is_fba=True, is_mfn=False)
    make_fba_rule(row)
    run_through(row, Kind.FBA_STOCK)
    return row


def fba_sku(emulator: Emulator, account: AmazonAccount) -> str:
    """Return a SKU that only FBA ships, with ten units in the American pool."""
    sku = next(
        sku
        for (seller_id, sku), listing in emulator.state.listings.items()
        if seller_id == account.seller_id and listing.is_fba and not listing.quantity
    )
    stock = emulator.state.stock_for(account.seller_id, sku, "ATVPDKIKX0DER")
    assert stock
    stock.fulfillable = 10
    return sku


def ordered(account: AmazonAccount, units: int = 3, **over: Any) -> StoreOrder:
    """Have the store order units of the SKU."""
    sku = Listing.objects.get(account=account, variant__isnull=False).seller_sku
    return place_order(account.store, (sku, units), **over)


def run(account: AmazonAccount) -> SyncRun:
    """Run the job with everything due now, through as many slices as it takes."""
    now = timezone.now()
    FulfillmentOrder.objects.filter(send_after__isnull=False).update(send_after=now)
    FulfillmentOrder.objects.filter(look_after__isnull=False).update(look_after=now)
    StoreOrder.objects.filter(decide_after__isnull=False).update(decide_after=now)
    for _ in range(10):
        made = runner.run_kind(account, Kind.FBA_ORDERS)
        assert made is not None
        job = SyncJob.objects.get(account=account, kind=Kind.FBA_ORDERS)
        if made.state != SyncRun.State.DONE or not job.progress["open"]:
            return made
    raise AssertionError("The run did not end.")


def run_until_placed(account: AmazonAccount) -> None:
    """Run the job as often as its slices of time need."""
    for _ in range(20):
        run(account)
        placed = FulfillmentOrder.objects.filter(placed_at__isnull=False)
        if placed.count() == StoreOrder.objects.count():
            return
    raise AssertionError("Some orders were never placed.")


def theirs(emulator: Emulator, order: StoreOrder) -> McfOrder:
    """Return the order as Amazon has it now."""
    emulator.flush()
    (found,) = (
        row
        for (_seller, number), row in emulator.state.mcf_orders.items()
        if number == order.number
    )
    return found


def calls(emulator: Emulator, operation: str) -> int:
    """Return how often Amazon was called with this operation."""
    return sum(call.operation == operation for call in emulator.state.requests)


def step(emulator: Emulator, order: StoreOrder, name: str, **over: Any) -> None:
    """Let Amazon take the order a step on."""
    emulator.control("outbound_step", order_id=order.number, step=name, **over)


def state_of(order: StoreOrder) -> tuple[str, str]:
    """Return where the order stands, here and at Amazon."""
    order.refresh_from_db()
    return order.state, FulfillmentOrder.objects.get(order=order).state


def held() -> int:
    """Return what is promised of the pool; it is what the lines hold."""
    units = sum(FulfillmentLine.objects.values_list("promised", flat=True))
    assert sum(FbaStock.objects.values_list("promised", flat=True)) == units
    return units


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


def test_rule_that_limits_the_fee_leaves_the_order_to_a_person(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    rule = account.store.fba_rules.get()
    rule.most_fee = Decimal("0.50")
    rule.save()
    order = ordered(account)

    run(account)

    order.refresh_from_db()
    assert (order.state, held()) == ("needs_person", 0)
    assert "more than the 0.50" in order.decided_why["refused"][0]
    assert calls(emulator, PREVIEW[version]) == 1
    assert calls(emulator, CREATE[version]) == 0


def test_country_that_amazon_does_not_ship_to_is_told_in_its_words(
    account: AmazonAccount, version: str
) -> None:
    rule = account.store.fba_rules.get()
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
    assert "cannot fulfil" in order.decided_why["refused"][0]


def test_lost_answer_leaves_one_order(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    operation = CREATE[version]
    emulator.control("faults", match=operation, kind="lost_answer", count=1)

    run(account)
    run(account)
    run(account)

    assert state_of(order)[0] == "at_amazon"
    assert FulfillmentOrder.objects.get().placed_at
    assert sum(item.quantity for item in theirs(emulator, order).items) == 3
    stock = emulator.state.stock_for(
        account.seller_id, theirs(emulator, order).items[0].sku, "ATVPDKIKX0DER"
    )
    assert stock
    assert stock.fulfillable == 7
    assert held() == 3


def test_order_whose_sender_died_is_not_sent_again(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    emulator.control("faults", match=CREATE[version], kind="html_503", count=9)
    run(account)
    emulator.control("faults", clear=True)
    placed = FulfillmentOrder.objects.get()
    assert placed.state == State.WAITING
    parts = {
        "name": "Ann",
        "addressLine1": "1",
        "city": "Seattle",
        "postalCode": "98103",
        "countryCode": "US",
        "stateOrRegion": "WA",
    }
    outbound_api(version).create(
        client_for(account), outbound_words.new_order(placed, parts)
    )
    before = calls(emulator, CREATE[version])

    run(account)

    assert state_of(order)[0] == "at_amazon"
    assert FulfillmentOrder.objects.get().placed_at
    assert calls(emulator, CREATE[version]) == before


def test_number_that_amazon_has_with_other_goods_is_refused(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    sku = order.lines.get().sku
    emulator.control("outbound", order_id=order.number, sku=sku, quantity=1)

    run(account)
    run(account)

    assert state_of(order) == ("needs_person", State.REFUSED)
    assert FulfillmentOrder.objects.get().error_code == "fba_orders.number_taken"
    assert held() == 0


def test_refused_order_frees_its_units_and_says_why(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    Listing.objects.filter(variant__isnull=False).update(seller_sku="GONE-SKU")
    order = place_order(account.store, (account.store.variants.get().sku, 3))
    candidate = Candidate(account.pk, "ATVPDKIKX0DER", "US")
    fba_choices.keep_offers(order, candidate, [Offer("standard", is_fulfillable=True)])
    fba_choices.consider(order)
    assert held() == 3

    run(account)

    assert state_of(order) == ("needs_person", State.REFUSED)
    assert held() == 0
    placed = FulfillmentOrder.objects.get()
    assert "SellerSKU" in placed.error_message
    assert calls(emulator, CREATE[version]) == 1
    assert DiagnosticEntry.objects.filter(code="fba_orders.refused").count() == 1


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


def test_lost_order_is_withdrawn_only_when_it_cannot_come_to_be_any_more(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    order = ordered(account)
    emulator.control("faults", match=CREATE[version], kind="html_503", count=9)
    run(account)
    emulator.control("faults", clear=True)
    cancel_store_order(order, actor="ann")

    run(account)
    assert state_of(order) == ("at_amazon", State.WAITING)
    FulfillmentOrder.objects.update(
        cancel_asked_at=timezone.now() - timedelta(minutes=3)
    )
    run(account)

    assert state_of(order) == ("cancelled", State.CANCELLED)
    assert held() == 0
    assert emulator.state.mcf_orders == {}


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
    assert order.decided_why["trouble"]
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


def test_outage_puts_orders_off_and_ends_the_run(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    for _ in range(4):
        ordered(account, 1)
    emulator.control("faults", match="outbound.getOrderPreview", kind="html_503")

    assert run(account).state == SyncRun.State.FAILED
    attempts = StoreOrder.objects.values_list("attempts", flat=True)
    assert sorted(attempts) == [0, 1, 1, 1]

    emulator.control("faults", clear=True)
    run_until_placed(account)
    assert set(StoreOrder.objects.values_list("state", flat=True)) == {"at_amazon"}


def test_step_without_quota_does_not_hold_up_the_others(
    emulator: Emulator, account: AmazonAccount
) -> None:
    followed = ordered(account, 1)
    run(account)
    run(account)
    fresh = ordered(account, 1)
    bucket = QuotaBucket.objects.filter(operation="outbound.getOrderPreview")
    assert bucket.update(hold_until=time.time() + 60) == 1
    step(emulator, followed, "ship")

    assert run(account).state == SyncRun.State.WAITING

    fresh.refresh_from_db()
    assert (state_of(followed)[0], fresh.state) == ("done", "new")


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
    SyncJob.objects.filter(kind=Kind.FBA_STOCK).update(
        last_started_at=timezone.now() - timedelta(minutes=5),
        due_at=timezone.now() + timedelta(minutes=9),
    )

    run(account)
    job = SyncJob.objects.get(account=account, kind=Kind.FBA_STOCK)
    assert job.due_at <= timezone.now()
    run_through(account, Kind.FBA_STOCK)

    assert held() == 0
    assert FbaStock.objects.get(listing__variant__isnull=False).sellable == 7
    assert not fulfillment.awaits_report(account.pk, timezone.now())


def test_missing_role_blocks_the_job_and_keeps_the_order(
    emulator: Emulator, account: AmazonAccount
) -> None:
    order = ordered(account)
    emulator.state.application.roles.clear()

    assert run(account).state == SyncRun.State.BLOCKED

    order.refresh_from_db()
    assert order.state == "new"


def test_deleted_address_needs_a_person(account: AmazonAccount) -> None:
    order = ordered(account)
    order.personal_data.delete()

    run(account)

    order.refresh_from_db()
    assert order.state == "needs_person"


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


def test_order_that_amazon_lists_is_no_sale_and_holds_no_local_stock(
    emulator: Emulator, account: AmazonAccount, version: str
) -> None:
    emulator.control("outbound_behaviour", listed_as_orders=True)
    assert subscribe(account, actor="") == ""
    order = ordered(account)
    variant = account.store.variants.get()
    stock.set_on_hand(
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


def test_storm_of_faults_places_every_order_once(
    emulator: Emulator,
    account: AmazonAccount,
    version: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    chance = random.Random(7)  # noqa: S311 - not a secret
    orders = [ordered(account, 1) for _ in range(5)]
    operations = [table[version] for table in (PREVIEW, CREATE, GET)]
    for _ in range(8):
        emulator.control(
            "faults",
            match=chance.choice(operations),
            kind=chance.choice(FAULTS),
            count=chance.randint(1, 3),
        )
        run(account)
    emulator.control("faults", clear=True)
    run_until_placed(account)

    numbers = [number for _seller, number in emulator.state.mcf_orders]
    assert sorted(numbers) == sorted(order.number for order in orders)
    placed = FulfillmentOrder.objects.filter(placed_at__isnull=False)
    assert placed.count() == len(orders)
    sku = orders[0].lines.get().sku
    stock = emulator.state.stock_for(account.seller_id, sku, "ATVPDKIKX0DER")
    assert stock
    assert (stock.fulfillable, held()) == (5, 5)
