"""FBA units are bound at once, never twice, and freed when Amazon counts them gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from channels_amazon.models import (
    DiagnosticEntry,
    FbaStock,
    FulfillmentOrder,
    Listing,
    StoreOrder,
    SyncJob,
)
from channels_amazon.rules.mcf.terms import Candidate
from channels_amazon.services.mcf import commitments, decisions, results
from channels_amazon.services.mcf.pools import empty_missing, upsert_fba_stock
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.spapi.apis.fba_inventory import InventorySummary
from tests.builders import (
    make_job,
    place_order,
)
from tests.messages import message, outbound_change
from tests.processes import Processes
from tests.services.mcf.scene import GOOD, US, make_pool, offered, promised

HERE = "tests.services.mcf.test_commitments"


def report(
    listing: Listing,
    fulfillable: int,
    asked_at: datetime,
    pass_began: datetime | None = None,
) -> None:
    """Store what Amazon says of the listing now, when asked at that time."""
    units = dict.fromkeys(
        (
            "inbound_working",
            "inbound_shipped",
            "inbound_receiving",
            "reserved",
            "unfulfillable",
            "researching",
        ),
        0,
    )
    summary = InventorySummary(
        asin=None,
        fn_sku=None,
        seller_sku=listing.seller_sku,
        condition=None,
        product_name=None,
        fulfillable=fulfillable,
        total=10,
        last_updated_at=None,
        unread=(),
        **units,
    )
    upsert_fba_stock(
        listing.account,
        US,
        [summary],
        pass_began=pass_began or timezone.now() + timedelta(days=1),
        asked_at=asked_at,
    )


def ask_race(order_ids: list[int], process: int) -> str:
    """Decide one of the orders, each process another, and return its state."""
    order = StoreOrder.objects.get(pk=order_ids[process])
    decisions.consider(order)
    order.refresh_from_db()
    return str(order.state)


@pytest.mark.django_db
def test_order_binds_its_units_before_amazon_hears_of_it() -> None:
    listing = make_pool()
    make_job(listing.account, kind=SyncJob.Kind.MCF_ORDERS)

    order = offered(listing, 4)

    placed = FulfillmentOrder.objects.get()
    assert (order.state, placed.state) == ("at_amazon", "waiting")
    assert (placed.fee, placed.fee_currency) == (Decimal("5.00"), "USD")
    assert placed.api_version == "2026-07-04"
    assert (promised(), FbaStock.objects.get().sellable) == (4, 6)
    assert order.why.rule


@pytest.mark.django_db
def test_units_that_are_promised_are_not_offered_again() -> None:
    listing = make_pool(5)
    offered(listing, 4)

    second = place_order(listing.account.store, (listing.seller_sku, 2))

    assert second.state == "needs_person"
    assert promised() == 4


@pytest.mark.django_db(transaction=True)
def test_orders_decided_at_one_moment_share_the_pool(processes: Processes) -> None:
    listing = make_pool(5)
    orders = [
        place_order(listing.account.store, (listing.seller_sku, 3)) for _ in range(3)
    ]
    candidate = Candidate(listing.account_id, US, "US")
    for order in orders:
        decisions.keep_offers(order, candidate, GOOD)

    states = processes.together(
        f"{HERE}:ask_race", [order.pk for order in orders], count=3
    )

    assert sorted(states) == ["at_amazon", "needs_person", "needs_person"]
    assert promised() == 3


@pytest.mark.django_db
def test_refusal_frees_the_units_and_needs_a_person() -> None:
    order = offered(make_pool(), 4)

    placed = FulfillmentOrder.objects.get()
    results.mark_refused(placed, code="amazon.invalid", reason="No.")
    results.mark_refused(placed, code="amazon.invalid", reason="No.")

    order.refresh_from_db()
    assert (order.state, promised()) == ("needs_person", 0)


@pytest.mark.django_db
def test_report_asked_for_too_early_does_not_free_the_units() -> None:
    listing = make_pool()
    offered(listing, 4)
    placed = FulfillmentOrder.objects.get()
    now = timezone.now()

    report(listing, 10, now + timedelta(hours=1))
    assert promised() == 4
    results.mark_placed(placed)
    report(listing, 10, now + commitments.SHOWN_AFTER / 2)

    assert (promised(), FbaStock.objects.get().sellable) == (4, 6)


@pytest.mark.django_db
def test_report_that_counts_the_order_frees_the_units() -> None:
    listing = make_pool()
    offered(listing, 4)
    results.mark_placed(FulfillmentOrder.objects.get())
    later = timezone.now() + commitments.SHOWN_AFTER + timedelta(seconds=1)
    assert commitments.awaits_report(listing.account_id, later)

    report(listing, 6, later)

    assert (promised(), FbaStock.objects.get().sellable) == (0, 6)
    assert not commitments.awaits_report(listing.account_id, later)


@pytest.mark.django_db
def test_report_of_another_site_that_does_not_stand_frees_nothing() -> None:
    listing = make_pool()
    offered(listing, 4)
    results.mark_placed(FulfillmentOrder.objects.get())
    FbaStock.objects.update(seen_marketplace_id="A2EUQ1WTGCTBG2")
    later = timezone.now() + commitments.SHOWN_AFTER + timedelta(seconds=1)
    began = FbaStock.objects.get().seen_at - timedelta(seconds=1)

    report(listing, 6, later, pass_began=began)

    assert FbaStock.objects.get().fulfillable == 10
    assert promised() == 4


@pytest.mark.django_db
def test_pool_that_a_whole_pass_does_not_show_frees_its_units() -> None:
    listing = make_pool()
    offered(listing, 4)
    results.mark_placed(FulfillmentOrder.objects.get())
    since = timezone.now() + commitments.SHOWN_AFTER + timedelta(seconds=1)

    empty_missing(listing.account, {"US"}, since)

    assert (promised(), FbaStock.objects.get().sellable) == (0, 0)


@pytest.mark.django_db
def test_attempt_and_cancellation_do_not_both_win() -> None:
    offered(make_pool(), 4)
    placed, other = FulfillmentOrder.objects.get(), FulfillmentOrder.objects.get()

    assert commitments.begin_attempt(placed)
    assert not commitments.begin_attempt(other)

    FulfillmentOrder.objects.update(cancel_asked_at=timezone.now())
    placed.refresh_from_db()
    assert not commitments.begin_attempt(placed)


@pytest.mark.django_db
def test_outage_takes_back_its_own_rest_and_no_other() -> None:
    offered(make_pool(), 4)
    placed = FulfillmentOrder.objects.get()
    before = FulfillmentOrder.objects.get(pk=placed.pk)
    assert commitments.begin_attempt(placed)
    until = timezone.now() + timedelta(minutes=5)
    commitments.postpone(placed, until, error="Down.")

    commitments.restore(before, until - timedelta(minutes=1))
    placed.refresh_from_db()
    assert (placed.next_attempt_at, placed.error_message) == (until, "Down.")

    commitments.restore(before, until)
    placed.refresh_from_db()
    assert (placed.next_attempt_at, placed.error_message) == (None, "")
    # The attempt may have arrived: the next looks before it sends.
    assert placed.attempts == 1


@pytest.mark.django_db
def test_event_has_the_order_looked_at_now() -> None:
    listing = make_pool()
    job = make_job(listing.account, kind=SyncJob.Kind.MCF_ORDERS)
    order = offered(listing, 1)
    later = timezone.now() + timedelta(hours=1)
    FulfillmentOrder.objects.update(next_poll_at=later)
    SyncJob.objects.update(due_at=later, rank=later)
    seller_id = listing.account.seller_id

    ours, others, strangers = accept(
        [
            message(outbound_change(order.number, seller_id=seller_id)),
            message(outbound_change("OTHER", seller_id=seller_id)),
            message(outbound_change(order.number, seller_id="NOBODY")),
        ]
    )

    assert [one.state for one in (ours, others, strangers)] == [
        "applied",
        "ignored",
        "ignored",
    ]
    job.refresh_from_db()
    assert job.due_at < later
    assert FulfillmentOrder.objects.get().next_poll_at
    assert not DiagnosticEntry.objects.exists()
