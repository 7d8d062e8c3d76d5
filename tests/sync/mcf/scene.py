"""A store whose orders FBA may ship: makes them, moves them on at Amazon."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from channels_amazon.emulator.model.mcf_orders import McfOrder
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    FbaStock,
    FulfillmentLine,
    FulfillmentOrder,
    Listing,
    StoreOrder,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.mcf.terms import Candidate, SpeedOffer
from channels_amazon.services.mcf import decisions
from channels_amazon.sync.runtime import runner
from tests.builders import (
    make_account,
    make_listing,
    make_mcf_rule,
    make_variant,
    place_order,
)
from tests.sync.running import run_through

Kind = SyncJob.Kind
State = FulfillmentOrder.State
CREATE = {"2020-07-01": "createFulfillmentOrder", "2026-07-04": "outbound.createOrder"}
GET = {"2020-07-01": "getFulfillmentOrder", "2026-07-04": "outbound.getOrder"}
PREVIEW = {
    "2020-07-01": "getFulfillmentPreview",
    "2026-07-04": "outbound.getOrderPreview",
}
CANCEL = {"2020-07-01": "cancelFulfillmentOrder", "2026-07-04": "outbound.cancelOrder"}


def connect_shop(emulator: Emulator) -> AmazonAccount:
    """Make an account with one SKU in the American pool, and a rule that uses it."""
    row = make_account(emulator=emulator)
    emulator.control("outbound_behaviour", accept_seconds=0, step_seconds=0)
    sku = fba_sku(emulator, row)
    variant = make_variant(row.store, sku=sku)
    make_listing(row, variant=variant, is_fba=True, is_mfn=False)
    make_mcf_rule(row)
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


def promised(account: AmazonAccount, units: int = 3) -> FulfillmentOrder:
    """Have an order decided for FBA, which Amazon has not heard of yet."""
    order = ordered(account, units)
    candidate = Candidate(account.pk, "ATVPDKIKX0DER", "US")
    decisions.keep_offers(
        order, candidate, [SpeedOffer("standard", is_fulfillable=True)]
    )
    decisions.consider(order)
    row: FulfillmentOrder = FulfillmentOrder.objects.get(order=order)
    return row


def run(account: AmazonAccount) -> SyncRun:
    """Run the job with everything due now, through as many slices as it takes."""
    now = timezone.now()
    FulfillmentOrder.objects.filter(next_attempt_at__isnull=False).update(
        next_attempt_at=now
    )
    FulfillmentOrder.objects.filter(next_poll_at__isnull=False).update(next_poll_at=now)
    StoreOrder.objects.filter(decide_after__isnull=False).update(decide_after=now)
    for _ in range(10):
        made = runner.run_kind(account, Kind.MCF_ORDERS)
        assert made is not None
        job = SyncJob.objects.get(account=account, kind=Kind.MCF_ORDERS)
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
