"""Store orders reach FBA once in effect, whatever happens on the way."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FulfillmentOrder,
    Listing,
    QuotaBucket,
    StoreOrder,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.mcf.terms import Candidate, SpeedOffer
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.mcf import decisions
from channels_amazon.services.mcf.store_orders import cancel_store_order
from channels_amazon.spapi import retry
from channels_amazon.spapi.outbound_versions import VERSIONS, outbound_api
from channels_amazon.sync.mcf import mapping
from tests.builders import (
    place_order,
)
from tests.sync.mcf.scene import (
    CREATE,
    GET,
    PREVIEW,
    calls,
    connect_shop,
    held,
    ordered,
    run,
    run_until_placed,
    state_of,
    step,
    theirs,
)

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = FulfillmentOrder.State
FAULTS = ("lost_answer", "lost_answer", "html_503", "not_json")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Give each version of Amazon's API in turn, as the settings would name it."""
    settings.FBA_OUTBOUND_VERSION = request.param
    return str(request.param)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account with one SKU in the American pool, and a rule that uses it."""
    return connect_shop(emulator)


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
    outbound_api(version).create(client_for(account), mapping.new_order(placed, parts))
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
    decisions.keep_offers(
        order, candidate, [SpeedOffer("standard", is_fulfillable=True)]
    )
    decisions.consider(order)
    assert held() == 3

    run(account)

    assert state_of(order) == ("needs_person", State.REFUSED)
    assert held() == 0
    placed = FulfillmentOrder.objects.get()
    assert "SellerSKU" in placed.error_message
    assert calls(emulator, CREATE[version]) == 1
    assert DiagnosticEntry.objects.filter(code="fba_orders.refused").count() == 1


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


def test_outage_ends_the_run_and_puts_no_order_off(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    for _ in range(4):
        ordered(account, 1)
    emulator.control("faults", match="outbound.getOrderPreview", kind="html_503")

    assert run(account).state == SyncRun.State.FAILED
    rests = StoreOrder.objects.values_list("attempts", "decide_after")
    assert set(rests) == {(0, None)}

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
