"""From a buyer's order at Amazon to held stock and a published quantity."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Notification,
    Order,
    OrderLine,
    Reservation,
    StockLevel,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.accounts.subscriptions import subscribe
from channels_amazon.services.orders.intake import match_lines
from channels_amazon.services.stock import ledger
from channels_amazon.worker.consumer import Consumer
from tests.builders import (
    make_account,
    make_variant,
    make_warehouse,
)
from tests.ledger_proof import verify_levels
from tests.sync.running import run_through as run

# What waits for commit (waking jobs, backorder flags) must happen as in a process.
pytestmark = pytest.mark.django_db(transaction=True)

Kind = SyncJob.Kind
State = SyncRun.State
ON_HAND = 40
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give a subscribed account; its listings are linked, each with units counted."""
    row = make_account(
        emulator=emulator, created_at=timezone.now() - timedelta(minutes=1)
    )
    assert subscribe(row, actor="ann") == ""
    emulator.control("behaviour", pending_seconds=0, accept_seconds=0)
    warehouse = make_warehouse(row.store)
    for (seller_id, sku), theirs in emulator.state.listings.items():
        if seller_id == row.seller_id and theirs.quantity is not None:
            theirs.quantity = ON_HAND
            variant = make_variant(row.store, sku=sku)
            ledger.set_on_hand(variant, warehouse, ON_HAND, actor="", key=f"c:{sku}")
    run(row, Kind.LISTINGS)
    run(row, Kind.STOCK_PUSH)
    return row


def consume(emulator: Emulator) -> int:
    """Read what the queue holds; return how many messages were settled."""
    emulator.flush()
    return Consumer(wait=1, until_empty=True).run()


def held_and_left(account: AmazonAccount) -> tuple[int, int]:
    """Return how many units the store holds for orders, and how many have left."""
    levels = StockLevel.objects.filter(variant__store=account.store)
    held = sum(level.reserved for level in levels)
    return held, ON_HAND * len(levels) - sum(level.on_hand for level in levels)


def test_ten_orders_arrive_hold_stock_and_change_what_is_published(
    emulator: Emulator, account: AmazonAccount
) -> None:
    ids = emulator.place_orders(10, fulfilled_by="MERCHANT")

    assert consume(emulator) >= 10
    ordered = sum(OrderLine.objects.values_list("quantity", flat=True))
    assert held_and_left(account) == (ordered, 0)

    assert run(account, Kind.ORDER_FETCH).state == State.DONE
    assert run(account, Kind.STOCK_PUSH).state == State.DONE

    orders = Order.objects.filter(account=account, amazon_order_id__in=ids)
    assert {order.status for order in orders} == {"unshipped"}
    assert all(order.completed_at and order.stale_since is None for order in orders)
    assert len(orders) == 10
    for listing in Listing.objects.filter(variant__isnull=False):
        theirs = emulator.state.listings[account.seller_id, listing.seller_sku]
        assert theirs.quantity == listing.desired_quantity
    assert verify_levels() == []


def test_doubled_and_reordered_events_change_nothing(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("notifications", duplicates=4, reorder=True)
    ids = emulator.place_orders(4, fulfilled_by="MERCHANT", quantity=2)
    emulator.control("cancel", order_id=ids[0], kind="buyer")
    emulator.advance(5)

    consume(emulator)
    held = held_and_left(account)
    run(account, Kind.ORDER_FETCH)

    assert held == held_and_left(account) == (6, 0)
    assert Notification.objects.filter(deliveries__gte=5).exists()
    cancelled = Order.objects.get(amazon_order_id=ids[0])
    assert (cancelled.status, cancelled.has_shortage) == ("cancelled", False)


def test_cancelled_order_gives_its_units_back(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (order_id,) = emulator.place_orders(1, fulfilled_by="MERCHANT", quantity=3)
    consume(emulator)
    run(account, Kind.ORDER_FETCH)
    assert held_and_left(account) == (3, 0)

    emulator.control("cancel", order_id=order_id, kind="buyer")
    consume(emulator)
    run(account, Kind.ORDER_FETCH)

    assert held_and_left(account) == (0, 0)
    assert Order.objects.get().status == "cancelled"


def test_order_that_amazon_ships_holds_nothing(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (order_id,) = emulator.place_orders(1, fulfilled_by="AMAZON")
    consume(emulator)
    run(account, Kind.ORDER_FETCH)
    emulator.control("ship_fba", order_id=order_id)
    consume(emulator)
    run(account, Kind.ORDER_FETCH)

    assert held_and_left(account) == (0, 0)
    assert not Reservation.objects.exists()
    assert Order.objects.get().status == "shipped"


def test_sweep_finds_what_no_event_told_of(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("notifications", silent=True)
    emulator.place_orders(3, fulfilled_by="MERCHANT", quantity=1, marketplace_id=US)
    emulator.advance(300)
    assert consume(emulator) == 0

    assert run(account, Kind.ORDER_SWEEP).state == State.DONE

    open_orders = Order.objects.filter(status="unshipped", completed_at__isnull=False)
    assert (open_orders.count(), held_and_left(account)) == (3, (3, 0))
    assert verify_levels() == []


def test_sweep_holds_stock_for_the_orders_of_a_site_left_out(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("notifications", silent=True)
    ids = emulator.place_orders(
        2, fulfilled_by="MERCHANT", quantity=1, marketplace_id=CA
    )
    emulator.advance(300)
    assert not account.participations.filter(marketplace_id=CA).exists()

    run(account, Kind.ORDER_SWEEP)

    assert Order.objects.filter(amazon_order_id__in=ids).count() == 2
    assert held_and_left(account) == (2, 0)


def test_outage_delays_the_order_but_not_its_stock(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("faults", match="getOrder", kind="html_503")
    emulator.place_orders(4, fulfilled_by="MERCHANT", quantity=1)
    consume(emulator)

    assert run(account, Kind.ORDER_FETCH).state == State.FAILED
    assert held_and_left(account) == (4, 0)

    emulator.control("faults", clear=True)
    Order.objects.update(fetch_after=None)
    assert run(account, Kind.ORDER_FETCH).state == State.DONE
    assert not Order.objects.filter(stale_since__isnull=False).exists()


def test_sku_that_nobody_knows_is_kept_and_held_once_a_variant_has_it(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.place_orders(1, fulfilled_by="MERCHANT", quantity=2, unknown_sku=True)
    consume(emulator)
    run(account, Kind.ORDER_FETCH)
    order = Order.objects.get()
    assert (order.has_unmatched, held_and_left(account)) == (True, (0, 0))

    variant = make_variant(account.store, sku=order.lines.get().seller_sku)
    assert match_lines(variant) == 1

    order.refresh_from_db()
    assert not order.has_unmatched
    assert Reservation.objects.get().quantity == 2
