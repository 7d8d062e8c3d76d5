"""What waits for its account to be read costs little while it waits."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Listing, PushState, SyncJob
from channels_amazon.services.installation import catching_up
from channels_amazon.sync.stock import quantity_push
from tests.services.installation.unread import begin_behind, make_read, shown
from tests.sync.running import run_through
from tests.sync.stock.scene import count, merchant_listings, patched, theirs

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that was read up to an hour ago."""
    return make_read(emulator)


def hold(
    emulator: Emulator, account: AmazonAccount, listings: list[Listing]
) -> list[Listing]:
    """Let quantities be held that Amazon accepted before and has sold from since."""
    for listing in listings:
        theirs(emulator, listing).quantity = 4
        count(listing, 10)
    Listing.objects.filter(pk__in=[one.pk for one in listings]).update(
        acknowledged_quantity=10, push_due=True
    )
    run_through(account, Kind.STOCK_PUSH)
    assert {shown(one).push_state for one in listings} == {PushState.HELD}
    return listings


def come_due(listings: list[Listing]) -> datetime:
    """Let the pauses of what is held be over."""
    now = timezone.now()
    Listing.objects.filter(pk__in=[one.pk for one in listings]).update(push_after=now)
    return now


@pytest.mark.parametrize(
    ("behind_for", "pause"),
    [(MINUTE, 5 * MINUTE), (60 * MINUTE, 60 * MINUTE), (3000 * MINUTE, 360 * MINUTE)],
)
def test_pause_grows_with_how_long_the_account_is_behind(
    emulator: Emulator, account: AmazonAccount, behind_for: timedelta, pause: timedelta
) -> None:
    begin_behind(behind_for)
    SyncJob.objects.filter(kind=Kind.ORDER_SWEEP).update(
        cursor={"low_water": (timezone.now() - behind_for - MINUTE).isoformat()}
    )
    (listing,) = hold(emulator, account, merchant_listings(account, 1))
    assert listing.push_after is not None
    rest = listing.push_after - timezone.now()
    assert abs(rest - pause) < MINUTE


def test_held_again_costs_no_call_and_no_query_each(
    emulator: Emulator, account: AmazonAccount
) -> None:
    begin_behind()
    held = hold(emulator, account, merchant_listings(account, 4))
    numbers = []
    for n in (1, 4):
        listings = held[:n]
        now = come_due(listings)
        emulator.state.requests.clear()
        with CaptureQueriesContext(connection) as asked:
            run_through(account, Kind.STOCK_PUSH)
        numbers.append(len(asked))
        assert not emulator.state.requests
        assert all((shown(one).push_after or now) > now for one in listings)
    assert numbers[0] == numbers[1]


def test_held_ones_come_after_a_decrease(
    emulator: Emulator, account: AmazonAccount
) -> None:
    begin_behind()
    *held, down = merchant_listings(account, 3)
    hold(emulator, account, held)
    theirs(emulator, down).quantity = 50
    count(down, 30)
    Listing.objects.filter(pk=down.pk).update(acknowledged_quantity=50)
    come_due(held)
    # Nothing is known of them, so that they are read.
    Listing.objects.filter(pk__in=[one.pk for one in held]).update(
        observed_quantity=None
    )
    emulator.state.requests.clear()
    run_through(account, Kind.STOCK_PUSH)
    first = emulator.state.requests[0].path
    assert first.endswith(down.seller_sku)
    assert patched(emulator) == [down.seller_sku]


def test_release_wakes_what_is_held_for_long(
    emulator: Emulator, account: AmazonAccount
) -> None:
    begin_behind(60 * MINUTE)
    SyncJob.objects.filter(kind=Kind.ORDER_SWEEP).update(
        cursor={"low_water": (timezone.now() - 61 * MINUTE).isoformat()}
    )
    (listing,) = hold(emulator, account, merchant_listings(account, 1))
    assert (listing.push_after or timezone.now()) > timezone.now() + 50 * MINUTE
    run_through(account, Kind.ORDER_SWEEP)
    assert not catching_up.is_behind(account)
    assert shown(listing).push_after is None
    run_through(account, Kind.STOCK_PUSH)
    assert theirs(emulator, listing).quantity == 10
    assert quantity_push.HELD_FOR < quantity_push.LONGEST_HELD
