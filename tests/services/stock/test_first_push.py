"""What an account would send once it is live: all that Amazon shows otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Listing, SyncRule
from channels_amazon.services.stock import first_push, ledger
from channels_amazon.services.stock.publication import refresh_desired
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that is not live, of a store with a warehouse."""
    row = builders.make_account(live_at=None)
    builders.make_warehouse(row.store)
    return row


def make_listing(
    account: AmazonAccount, sku: str, shown: int | None, units: int | None, **over: Any
) -> Listing:
    """Make a linked listing of which Amazon shows so many, and count its variant."""
    variant = builders.make_variant(account.store, sku=sku)
    listing = builders.make_listing(
        account,
        variant=variant,
        observed_quantity=shown,
        observed_at=timezone.now(),
        **over,
    )
    if units is None:
        refresh_desired([variant.pk])
    else:
        warehouse = account.store.warehouses.get()
        ledger.set_on_hand(variant, warehouse, units, actor="", key=f"count {sku}")
    listing.refresh_from_db()
    return listing


def sent(account: AmazonAccount) -> dict[str, tuple[int | None, int | None]]:
    """Return what would be sent by SKU: what Amazon shows, what it would."""
    rows = first_push.rows_of(first_push.pending(account))
    return {row.seller_sku: (row.old, row.new) for row in rows}


def test_only_what_differs_is_sent(account: AmazonAccount) -> None:
    make_listing(account, "MORE", 3, 10)
    make_listing(account, "LESS", 9, 4)
    make_listing(account, "NONE", 7, 0)
    make_listing(account, "SAME", 5, 5)
    make_listing(account, "UNKNOWN", None, 2)
    builders.make_listing(account, observed_quantity=3)
    make_listing(builders.make_account(account.store, region="eu"), "OTHER", 1, 8)

    push = first_push.first_push(account)

    assert sent(account) == {
        "LESS": (9, 4),
        "MORE": (3, 10),
        "NONE": (7, 0),
        "UNKNOWN": (None, 2),
    }
    assert (push.summary.count, push.summary.to_zero) == (4, 1)
    assert push.summary.largest_rise is not None
    assert push.summary.largest_rise.seller_sku == "MORE"
    assert push.summary.largest_fall is not None
    assert push.summary.largest_fall.seller_sku == "NONE"
    assert push.summary.seconds == pytest.approx(4 / 5)
    assert (push.unchanged, push.unlinked) == (1, 1)


def test_what_cannot_be_said_is_told_apart_from_what_a_rule_leaves(
    account: AmazonAccount,
) -> None:
    make_listing(account, "UNCOUNTED", 3, None)
    make_listing(account, "FBA", None, 4, is_mfn=False, is_fba=True)
    SyncRule.objects.create(
        store=account.store,
        kind=SyncRule.Kind.STOCK,
        seller_sku="LEFT",
        terms={"is_published": False},
    )
    make_listing(account, "LEFT", 3, 4)

    push = first_push.first_push(account)

    assert sent(account) == {}
    assert (push.uncounted, push.silent, push.unlinked) == (1, 1, 0)
    assert push.summary.count == 0


def test_number_changed_at_amazon_by_hand_is_sent_too(account: AmazonAccount) -> None:
    listing = make_listing(account, "HAND", 5, 5)
    assert not listing.push_due
    Listing.objects.update(observed_quantity=9)
    assert sent(account) == {"HAND": (9, 5)}

    assert first_push.queue_first_push(account) == 1

    listing.refresh_from_db()
    assert listing.push_due


def test_what_amazon_accepted_last_counts_until_it_reports_another(
    account: AmazonAccount,
) -> None:
    make_listing(account, "SENT", 9, 5)
    accepted = timezone.now() + timedelta(minutes=1)
    Listing.objects.update(
        acknowledged_quantity=5, acknowledged_at=accepted, push_due=False
    )
    assert sent(account) == {}

    Listing.objects.update(observed_at=accepted + timedelta(minutes=1))

    assert sent(account) == {"SENT": (9, 5)}


def test_pause_of_a_push_ends_with_going_live(account: AmazonAccount) -> None:
    listing = make_listing(account, "LATER", 9, 5)
    Listing.objects.update(push_after=timezone.now() + timedelta(hours=1))

    first_push.queue_first_push(account)

    listing.refresh_from_db()
    assert listing.push_after is None


def test_number_raised_by_hand_is_what_amazon_may_show(account: AmazonAccount) -> None:
    listing = make_listing(account, "HAND", 5, 5)
    Listing.objects.update(
        acknowledged_quantity=5, acknowledged_at=timezone.now(), may_show_quantity=5
    )
    Listing.objects.update(observed_quantity=90, observed_at=timezone.now())

    first_push.queue_first_push(account)

    listing.refresh_from_db()
    assert listing.may_show_quantity == 90


def test_rule_that_decides_is_named(account: AmazonAccount) -> None:
    SyncRule.objects.create(
        store=account.store, kind=SyncRule.Kind.STOCK, terms={"cap": 2}
    )
    make_listing(account, "CAPPED", 9, 5)

    (row,) = first_push.rows_of(first_push.pending(account))

    assert (row.new, row.decided_by, row.waits) == (2, "cap", False)


def test_what_was_sent_since_is_counted(account: AmazonAccount) -> None:
    since = timezone.now()
    for sku, at, over in (
        ("BEFORE", since - timedelta(hours=1), {}),
        ("AFTER", since + timedelta(seconds=1), {}),
        ("AGAIN", since + timedelta(seconds=2), {"push_due": True}),
        ("NEVER", None, {"push_due": True, "push_code": "BAD"}),
    ):
        listing = make_listing(account, sku, 5, 5)
        Listing.objects.filter(pk=listing.pk).update(acknowledged_at=at, **over)

    found = first_push.since_live(account, since)

    assert (found.sent, found.waiting, found.refused) == (2, 1, 1)
    rows = first_push.sent_since(account, since)
    assert set(rows.values_list("seller_sku", flat=True)) == {"AFTER", "AGAIN"}
