"""How fast listings sell, how long numbers take, and what follows from both."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    LatencyHour,
    Listing,
    Order,
    SyncRule,
)
from channels_amazon.rules.orders import latency
from channels_amazon.rules.orders.latency_steps import LatencyStep
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.stock import ledger, sales_pace
from tests import builders

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7).total_seconds()
MONTH = timedelta(days=28).total_seconds()


@pytest.fixture
def listing() -> Listing:
    """Give a linked listing of the merchant's own with 100 units."""
    account = builders.make_account()
    variant = builders.make_variant(account.store)
    made = builders.make_listing(account, variant=variant, is_mfn=True)
    warehouse = builders.make_warehouse(account.store)
    ledger.set_on_hand(variant, warehouse, 100, actor="", key="hundred")
    return made


def sell(listing: Listing, units: int, at: datetime, **over: object) -> Order:
    """Make an order of so many units."""
    return builders.make_order(
        listing.account,
        ordered_at=at,
        lines=({"seller_sku": listing.seller_sku, "quantity": units},),
        **over,
    )


def run_pass() -> None:
    """Go over all accounts."""
    while maintenance.run_slice(sales_pace.PASS):
        pass


def kept(listing: Listing) -> Listing:
    """Return the listing as it is now."""
    return Listing.objects.get(pk=listing.pk)


def test_faster_of_two_means_counts(listing: Listing) -> None:
    now = timezone.now()
    sell(listing, 14, now - timedelta(days=20))
    sell(listing, 7, now - timedelta(days=2))
    slow = builders.make_listing(listing.account)
    sell(slow, 28, now - timedelta(days=10))

    run_pass()

    assert kept(listing).velocity == pytest.approx(7 / WEEK, rel=0.05)
    assert kept(slow).velocity == pytest.approx(28 / MONTH, rel=0.05)


def test_old_cancelled_and_amazons_own_orders_do_not_count(listing: Listing) -> None:
    now = timezone.now()
    sell(listing, 5, now - timedelta(days=40))
    sell(listing, 5, now, status=Order.Status.CANCELLED)
    sell(listing, 5, now, fulfilled_by=Order.FulfilledBy.AMAZON)

    run_pass()

    assert kept(listing).velocity == 0


def test_what_sells_no_more_slows_down(listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(velocity=0.5)

    run_pass()

    assert kept(listing).velocity == 0


def test_same_sku_of_another_account_sells_at_its_own_pace(listing: Listing) -> None:
    other = builders.make_listing(seller_sku=listing.seller_sku)
    sell(other, 7, timezone.now())

    run_pass()

    assert kept(listing).velocity == 0
    assert kept(other).velocity > 0


def test_propagation_is_the_way_of_events_and_numbers(listing: Listing) -> None:
    now = timezone.now()
    for step, seconds in ((LatencyStep.EVENT, 8.0), (LatencyStep.RESERVE, 1.0)):
        bins: latency.SparseBins = {}
        latency.add_sparse(bins, seconds)
        LatencyHour.objects.create(
            account=listing.account, hour=now - timedelta(hours=2), step=step, bins=bins
        )
    Listing.objects.filter(pk=listing.pk).update(
        desired_at=now - timedelta(seconds=30),
        acknowledged_at=now - timedelta(seconds=27),
        push_due=False,
    )

    run_pass()

    measured = AmazonAccount.objects.get(pk=listing.account_id).propagation
    assert measured == pytest.approx(12, rel=0.1)


def test_unmeasured_propagation_is_none(listing: Listing) -> None:
    AmazonAccount.objects.filter(pk=listing.account_id).update(propagation=9)

    run_pass()

    assert AmazonAccount.objects.get(pk=listing.account_id).propagation == 0


def test_buffer_of_a_shared_account_follows(listing: Listing) -> None:
    account = listing.account
    SyncRule.objects.create(
        store=account.store, kind=SyncRule.Kind.STOCK, terms={"mode": "shared"}
    )
    now = timezone.now()
    Listing.objects.filter(pk=listing.pk).update(
        desired_at=now - timedelta(seconds=600), acknowledged_at=now, push_due=False
    )
    sell(listing, 7000, now)

    run_pass()

    found = kept(listing)
    # 600 s at 7,000 a week.
    assert found.desired_quantity == 100 - 7
    assert found.push_due
