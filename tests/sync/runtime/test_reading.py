"""Sites, listings and FBA units arrive as Amazon has them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels_amazon.emulator.operations import listings as emulated_listings
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FbaStock,
    Listing,
    MarketplaceParticipation,
    Offer,
    SyncJob,
    SyncRun,
)
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_participation, make_variant
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = SyncRun.State
DE, FR, GB = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P"
US = "ATVPDKIKX0DER"


def european(emulator: Emulator, *sites: str) -> AmazonAccount:
    """Make a European account with these sites selected."""
    account = make_account(emulator=emulator, region="eu", marketplaces=False)
    for site in sites:
        make_participation(account, marketplace_id=site)
    return account


def test_participations_arrive_and_the_selection_stays(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    MarketplaceParticipation.objects.update(is_selected=False)
    assert run_through(account, Kind.PARTICIPATIONS).state == State.DONE
    rows = {row.country_code: row for row in account.participations.all()}
    assert set(rows) == {"US", "CA", "MX"}
    assert (rows["US"].is_selected, rows["CA"].is_selected) == (False, True)


def test_participations_read_the_plan_in_europe(emulator: Emulator) -> None:
    account = european(emulator)
    emulator.state.sellers[account.seller_id].selling_plan = "INDIVIDUAL"
    run_through(account, Kind.PARTICIPATIONS)
    account.refresh_from_db()
    assert account.selling_plan in {"", "INDIVIDUAL"}


def test_participations_tell_of_suspended_listings(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    emulator.state.sellers[account.seller_id].suspended.add(US)
    run_through(account, Kind.PARTICIPATIONS)
    run_through(account, Kind.PARTICIPATIONS)
    entry = DiagnosticEntry.objects.get()
    assert entry.code == "marketplace.suspended_listings"


def test_listings_wait_for_the_sites(emulator: Emulator) -> None:
    account = make_account(emulator=emulator, marketplaces=False)
    made = runner.run_kind(account, Kind.LISTINGS)
    assert made is not None
    assert (made.state, made.calls) == (State.DONE, 0)


def test_listings_arrive_with_offers_and_quantities(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    assert run_through(account, Kind.LISTINGS).rows_seen == 12
    for (seller, sku), theirs in emulator.state.listings.items():
        if seller != account.seller_id:
            continue
        ours = Listing.objects.get(account=account, seller_sku=sku)
        assert (ours.is_mfn, ours.is_fba) == (
            theirs.quantity is not None,
            theirs.is_fba,
        )
        assert ours.observed_quantity == theirs.quantity
        assert ours.handling_days == theirs.handling_days
        assert ours.offers.get().price == theirs.offers[US].price


def test_listings_link_to_variants_of_the_same_sku(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    sku = next(key[1] for key in emulator.state.listings if key[0] == account.seller_id)
    variant = make_variant(account.store, sku=sku)
    make_variant(account.store, sku=sku.lower() + " ")
    run_through(account, Kind.LISTINGS)
    linked = Listing.objects.filter(account=account, variant__isnull=False)
    assert [(row.seller_sku, row.variant) for row in linked] == [(sku, variant)]


def test_listings_that_are_gone_lose_their_offers(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    run_through(account, Kind.LISTINGS)
    key = next(key for key in emulator.state.listings if key[0] == account.seller_id)
    del emulator.state.listings[key]
    run_through(account, Kind.LISTINGS)
    gone = Offer.objects.filter(is_buyable=False, is_discoverable=False)
    assert [offer.listing.seller_sku for offer in gone] == [key[1]]


def test_listings_beyond_what_one_search_shows_arrive(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulated_listings, "REACHABLE", 5)
    account = make_account(emulator=emulator)
    run_through(account, Kind.LISTINGS)
    assert Listing.objects.filter(account=account).count() == 12
    assert not DiagnosticEntry.objects.exists()


def test_listings_that_changed_in_one_instant_are_told_of(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulated_listings, "REACHABLE", 5)
    account = make_account(emulator=emulator)
    now = emulator.state.now() - timedelta(days=1)
    for listing in emulator.state.listings.values():
        listing.updated_at = now
    assert run_through(account, Kind.LISTINGS).state == State.DONE
    assert DiagnosticEntry.objects.get().code == "listings.incomplete"


def test_listings_go_on_at_their_cursor(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SLICE", timedelta(0))
    account = european(emulator, DE, GB)
    made = runner.run_kind(account, Kind.LISTINGS)
    assert made is not None
    job = SyncJob.objects.get(account=account, kind=Kind.LISTINGS)
    assert job.cursor["done"] or job.cursor["token"]
    run_through(account, Kind.LISTINGS)
    job.refresh_from_db()
    assert (job.cursor, job.progress["open"]) == ({}, False)
    assert Listing.objects.filter(account=account).count() == 12


def test_listings_go_on_after_an_outage(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    emulator.control("faults", match="searchListingsItems", kind="not_json", count=50)
    assert run_through(account, Kind.LISTINGS).state == State.FAILED
    emulator.control("faults", clear=True)
    assert run_through(account, Kind.LISTINGS).state == State.DONE


def test_unreadable_listing_is_quarantined_and_the_rest_go_on(
    emulator: Emulator,
) -> None:
    account = make_account(emulator=emulator)
    run_through(account, Kind.LISTINGS)
    bad = next(row for row in emulator.state.listings.values() if US in row.offers)
    bad.quantity = -7
    for _ in range(2):
        made = run_through(account, Kind.LISTINGS)
    assert (made.state, made.rows_seen, made.rows_quarantined) == (State.DONE, 12, 1)
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.reference) == ("listings.unreadable", bad.sku)
    assert not Offer.objects.filter(is_discoverable=False).exists()


def test_unreadable_fba_units_keep_their_last_numbers(emulator: Emulator) -> None:
    account = european(emulator, DE)
    run_through(account, Kind.FBA_STOCK)
    numbers = set(FbaStock.objects.values_list("pk", "total"))
    bad = next(
        row
        for row in emulator.state.fba.values()
        if row.seller_id == account.seller_id and row.pool == "EU"
    )
    bad.researching = 0.5  # type: ignore[assignment]
    made = run_through(account, Kind.FBA_STOCK)
    assert (made.state, made.rows_quarantined) == (State.DONE, 1)
    assert DiagnosticEntry.objects.get().reference == bad.sku
    assert set(FbaStock.objects.values_list("pk", "total")) == numbers


def test_fba_pool_counts_once_over_its_sites(emulator: Emulator) -> None:
    account = european(emulator, DE, FR, GB)
    assert run_through(account, Kind.FBA_STOCK).state == State.DONE
    theirs = {
        (row.sku, {"GB": "UK"}.get(row.pool, row.pool)): row.fulfillable
        for row in emulator.state.fba.values()
        if row.seller_id == account.seller_id
    }
    rows = FbaStock.objects.filter(listing__account=account)
    ours = {(row.listing.seller_sku, row.pool): row.fulfillable for row in rows}
    assert ours
    assert ours == {key: theirs[key] for key in ours}
    assert {pool for _sku, pool in ours} == {"EU", "UK"}


def test_fba_units_that_are_gone_become_zero(emulator: Emulator) -> None:
    account = european(emulator, DE)
    run_through(account, Kind.FBA_STOCK)
    for key in [key for key in emulator.state.fba if key[0] == account.seller_id]:
        del emulator.state.fba[key]
    run_through(account, Kind.FBA_STOCK)
    rows = FbaStock.objects.filter(listing__account=account)
    assert {row.total for row in rows} == {0}


def test_fba_reads_again_when_its_page_is_too_old(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = european(emulator, DE)
    job = SyncJob.objects.create(
        account=account,
        kind=Kind.FBA_STOCK,
        due_at=account.authorized_at,
        cursor={
            "began": "2026-01-01T00:00:00+00:00",
            "done": [],
            "site": DE,
            "token": "old",
            "token_at": "2026-01-01T00:00:00+00:00",
            "restarts": 0,
        },
    )
    assert run_through(account, Kind.FBA_STOCK).state == State.DONE
    job.refresh_from_db()
    assert job.cursor == {}
    assert FbaStock.objects.filter(listing__account=account).exists()


def test_missing_role_blocks_the_job_it_concerns(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    emulator.state.application.roles.clear()
    assert run_through(account, Kind.FBA_STOCK).state == State.BLOCKED
    job = SyncJob.objects.get(account=account, kind=Kind.FBA_STOCK)
    assert job.blocked_code == "permission.fulfillment_inventory_missing"


def test_revoked_account_needs_authorisation(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    emulator.control("revoke", region="na")
    run_through(account, Kind.LISTINGS)
    account.refresh_from_db()
    assert account.state == AmazonAccount.State.NEEDS_AUTHORIZATION


def test_exhausted_quota_is_waited_for(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    emulator.control(
        "limits", operation="searchListingsItems", rate=0.001, burst=1, region="na"
    )
    states = [
        made.state
        for made in (runner.run_kind(account, Kind.LISTINGS) for _ in range(3))
        if made is not None
    ]
    job = SyncJob.objects.get(account=account, kind=Kind.LISTINGS)
    assert State.WAITING in states
    assert job.waiting_until is not None
