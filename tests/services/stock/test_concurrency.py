"""Several consumers and people at once: the stock is still the sum of what happened."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest

from channels_amazon.models import (
    AmazonAccount,
    Order,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.services.stock import ledger
from tests.builders import make_account, make_variant, make_warehouse
from tests.ledger_proof import verify_levels
from tests.messages import START, message, order_change
from tests.processes import Processes

HERE = "tests.services.stock.test_concurrency"
ORDERS, PROCESSES, COUNTS = 12, 3, 8


def body(place: int, status: str, second: int, skus: list[str]) -> str:
    """Return an event of the order with that number, of two units of each SKU."""
    return json.dumps(
        order_change(
            status=status,
            order_id=f"903-0000001-{place:07d}",
            seller_id="ATOGETHER",
            items=[(sku, 2) for sku in skus],
            seconds=second,
            notification_id=f"{place}-{second}",
        )
    )


def deliver(account_id: int, skus: list[str], process: int) -> int:
    """Accept all events in an order of this process's own; return how many settled."""
    chance = random.Random(process)  # noqa: S311 - not a secret
    told = [("Pending", 0), ("Unshipped", 1), ("Canceled", 2)]
    events = [
        message(body(place, status, second, chance.sample(skus, len(skus))))
        for place in range(ORDERS)
        # Every second order is cancelled in the end.
        for status, second in told[: 3 if place % 2 else 2]
    ]
    chance.shuffle(events)
    return sum(item.may_delete for item in accept(events))


def count_and_sell(account_id: int, skus: list[str], process: int) -> int:
    """Count the stock and take orders in by turns, as a person and a consumer do."""
    account = AmazonAccount.objects.get(pk=account_id)
    warehouse = Warehouse.objects.get(store=account.store)
    for turn in range(COUNTS):
        variant = Variant.objects.get(sku=skus[turn % len(skus)])
        key = f"count:{process}:{turn}"
        ledger.set_on_hand(variant, warehouse, 50 + turn, actor="", key=key)
        text = body(100 * process + turn, "Unshipped", 0, skus[::-1])
        apply_event(account, read_order_event(read_envelope(text)))
    return COUNTS


def make_scene() -> tuple[AmazonAccount, list[Variant]]:
    """Make an account with two variants, a hundred units of each on hand."""
    account = make_account(seller_id="ATOGETHER", created_at=START - timedelta(days=9))
    warehouse = make_warehouse(account.store)
    variants = [make_variant(account.store) for _ in range(2)]
    for variant in variants:
        ledger.set_on_hand(variant, warehouse, 100, actor="", key=f"c{variant.pk}")
    return account, variants


@pytest.mark.django_db(transaction=True)
def test_one_message_accepted_by_several_consumers_counts_once(
    processes: Processes,
) -> None:
    account, variants = make_scene()
    skus = [variant.sku for variant in variants]

    settled = processes.together(f"{HERE}:deliver", account.pk, skus, count=PROCESSES)

    assert len(set(settled)) == 1
    assert Order.objects.filter(status="cancelled").count() == ORDERS // 2
    open_orders = ORDERS - ORDERS // 2
    levels = StockLevel.objects.values_list("on_hand", "reserved")
    assert list(levels) == [(100, 2 * open_orders)] * 2
    assert verify_levels() == []


@pytest.mark.django_db(transaction=True)
def test_counts_and_orders_at_once_leave_ledger_and_levels_alike(
    processes: Processes,
) -> None:
    account, variants = make_scene()
    skus = [variant.sku for variant in variants]

    processes.together(f"{HERE}:count_and_sell", account.pk, skus, count=PROCESSES)

    assert Order.objects.count() == PROCESSES * COUNTS
    held = StockLevel.objects.values_list("reserved", flat=True)
    assert list(held) == [2 * PROCESSES * COUNTS] * 2
    assert StockMovement.objects.filter(reason="count").count() == (
        2 + PROCESSES * COUNTS
    )
    assert verify_levels() == []
