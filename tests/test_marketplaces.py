"""Tests of the table of marketplaces."""

from __future__ import annotations

from channels_amazon.marketplaces import (
    MARKETPLACES,
    REGIONS,
    by_region,
)


def test_table_holds_every_marketplace_once() -> None:
    assert len(MARKETPLACES) == 23
    assert sum(len(by_region(region)) for region in REGIONS) == 23


def test_pool_is_shared_by_pan_european_sites_only() -> None:
    pools = {site.country_code: site.fba_pool for site in MARKETPLACES.values()}
    shared = {country for country, pool in pools.items() if pool == "EU"}

    assert shared == {"DE", "FR", "IT", "ES", "NL", "PL", "SE", "BE", "IE"}
    assert (pools["GB"], pools["US"], pools["JP"]) == ("UK", "US", "JP")


def test_european_site_is_managed_at_the_shared_seller_central() -> None:
    assert MARKETPLACES["A1PA6795UKMFR9"].seller_central == (
        "https://sellercentral-europe.amazon.com"
    )


def test_prices_are_without_tax_in_north_america_only() -> None:
    without = {
        site.country_code
        for site in MARKETPLACES.values()
        if not site.prices_include_tax
    }

    assert without == {"US", "CA"}
