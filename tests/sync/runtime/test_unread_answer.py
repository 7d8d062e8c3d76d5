"""A field of the answer itself that cannot be read costs no row, and is said."""

from __future__ import annotations

from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FbaStock,
    Listing,
    Offer,
    Order,
    SyncJob,
    SyncRun,
)
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy, Spoiler, edited
from tests.builders import make_account
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
US = "ATVPDKIKX0DER"


@pytest.fixture
def account(emulator: Emulator, amazon_proxy: AmazonProxy) -> AmazonAccount:
    """Give an account that reads Amazon through the proxy."""
    return make_account(emulator=emulator)


def odd(**over: Any) -> Spoiler:
    """Return what overwrites these fields of an answer."""
    return edited(lambda content: {**content, **over})


def said() -> list[tuple[str, str]]:
    """Return code and words of what is said to be unreadable."""
    rows = DiagnosticEntry.objects.filter(code__endswith="unreadable_detail")
    return [(row.code, str(row.message)) for row in rows]


def test_orders_arrive_though_the_edge_of_the_search_is_unreadable(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    ids = emulator.place_orders(2, marketplace_id=US, fulfilled_by="MERCHANT")
    emulator.advance(180)
    amazon_proxy.spoil("searchOrders", odd(lastUpdatedBefore="soon", createdBefore=7))

    for _ in range(2):
        assert run_through(account, Kind.ORDER_SWEEP).state == SyncRun.State.DONE

    assert Order.objects.filter(amazon_order_id__in=ids).count() == 2
    assert SyncJob.objects.get(kind=Kind.ORDER_SWEEP).cursor["low_water"]
    # Each page has the same again: it is said once a day.
    ((code, words),) = said()
    assert code == "orders.unreadable_detail"
    assert "searchOrders" in words
    assert "the field lastUpdatedBefore is not a time" in words


def test_orders_arrive_though_nobody_knows_the_next_page(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    ids = emulator.place_orders(2, marketplace_id=US, fulfilled_by="MERCHANT")
    emulator.advance(180)
    amazon_proxy.spoil("searchOrders", odd(pagination={"nextToken": 7}))

    made = runner.run_kind(account, Kind.ORDER_SWEEP)

    assert made is not None
    assert made.state == SyncRun.State.FAILED
    assert made.code == "amazon.unexpected_response"
    assert Order.objects.filter(amazon_order_id__in=ids).count() == 2
    # It was not taken for the last page.
    assert not SyncJob.objects.get(kind=Kind.ORDER_SWEEP).cursor.get("low_water")


def test_listings_and_units_arrive_though_nobody_knows_the_next_page(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    for operation in ("searchListingsItems", "getInventorySummaries"):
        amazon_proxy.spoil(operation, odd(pagination="next"))

    for kind in (Kind.LISTINGS, Kind.FBA_STOCK):
        made = runner.run_kind(account, kind)
        assert made is not None
        assert made.state == SyncRun.State.FAILED

    assert Listing.objects.exists()
    assert FbaStock.objects.exists()


def test_listings_arrive_though_their_number_is_unreadable(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    run_through(account, Kind.LISTINGS)
    known = Listing.objects.count()
    shown = Offer.objects.filter(is_buyable=True).count()
    key = next(key for key in emulator.state.listings if key[0] == account.seller_id)
    del emulator.state.listings[key]
    amazon_proxy.spoil("searchListingsItems", odd(numberOfResults="twelve"))

    made = run_through(account, Kind.LISTINGS)

    assert (made.state, made.rows_seen) == (SyncRun.State.DONE, known - 1)
    # Without the number no listing counts as gone.
    assert Offer.objects.filter(is_buyable=True).count() == shown
    ((code, words),) = said()
    assert code == "listings.unreadable_detail"
    assert "the field numberOfResults is not a whole number" in words
