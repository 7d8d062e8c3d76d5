"""Nothing goes to Amazon before somebody goes live, and everything after."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Listing, SyncJob
from channels_amazon.services.accounts import connection, going_live
from channels_amazon.services.accounts.connection import AccountGrant
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.services.jobs.nets import cast_nets
from channels_amazon.services.stock import push_state
from channels_amazon.services.stock.publication import push_again
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.stock import quantity_push
from tests import builders
from tests.sync.running import run_through
from tests.sync.stock.scene import count, merchant_listings, patched, theirs

pytestmark = pytest.mark.django_db
Kind = SyncJob.Kind


def connected(emulator: Emulator, region: str = "na") -> AmazonAccount:
    """Connect a seller to a store of its own, as the pages do, and read all once."""
    store = builders.make_store()
    builders.make_warehouse(store)
    account = connection.connect_account(
        store,
        grant=AccountGrant(
            region=region,
            seller_id=builders.emulator_seller(emulator, region),
            name="",
            refresh_token=emulator.refresh_token(region),
        ),
        application=current_application(),
        actor="ann",
    )
    for kind in (Kind.PARTICIPATIONS, Kind.LISTINGS):
        run_through(account, kind)
    SyncJob.objects.filter(account=account).update(first_done_at=timezone.now())
    return account


def push(account: AmazonAccount) -> None:
    """Run the push as a worker would that was woken."""
    Listing.objects.update(push_after=None)
    runner.run_kind(account, Kind.STOCK_PUSH)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that was connected just now; changes show at Amazon at once."""
    emulator.control("behaviour", accept_seconds=0)
    return connected(emulator)


def test_connected_account_pushes_nothing_before_and_everything_after(
    emulator: Emulator, account: AmazonAccount
) -> None:
    listings = merchant_listings(account, 3)
    before = [theirs(emulator, listing).quantity for listing in listings]
    for number, listing in enumerate(listings):
        count(listing, 70 + number)

    push(account)
    push(account)

    assert patched(emulator) == []
    assert [theirs(emulator, one).quantity for one in listings] == before

    going_live.go_live(account, actor="ann")
    push(account)

    assert [theirs(emulator, one).quantity for one in listings] == [70, 71, 72]
    assert not Listing.objects.filter(push_due=True).exists()


def test_minute_net_wakes_no_account_that_is_not_live(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    now = timezone.now()
    assert list(quantity_push.due_accounts(now)) == []

    account.live_at = now
    account.save()

    assert list(quantity_push.due_accounts(now)) == [{"pk": account.pk}]
    cast_nets()


def test_sending_again_waits_for_going_live_too(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    assert listing.variant_id
    push_again([listing.variant_id])

    push(account)

    assert patched(emulator) == []
    listing.refresh_from_db()
    assert (listing.push_due, listing.desired_quantity) == (True, 70)


def test_paused_account_keeps_what_is_wanted_until_it_goes_live_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    going_live.go_live(account, actor="ann")
    push(account)

    going_live.pause(account, actor="ann")
    count(listing, 60)
    push(account)
    assert theirs(emulator, listing).quantity == 70

    going_live.go_live(account, actor="ann")
    push(account)

    assert theirs(emulator, listing).quantity == 60


def test_pause_ends_a_run_before_its_next_listing(
    emulator: Emulator, account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings = merchant_listings(account, 3)
    for listing in listings:
        count(listing, 70)
    going_live.go_live(account, actor="ann")
    keep = push_state.mark_acknowledged

    def paused_meanwhile(*given: Any, **named: Any) -> None:
        keep(*given, **named)
        going_live.pause(account, actor="ann")

    monkeypatch.setattr(push_state, "mark_acknowledged", paused_meanwhile)
    push(account)

    assert len(patched(emulator)) == 1
    assert Listing.objects.filter(push_due=True).count() == len(listings) - 1


def test_number_changed_by_hand_meanwhile_is_put_right(
    emulator: Emulator, account: AmazonAccount
) -> None:
    (listing,) = merchant_listings(account, 1)
    count(listing, theirs(emulator, listing).quantity or 0)
    listing.refresh_from_db()
    assert not listing.push_due
    wanted = listing.desired_quantity
    theirs(emulator, listing).quantity = 9999
    run_through(account, Kind.LISTINGS)

    going_live.go_live(account, actor="ann")
    push(account)

    assert theirs(emulator, listing).quantity == wanted


def test_one_store_goes_live_and_the_other_does_not(
    emulator: Emulator, account: AmazonAccount
) -> None:
    other = connected(emulator, "eu")
    (here,), (there,) = merchant_listings(account, 1), merchant_listings(other, 1)
    before = theirs(emulator, there).quantity
    for listing in (here, there):
        count(listing, 71)

    going_live.go_live(account, actor="ann")
    for one in (account, other):
        push(one)

    assert theirs(emulator, here).quantity == 71
    assert theirs(emulator, there).quantity == before
    assert patched(emulator) == [here.seller_sku]
