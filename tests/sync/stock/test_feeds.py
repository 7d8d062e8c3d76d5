"""Many quantities go by a feed: nothing is lost, nothing older overwrites."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Listing,
    ListingFeed,
    ListingFeedMessage,
    QuotaBucket,
    SyncJob,
    SyncRule,
)
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.stock import listing_feeds
from channels_amazon.services.stock.shown import Sale, note_sales
from channels_amazon.spapi.apis import feeds as feeds_api
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.stock import feeds, quantity_push
from tests.builders import make_account, make_warehouse
from tests.sync.stock.scene import count, merchant_listings, patched, theirs

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = ListingFeed.State


class Killed(BaseException):
    """The process is gone, in the middle of what it did."""


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account whose quantities go by feeds, since patches are too slow."""
    row = make_account(emulator=emulator)
    make_warehouse(row.store)
    emulator.control("behaviour", accept_seconds=0)
    emulator.control("feeds", queue_seconds=0, seconds=0)
    runner.run_kind(row, Kind.LISTINGS)
    client_for(row).buckets.take(row.quota_subject, "patchListingsItem", 0.001, 1)
    return row


def settle() -> None:
    """Let the changes be so old that no others are waited for."""
    Listing.objects.filter(desired_at__isnull=False).update(
        desired_at=timezone.now() - timedelta(minutes=5)
    )


def wanted(account: AmazonAccount, quantities: list[int]) -> list[Listing]:
    """Return listings that are to show these quantities."""
    rows = merchant_listings(account, len(quantities))
    for row, quantity in zip(rows, quantities, strict=True):
        count(row, quantity)
    settle()
    return rows


def go_on(emulator: Emulator, account: AmazonAccount, runs: int = 1) -> None:
    """Run the job as often, with everything due now and Amazon done with its feeds."""
    for _ in range(runs):
        emulator.flush()
        now = timezone.now()
        ListingFeed.objects.filter(next_poll_at__isnull=False).update(next_poll_at=now)
        SyncJob.objects.update(lease_until=None, lease_holder="")
        runner.run_kind(account, Kind.STOCK_PUSH)
        emulator.flush()


def shown(emulator: Emulator, rows: list[Listing]) -> list[int | None]:
    return [theirs(emulator, row).quantity for row in rows]


def calls(emulator: Emulator, operation: str) -> int:
    return sum(call.operation == operation for call in emulator.state.requests)


def test_many_quantities_go_by_one_feed(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = wanted(account, [11, 12, 13, 14])

    go_on(emulator, account)

    feed = ListingFeed.objects.get()
    assert (feed.state, feed.messages_sent) == (State.SUBMITTED, 4)
    assert Listing.objects.filter(push_due=True).count() == 4

    go_on(emulator, account)

    feed.refresh_from_db()
    assert (feed.state, feed.accepted, feed.refused) == (State.DONE, 4, 0)
    assert shown(emulator, rows) == [11, 12, 13, 14]
    assert not Listing.objects.filter(push_due=True).exists()
    assert not ListingFeedMessage.objects.exists()
    assert patched(emulator) == []
    done = Listing.objects.order_by("seller_sku").filter(pk__in=[r.pk for r in rows])
    assert [one.acknowledged_quantity for one in done] == [11, 12, 13, 14]


def test_feed_keeps_the_handling_time_and_zeros_never_go_by_it(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = merchant_listings(account, 4)
    for row in rows:
        theirs(emulator, row).handling_days = 4
        theirs(emulator, row).restock_date = "2999-01-01"
    runner.run_kind(account, Kind.LISTINGS)
    for row, quantity in zip(rows, (0, 12, 13, 14), strict=True):
        count(row, quantity)
    settle()

    go_on(emulator, account)
    go_on(emulator, account)

    assert ListingFeed.objects.get().messages_sent == 3
    shown_there = theirs(emulator, rows[1])
    assert (shown_there.quantity, shown_there.handling_days) == (12, 4)
    assert shown_there.restock_date == "2999-01-01"
    rows[0].refresh_from_db()
    assert rows[0].push_due


def test_refused_message_is_quarantined_for_its_reason(
    emulator: Emulator, account: AmazonAccount
) -> None:
    bad, *good = merchant_listings(account, 3)
    theirs(emulator, bad).handling_days = 90
    runner.run_kind(account, Kind.LISTINGS)
    for row in (bad, *good):
        count(row, 20)
    settle()

    go_on(emulator, account, runs=2)

    feed = ListingFeed.objects.get()
    assert (feed.state, feed.accepted, feed.refused) == (State.DONE, 2, 1)
    bad.refresh_from_db()
    assert (bad.push_code, bad.push_due) == ("90244", True)
    assert bad.push_after
    entry = DiagnosticEntry.objects.get(code="stock.push_refused")
    assert entry.reference == bad.seller_sku
    assert shown(emulator, good) == [20, 20]


def test_number_that_changes_while_the_feed_is_under_way_is_sent_after_it(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = wanted(account, [11, 12, 13])
    go_on(emulator, account)
    count(rows[0], 30)
    rows[0].refresh_from_db()
    assert rows[0].may_show_quantity == max(30, rows[0].observed_quantity or 0)
    count(rows[0], 9)

    go_on(emulator, account)

    rows[0].refresh_from_db()
    assert rows[0].push_due
    assert rows[0].acknowledged_quantity == 11
    assert (rows[0].may_show_quantity or 0) >= 11
    assert shown(emulator, rows) == [11, 12, 13]


def test_newer_number_that_presses_is_patched_and_once_more_after_the_feed(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = wanted(account, [11, 12, 13])
    go_on(emulator, account)
    listing = rows[0]
    count(listing, 0)
    give_patches(account)

    go_on_without_feeds(emulator, account)

    listing.refresh_from_db()
    assert patched(emulator) == [listing.seller_sku]
    assert (listing.acknowledged_quantity, listing.push_due) == (0, True)
    # The feed may come any moment, with what it carries.
    assert (listing.may_show_quantity or 0) >= 11

    go_on(emulator, account, runs=2)

    listing.refresh_from_db()
    assert patched(emulator) == [listing.seller_sku] * 2
    assert not listing.push_due
    assert shown(emulator, rows) == [0, 12, 13]


def give_patches(account: AmazonAccount) -> None:
    """Let some patches go at once."""
    QuotaBucket.objects.filter(operation="patchListingsItem").update(tokens=5, burst=5)


def go_on_without_feeds(emulator: Emulator, account: AmazonAccount) -> None:
    """Run the job while Amazon is not done with the feeds."""
    later = timezone.now() + timedelta(hours=1)
    ListingFeed.objects.filter(next_poll_at__isnull=False).update(next_poll_at=later)
    runner.run_kind(account, Kind.STOCK_PUSH)


def test_what_a_feed_carries_is_not_patched_beside_it(
    emulator: Emulator, account: AmazonAccount
) -> None:
    wanted(account, [11, 12, 13])
    go_on(emulator, account)
    give_patches(account)

    go_on_without_feeds(emulator, account)

    assert patched(emulator) == []
    assert ListingFeed.objects.count() == 1


def test_fatal_feed_leaves_all_due_and_patches_go_on(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("feeds", fail_next=1, fail_after=1)
    rows = wanted(account, [11, 12, 13])
    go_on(emulator, account)
    give_patches(account)

    go_on(emulator, account)

    feed = ListingFeed.objects.get()
    assert (feed.state, feed.error_code) == (State.FAILED, "feeds.not_done")
    assert DiagnosticEntry.objects.get(code="stock.feed_failed")
    assert sorted(patched(emulator)) == [row.seller_sku for row in rows]
    assert shown(emulator, rows) == [11, 12, 13]


def test_messages_that_amazon_left_out_are_sent_again(
    emulator: Emulator, account: AmazonAccount
) -> None:
    emulator.control("feeds", skip_messages=1)
    rows = wanted(account, [11, 12, 13])
    go_on(emulator, account)
    give_patches(account)

    go_on(emulator, account)

    feed = ListingFeed.objects.get()
    assert (feed.state, feed.unsure) == (State.DONE, 3)
    assert shown(emulator, rows) == [11, 12, 13]


def before(called: Callable[..., Any]) -> Callable[..., Any]:
    def die(*args: Any, **named: Any) -> Any:
        raise Killed

    return die


def after(called: Callable[..., Any]) -> Callable[..., Any]:
    def die(*args: Any, **named: Any) -> Any:
        called(*args, **named)
        raise Killed

    return die


@pytest.mark.parametrize("dies", [before, after])
@pytest.mark.parametrize(
    "at",
    [
        (listing_feeds, "prepare_feed"),
        (feeds_api, "create_feed_document"),
        (feeds_api, "upload_feed_document"),
        (listing_feeds, "begin_submission"),
        (feeds_api, "create_feed"),
        (listing_feeds, "note_submitted"),
        (feeds_api, "get_feed"),
        (listing_feeds, "note_reported"),
        (feeds_api, "get_feed_document"),
        (listing_feeds, "accept_messages"),
        (listing_feeds, "finish_feed"),
    ],
    ids=lambda at: at[1],
)
def test_death_at_any_step_loses_nothing_and_leaves_the_newest_number(
    emulator: Emulator,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    at: tuple[Any, str],
    dies: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    monkeypatch.setattr(feeds, "SETTLED_AT_ONCE", 2)
    # What is not on Amazon's list now will never be.
    monkeypatch.setattr(feeds, "LISTED_WITHIN", timedelta(0))
    rows = wanted(account, [11, 12, 13])
    module, name = at
    with monkeypatch.context() as patch:
        patch.setattr(module, name, dies(getattr(module, name)))
        with pytest.raises(Killed):
            go_on(emulator, account, runs=3)
    may_come = {one.quantity for one in ListingFeedMessage.objects.all()}
    assert may_come <= {11, 12, 13}
    count(rows[0], 5)
    settle_others(rows[0])

    go_on(emulator, account, runs=4)
    give_patches(account)
    go_on(emulator, account)

    assert shown(emulator, rows) == [5, 12, 13]
    assert not Listing.objects.filter(push_due=True).exists()
    assert not ListingFeed.objects.filter(state__in=ListingFeed.OPEN).exists()


def settle_others(changed: Listing) -> None:
    """Let the newest change be so old that no others are waited for."""
    Listing.objects.filter(pk=changed.pk).update(
        desired_at=timezone.now() - timedelta(minutes=1)
    )


def test_lost_answer_of_create_feed_makes_no_second_feed(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = wanted(account, [11, 12, 13])
    emulator.control("faults", match="createFeed", kind="lost_answer", count=1)

    go_on(emulator, account, runs=3)

    assert ListingFeed.objects.get().state == State.DONE
    assert len(emulator.state.feeds) == 1
    assert shown(emulator, rows) == [11, 12, 13]


def test_sale_does_not_lower_what_a_feed_under_way_may_still_bring(
    emulator: Emulator, account: AmazonAccount
) -> None:
    rows = wanted(account, [40, 12, 13])
    SyncRule.objects.create(store=account.store, kind=SyncRule.Kind.STOCK)
    now = timezone.now()
    Listing.objects.update(acknowledged_at=now - timedelta(days=1))
    sale = Sale(account.store_id, account.pk, rows[0].seller_sku, 1, now)
    go_on(emulator, account)

    note_sales([sale])

    rows[0].refresh_from_db()
    most = max(40, rows[0].observed_quantity or 0)
    assert rows[0].may_show_quantity == most
    go_on(emulator, account)
    note_sales([sale._replace(sold_at=timezone.now())])
    rows[0].refresh_from_db()
    assert rows[0].may_show_quantity == most - 1


def test_feed_under_way_makes_its_account_due(
    emulator: Emulator, account: AmazonAccount
) -> None:
    wanted(account, [11, 12, 13])
    go_on(emulator, account)
    Listing.objects.update(push_due=False)
    feed = ListingFeed.objects.get()
    assert feed.next_poll_at is not None

    def due_at(now: datetime) -> list[int]:
        return [row["pk"] for row in quantity_push.due_accounts(now)]

    assert due_at(feed.next_poll_at) == [account.pk]
    assert due_at(feed.next_poll_at - timedelta(seconds=1)) == []
