"""Quantities reach Amazon: only what is due, zeros first, handling time kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Listing,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.spapi import retry
from channels_amazon.spapi.apis.listings import Submission, patch_listings_item
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_listing, make_variant, make_warehouse
from tests.sync.running import run_through
from tests.sync.stock.scene import (
    count,
    merchant_listings,
    patched,
    theirs,
)

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account whose listings are read; changes show at Amazon at once."""
    row = make_account(emulator=emulator)
    make_warehouse(row.store)
    emulator.control("behaviour", accept_seconds=0)
    runner.run_kind(row, Kind.LISTINGS)
    # What was read then is too old to be patched by.
    Listing.objects.update(read_at=timezone.now() - timedelta(hours=1))
    return row


def run(account: AmazonAccount) -> SyncRun:
    """Run the job until it is through, with everything due now."""
    Listing.objects.filter(push_after__isnull=False).update(push_after=timezone.now())
    return run_through(account, Kind.STOCK_PUSH)


def test_quantity_follows_with_one_call_for_many_changes(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    for quantity in (70, 80, 90):
        count(listing, quantity)

    run(account)

    listing.refresh_from_db()
    assert theirs(emulator, listing).quantity == 90
    assert (listing.acknowledged_quantity, listing.push_due) == (90, False)
    assert patched(emulator) == [listing.seller_sku]
    assert run(account).calls == 0


@pytest.mark.parametrize("days", [None, 4])
def test_handling_time_is_the_one_amazon_has_now(
    emulator: Emulator, account: AmazonAccount, days: int | None
) -> None:
    (listing,) = merchant_listings(account, 1)
    Listing.objects.update(handling_days=2)
    theirs(emulator, listing).handling_days = days
    theirs(emulator, listing).restock_date = "2999-01-01"
    count(listing, 70)

    run(account)

    row = theirs(emulator, listing)
    assert (row.quantity, row.handling_days) == (70, days)
    assert row.restock_date == "2999-01-01"


def test_known_handling_time_serves_where_the_listing_cannot_be_read(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    Listing.objects.update(handling_days=2)
    count(listing, 70)
    buckets = client_for(account).buckets
    while buckets.take(account.quota_subject, "getListingsItem", 0.01, 5).granted:
        continue

    run(account)

    row = theirs(emulator, listing)
    assert (row.quantity, row.handling_days) == (70, 2)


def test_unknown_handling_time_waits_for_the_reading(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    Listing.objects.update(handling_days=None, merchant_element=None)
    count(listing, 70)
    buckets = client_for(account).buckets
    while buckets.take(account.quota_subject, "getListingsItem", 0.01, 5).granted:
        continue

    began = timezone.now()
    runner.run_kind(account, Kind.STOCK_PUSH)

    job = SyncJob.objects.get(account=account, kind=Kind.STOCK_PUSH)
    assert began < job.due_at <= timezone.now() + timedelta(minutes=1)
    assert patched(emulator) == []


def read_calls(emulator: Emulator) -> int:
    """Return how many listings were read one by one."""
    calls = emulator.state.requests
    return sum(call.operation == "getListingsItem" for call in calls)


def test_listing_that_was_just_read_is_not_read_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    theirs(emulator, listing).handling_days = 4
    theirs(emulator, listing).restock_date = "2999-01-01"
    count(listing, 70)
    run(account)
    count(listing, 60)

    run(account)

    row = theirs(emulator, listing)
    assert patched(emulator) == [listing.seller_sku] * 2
    assert read_calls(emulator) == 1
    assert (row.quantity, row.handling_days) == (60, 4)
    assert row.restock_date == "2999-01-01"


def test_persons_change_goes_before_what_sells_out(
    emulator: Emulator, account: AmazonAccount
) -> None:
    low, mine, none = merchant_listings(account, 3)
    for listing, after in ((low, 1), (mine, 15), (none, 0)):
        Listing.objects.filter(pk=listing.pk).update(acknowledged_quantity=30)
        count(listing, after)
    Listing.objects.update(push_by_person=False)
    Listing.objects.filter(pk=mine.pk).update(push_by_person=True)

    run(account)

    expected = [none, mine, low]
    assert patched(emulator) == [listing.seller_sku for listing in expected]
    assert not Listing.objects.filter(push_by_person=True).exists()


def test_fba_keeps_its_channel(emulator: Emulator, account: AmazonAccount) -> None:
    (listing,) = merchant_listings(account, 1)
    theirs(emulator, listing).is_fba = True
    count(listing, 70)

    run(account)

    row = theirs(emulator, listing)
    assert (row.quantity, row.is_fba) == (70, True)


def test_listing_that_amazon_alone_fulfils_gets_no_quantity(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    row = theirs(emulator, listing)
    row.quantity, row.is_fba = None, True

    run(account)

    listing.refresh_from_db()
    assert (patched(emulator), row.quantity) == ([], None)
    assert (listing.is_mfn, listing.push_due) == (False, False)


def test_unlinked_and_uncounted_listings_are_left_alone(
    emulator: Emulator, account: AmazonAccount
) -> None:
    merchant_listings(account, 2)

    run(account)

    assert patched(emulator) == []


def test_zeros_go_first_then_decreases_then_increases(
    emulator: Emulator, account: AmazonAccount
) -> None:
    more, fewer, lowest, none = merchant_listings(account, 4)
    for listing, before, after in (
        (more, 10, 20),
        (fewer, 30, 15),
        (lowest, 30, 1),
        (none, 30, 0),
    ):
        Listing.objects.filter(pk=listing.pk).update(acknowledged_quantity=before)
        count(listing, after)

    run(account)

    expected = [none, lowest, fewer, more]
    assert patched(emulator) == [listing.seller_sku for listing in expected]


def test_refused_quantity_is_quarantined_and_the_rest_goes_on(
    emulator: Emulator, account: AmazonAccount
) -> None:
    bad, good = merchant_listings(account, 2)
    theirs(emulator, bad).handling_days = 90
    count(bad, 0)
    count(good, 70)

    run(account)

    bad.refresh_from_db()
    assert (bad.push_code, bad.push_due) == ("90244", True)
    assert "handling time" in bad.push_error
    assert bad.push_after
    assert theirs(emulator, good).quantity == 70

    run(account)
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.reference) == ("stock.push_refused", bad.seller_sku)

    theirs(emulator, bad).handling_days = 3
    run(account)
    bad.refresh_from_db()
    assert (bad.push_code, bad.push_due) == ("", False)
    assert theirs(emulator, bad).quantity == 0


@pytest.mark.parametrize("sku", ["gone", "a/b #?", ".."])
def test_sku_that_amazon_does_not_have_is_quarantined(
    emulator: Emulator, account: AmazonAccount, sku: str
) -> None:
    variant = make_variant(account.store, sku=sku)
    listing = make_listing(account, variant=variant)
    count(listing, 5)

    assert run(account).state == SyncRun.State.DONE

    listing.refresh_from_db()
    assert listing.push_code
    assert listing.push_due


def test_number_that_changes_meanwhile_stays_due(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    numbers = iter([60, 70])

    def send_while_selling(*args: Any) -> Submission:
        sent = patch_listings_item(*args)
        # Sold, and restocked: the same number again, but Amazon counted the sale.
        for quantity in numbers:
            count(listing, quantity)
        return sent

    monkeypatch.setattr(
        "channels_amazon.sync.stock.patching.patch_listings_item",
        send_while_selling,
    )

    run(account)

    listing.refresh_from_db()
    assert patched(emulator) == [listing.seller_sku] * 2
    assert (listing.acknowledged_quantity, listing.push_due) == (70, False)


def test_outage_ends_the_run_and_puts_no_listing_off(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_ATTEMPTS", 1)
    rows = merchant_listings(account, 4)
    for listing in rows:
        count(listing, 70)
    emulator.control("faults", match="patchListingsItem", kind="html_503")

    assert run(account).state == SyncRun.State.FAILED
    untouched = {"push_attempts": 0, "push_after": None, "push_code": ""}
    assert Listing.objects.filter(push_due=True, **untouched).count() == 4

    emulator.control("faults", clear=True)
    run(account)
    assert {theirs(emulator, row).quantity for row in rows} == {70}


def test_lost_answer_ends_in_the_same_quantity(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    emulator.control("faults", match="patchListingsItem", kind="lost_answer", count=1)

    run(account)

    listing.refresh_from_db()
    assert (theirs(emulator, listing).quantity, listing.push_due) == (70, False)


def test_missing_role_blocks_the_job(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    emulator.state.application.roles.clear()

    assert run(account).state == SyncRun.State.BLOCKED

    listing.refresh_from_db()
    assert (listing.push_due, listing.push_code) == (True, "")
