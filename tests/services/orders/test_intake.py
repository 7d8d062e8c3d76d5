"""Amazon's full orders: what they write, and what they never take back."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from channels_amazon.models import AmazonAccount, Order, OrderLine, StockLevel, Variant
from channels_amazon.rules.events.order_change import read_envelope, read_order_event
from channels_amazon.services.catalog.listings import link_by_sku
from channels_amazon.services.orders import fetch_queue, intake
from channels_amazon.services.orders.changes import OrderResult
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.services.stock import ledger
from tests.builders import make_account, make_listing, make_variant, make_warehouse
from tests.messages import START, amazon_order, order_change

pytestmark = pytest.mark.django_db

ID = "903-0000001-0000001"


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that was connected before START."""
    return make_account(created_at=START - timedelta(days=9))


@pytest.fixture
def variant(account: AmazonAccount) -> Variant:
    """Give a variant with ten units on hand."""
    variant = make_variant(account.store, sku="SKU-1")
    warehouse = make_warehouse(account.store)
    ledger.set_on_hand(variant, warehouse, 10, actor="", key="count")
    return variant


def level() -> tuple[int, int]:
    """Return on hand and reserved of the one level."""
    row = StockLevel.objects.get()
    return row.on_hand, row.reserved


def tell(account: AmazonAccount, status: str, seconds: float) -> OrderResult:
    """Apply an event of the order of two units."""
    body = order_change(
        status=status, order_id=ID, items=[("SKU-1", 2)], seconds=seconds
    )
    return apply_event(account, read_order_event(read_envelope(json.dumps(body))))


def bring(account: AmazonAccount, status: str, seconds: float) -> OrderResult:
    """Apply the full order of two units, as fetched."""
    shipped = 2 if status == "SHIPPED" else 0
    data = amazon_order(
        ID, status=status, items=[("SKU-1", 2, shipped)], seconds=seconds
    )
    return intake.apply_order(account, data, source=intake.FETCH)


def test_full_order_completes_what_the_event_began(
    account: AmazonAccount, variant: Variant
) -> None:
    tell(account, "Pending", 0)
    seen = Order.objects.get().stale_since
    assert seen is not None

    result = bring(account, "UNSHIPPED", 1)
    fetch_queue.mark_fetched(result.order.pk, seen)

    order = Order.objects.get()
    assert (order.status, order.stale_since) == ("unshipped", None)
    assert (order.total, order.currency) == (Decimal("12.50"), "USD")
    assert order.completed_at is not None
    assert level() == (10, 2)


def test_order_says_what_told_of_it_first(
    account: AmazonAccount, variant: Variant
) -> None:
    data = amazon_order(
        "903-0000002-0000002", status="UNSHIPPED", items=[("SKU-1", 2, 0)], seconds=1
    )
    intake.apply_order(account, data, source=intake.SWEEP)
    tell(account, "Pending", 0)
    bring(account, "UNSHIPPED", 1)

    first = dict(Order.objects.values_list("amazon_order_id", "first_source"))
    assert first == {"903-0000002-0000002": "sweep", ID: "event"}


def test_older_full_order_changes_nothing(
    account: AmazonAccount, variant: Variant
) -> None:
    bring(account, "SHIPPED", 5)

    assert bring(account, "UNSHIPPED", 1).is_known
    assert Order.objects.get().status == "shipped"
    assert level() == (8, 0)


def test_full_order_from_before_the_event_keeps_the_events_status(
    account: AmazonAccount, variant: Variant
) -> None:
    tell(account, "Canceled", 5)

    assert bring(account, "UNSHIPPED", 1).is_behind
    assert Order.objects.get().status == "cancelled"
    assert level() == (10, 0)


def test_amazons_reading_wins_in_the_end(
    account: AmazonAccount, variant: Variant
) -> None:
    tell(account, "Canceled", 5)
    data = amazon_order(ID, items=[("SKU-1", 2)], seconds=1)

    intake.apply_order(account, data, source=intake.FETCH, is_final=True)

    assert Order.objects.get().status == "unshipped"
    assert level() == (10, 2)


def test_late_event_after_the_full_order_is_no_news(
    account: AmazonAccount, variant: Variant
) -> None:
    bring(account, "SHIPPED", 5)

    assert tell(account, "Unshipped", 1).is_known
    assert tell(account, "Shipped", 5).is_known
    assert Order.objects.get().stale_since is None


def test_sweep_answers_the_event(account: AmazonAccount, variant: Variant) -> None:
    tell(account, "Unshipped", 1)
    data = amazon_order(ID, items=[("SKU-1", 2)], seconds=1)

    intake.apply_order(account, data, source=intake.SWEEP)

    assert Order.objects.get().stale_since is None


def test_unknown_sku_keeps_the_order_and_says_so_once(account: AmazonAccount) -> None:
    tell(account, "Pending", 0)
    tell(account, "Unshipped", 1)
    bring(account, "UNSHIPPED", 2)

    assert Order.objects.get().has_unmatched
    codes = account.diagnostics.values_list("code", flat=True)
    assert list(codes) == ["orders.unmatched_sku"]


def test_match_lines_reserves_for_waiting_orders(account: AmazonAccount) -> None:
    tell(account, "Unshipped", 0)
    variant = make_variant(account.store, sku="SKU-1")

    assert intake.match_lines(variant) == 1

    assert not Order.objects.get().has_unmatched
    assert OrderLine.objects.get().reservation.quantity == 2


def test_match_lines_leaves_what_was_shipped_already(account: AmazonAccount) -> None:
    bring(account, "SHIPPED", 0)
    variant = make_variant(account.store, sku="SKU-1")
    warehouse = make_warehouse(account.store)
    ledger.set_on_hand(variant, warehouse, 5, actor="", key="count")

    intake.match_lines(variant)

    assert OrderLine.objects.get().variant == variant
    assert level() == (5, 0)


def test_line_is_matched_through_a_listing_of_another_sku(
    account: AmazonAccount,
) -> None:
    variant = make_variant(account.store, sku="OURS-1")
    make_listing(account, seller_sku="SKU-1", variant=variant)

    tell(account, "Unshipped", 0)

    assert OrderLine.objects.get().variant == variant


def test_linking_a_listing_matches_its_lines(account: AmazonAccount) -> None:
    tell(account, "Unshipped", 0)
    make_listing(account, seller_sku="SKU-1")
    make_variant(account.store, sku="SKU-1")

    link_by_sku(account)

    assert OrderLine.objects.get().reservation.quantity == 2


def test_currency_and_status_never_seen_are_kept(
    account: AmazonAccount, variant: Variant
) -> None:
    money = {"grandTotal": {"amount": "7.1255", "currencyCode": "XQZ-COIN"}}
    data = amazon_order(
        ID, status="TELEPORTED", items=[("SKU-1", 2)], proceeds=money, programs=["NEW"]
    )

    intake.apply_order(account, data, source=intake.SWEEP)

    order = Order.objects.get()
    assert (order.status, order.amazon_status) == ("unknown", "TELEPORTED")
    assert (order.currency, order.total) == ("XQZ-COIN", Decimal("7.13"))
    assert order.programs == ["NEW"]


def test_order_of_another_channel_is_never_a_sale(
    account: AmazonAccount, variant: Variant
) -> None:
    channel = {"channelName": "NON_AMAZON", "marketplaceId": "ATVPDKIKX0DER"}
    data = amazon_order(ID, items=[("SKU-1", 2)], salesChannel=channel)

    intake.apply_order(account, data, source=intake.SWEEP)

    assert Order.objects.count() == 1
    assert level() == (10, 0)


def test_quarantine_keeps_the_order_with_its_reason(account: AmazonAccount) -> None:
    retry_at = START + timedelta(hours=1)
    for _ in range(2):
        intake.quarantine_order(
            account,
            ID,
            code="orders.unreadable",
            message="No status.",
            retry_at=retry_at,
        )

    order = Order.objects.get()
    assert (order.quarantine_code, order.fetch_after) == ("orders.unreadable", retry_at)
    assert account.diagnostics.count() == 1


def test_pending_order_is_read_again_when_it_is_quiet(
    account: AmazonAccount, variant: Variant
) -> None:
    bring(account, "PENDING", 0)
    changed_at = Order.objects.get().updated_at

    assert not intake.mark_pending_stale(account, changed_at, 10)
    assert intake.mark_pending_stale(account, changed_at + timedelta(seconds=1), 10)
    assert Order.objects.get().stale_since is not None
