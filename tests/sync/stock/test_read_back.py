"""Accepted is not done: what Amazon shows is read back, and sent once more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    DriftState,
    Listing,
    PushState,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.stock.drift import SETTLING
from channels_amazon.services.accounts import going_live
from channels_amazon.services.installation import catching_up
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.stock import read_back
from tests.amazon_proxy import AmazonProxy, refusal
from tests.builders import make_account, make_warehouse
from tests.sync.running import run_through
from tests.sync.stock.scene import count, merchant_listings, patched, theirs

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
LONG_AGO = SETTLING + timedelta(minutes=1)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account whose listings are read; changes show at Amazon at once."""
    row = make_account(emulator=emulator)
    make_warehouse(row.store)
    emulator.control("behaviour", accept_seconds=0)
    runner.run_kind(row, Kind.LISTINGS)
    return row


def push(account: AmazonAccount) -> None:
    """Send what is due, a quarter of an hour ago."""
    run_through(account, Kind.STOCK_PUSH)
    Listing.objects.filter(read_back_at__isnull=False).update(
        acknowledged_at=F("acknowledged_at") - LONG_AGO,
        read_back_at=F("read_back_at") - LONG_AGO,
    )


def read(account: AmazonAccount) -> SyncRun:
    """Read back what is due."""
    return run_through(account, Kind.READ_BACK)


def pushed(account: AmazonAccount, units: int = 3) -> Listing:
    """Return a listing of which Amazon accepted so many units."""
    (listing,) = merchant_listings(account, 1)
    count(listing, units)
    push(account)
    listing.refresh_from_db()
    return listing


def messages() -> list[str]:
    """Return what the log says of differences, the oldest first."""
    entries = DiagnosticEntry.objects.filter(code="stock.drift").order_by("pk")
    return [str(entry.message) for entry in entries]


def test_shown_as_accepted_ends_it(emulator: Emulator, account: AmazonAccount) -> None:
    listing = pushed(account)

    run = read(account)

    listing.refresh_from_db()
    assert (listing.read_back_at, listing.drift_state) == (None, DriftState.NONE)
    assert (run.calls, messages()) == (1, [])
    assert read(account).calls == 0


def test_nothing_is_read_before_amazon_had_time(account: AmazonAccount) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 3)
    run_through(account, Kind.STOCK_PUSH)

    assert read(account).calls == 0
    assert not read_back.due_accounts(timezone.now()).exists()
    assert read_back.due_accounts(timezone.now() + LONG_AGO).exists()


def test_higher_number_is_sent_once_more_and_then_told(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listing = pushed(account)
    theirs(emulator, listing).quantity = 50
    always = {"sku": listing.seller_sku, "quantity": 50, "times": 0}
    emulator.control("drift", region=account.region, **always)

    read(account)
    listing.refresh_from_db()
    assert (listing.push_due, listing.drift_state) == (True, DriftState.PUSHED)
    push(account)
    assert patched(emulator) == [listing.seller_sku] * 2
    read(account)

    listing.refresh_from_db()
    assert (listing.push_due, listing.drift_state) == (False, DriftState.STANDS)
    assert listing.push_state is PushState.DIFFERS
    assert listing.drift_since is not None
    first, second = messages()
    assert first.startswith(f"Amazon accepted 3 of {listing.seller_sku} and shows 50")
    assert second.startswith(f"Amazon goes on showing 50 of {listing.seller_sku}")
    # It is looked at again, and neither sent nor told once more.
    Listing.objects.update(read_back_at=timezone.now())
    read(account)
    assert len(messages()) == 2
    assert len(patched(emulator)) == 2


def test_difference_that_went_is_taken_back(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listing = pushed(account)
    theirs(emulator, listing).quantity = 50
    read(account)
    push(account)

    read(account)

    listing.refresh_from_db()
    assert theirs(emulator, listing).quantity == 3
    assert (listing.drift_state, listing.drift_since) == (DriftState.NONE, None)


def test_sale_explains_a_lower_number_until_all_orders_are_read(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listing = pushed(account)
    theirs(emulator, listing).quantity = 2
    runner.run_kind(account, Kind.ORDER_SWEEP)
    before = catching_up.readings([account])[account.pk].up_to
    assert before < timezone.now()

    read(account)

    listing.refresh_from_db()
    assert (listing.push_due, listing.drift_state) == (False, DriftState.NONE)
    assert listing.read_back_at is not None
    assert listing.read_back_at > timezone.now()


def test_change_in_seller_central_is_seen_by_the_next_reading(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listing = pushed(account)
    read(account)
    row = theirs(emulator, listing)
    row.quantity, row.updated_at = 50, emulator.state.now()

    SyncJob.objects.filter(kind=Kind.LISTINGS).update(cursor={})
    runner.run_kind(account, Kind.LISTINGS)
    read(account)

    listing.refresh_from_db()
    assert listing.observed_quantity == 50
    assert (listing.push_due, listing.drift_state) == (True, DriftState.PUSHED)


def test_twenty_listings_cost_one_token(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listings = merchant_listings(account, 20)
    for listing in listings:
        count(listing, 4)
    push(account)

    calls = read(account).calls

    sites = set()
    for listing in listings:
        sites |= set(listing.offers.values_list("marketplace_id", flat=True))
    assert len(listings) > 3
    assert calls <= len(sites)
    assert not Listing.objects.filter(read_back_at__isnull=False).exists()


def test_refused_search_is_not_asked_again_at_once(
    amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    account = make_account(emulator=emulator)
    make_warehouse(account.store)
    emulator.control("behaviour", accept_seconds=0)
    runner.run_kind(account, Kind.LISTINGS)
    listing = pushed(account)
    amazon_proxy.spoil("searchListingsItems", refusal(400, "InvalidInput"))

    run = read(account)

    assert run.state == SyncRun.State.FAILED
    listing.refresh_from_db()
    assert listing.read_back_at is not None
    assert listing.read_back_at > timezone.now() + timedelta(minutes=50)


def test_nothing_is_read_back_of_an_account_that_is_not_live(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listing = pushed(account)
    theirs(emulator, listing).quantity = 50
    going_live.pause(account, actor="ann")

    run = read(account)

    assert (run.calls, run.state) == (0, SyncRun.State.DONE)
    assert list(read_back.due_accounts(timezone.now())) == []
    assert messages() == []

    # As far as is known Amazon shows it: there is nothing to send.
    Listing.objects.update(observed_quantity=listing.desired_quantity)
    going_live.go_live(account, actor="ann")

    assert read(account).rows_seen == 1
    assert len(messages()) == 1


def test_difference_of_a_paused_account_is_a_new_one_once_it_is_live(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listing = pushed(account)
    Listing.objects.filter(pk=listing.pk).update(
        observed_quantity=50,
        observed_at=timezone.now(),
        drift_state=DriftState.STANDS,
        drift_since=timezone.now(),
    )
    assert Listing.objects.drifting().count() == 1
    going_live.pause(account, actor="ann")
    assert Listing.objects.drifting().count() == 0

    going_live.go_live(account, actor="ann")

    listing.refresh_from_db()
    assert (listing.push_due, listing.drift_state) == (True, DriftState.NONE)
    assert listing.drift_since is None
