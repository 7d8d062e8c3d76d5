"""Which marketplaces report the same FBA units."""

from __future__ import annotations

import pytest

from channels_amazon.rules.stock.fba_pools import (
    FbaReport,
    PoolMap,
    recognised_pools,
)

US, CA, MX = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8"
DE, FR, PL = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1C3SOZRARQ6R3"
GB = "A1F83G8C2ARO7P"


def report(marketplace_id: str, total: int, fnsku: str = "X001") -> FbaReport:
    """Make a report of listing 1."""
    return FbaReport(1, 1, marketplace_id, fnsku, total, fulfillable=total)


def reports(**totals: tuple[int, ...]) -> list[FbaReport]:
    """Make reports of X0, X1 … by the marketplace's country, in this order."""
    places = {"US": US, "CA": CA, "MX": MX, "DE": DE, "FR": FR, "GB": GB}
    return [
        report(places[country], total, f"X{number}")
        for country, found in totals.items()
        for number, total in enumerate(found)
    ]


def grouped(pools: PoolMap, *found: FbaReport) -> dict[str, set[str]]:
    """Return which marketplaces are in which pool."""
    return {
        name: {one.marketplace_id for one in part}
        for name, part in pools.grouped(found)
    }


@pytest.mark.parametrize(
    ("found", "pools"),
    [
        (reports(US=(5, 7), CA=(5, 7), MX=(5, 7)), {CA: "US", MX: "US"}),
        # A sale between the two readings.
        (reports(US=(5, 7), CA=(5, 8)), {CA: "US"}),
        (reports(US=(5, 7, 9), CA=(5, 8, 2)), {}),
        (reports(US=(5, 7), CA=(4, 3)), {}),
        # What one of them does not have says nothing.
        (reports(US=(5, 7, 0), CA=(5, 0, 3)), {CA: "US"}),
        (reports(US=(0,), CA=(0,)), {}),
        (reports(CA=(5,), MX=(5,)), {}),
        # Great Britain is apart, and Pan-EU needs no proof.
        (reports(DE=(5, 7), GB=(5, 7), FR=(5, 7)), {}),
    ],
)
def test_remote_fulfilment_is_recognised_by_equal_totals(
    found: list[FbaReport], pools: dict[str, str]
) -> None:
    assert recognised_pools(found) == pools
    assert recognised_pools(reversed(found)) == pools


def test_european_sites_are_one_pool_whatever_they_report() -> None:
    found = [report(DE, 9), report(FR, 9), report(PL, 4), report(GB, 9)]

    assert grouped(PoolMap(), *found) == {"EU": {DE, FR, PL}, "UK": {GB}}


def test_units_with_the_total_of_their_source_count_once_in_any_case() -> None:
    assert grouped(PoolMap(), report(US, 9), report(CA, 9), report(MX, 4)) == {
        "US": {US, CA},
        "MX": {MX},
    }


def test_person_overrides_what_was_seen() -> None:
    apart = PoolMap(recognised={CA: "US"}, overrides={CA: "CA", PL: "PL"})
    joined = PoolMap(overrides={GB: "EU"})

    assert grouped(apart, report(US, 9), report(CA, 9)) == {"US": {US}, "CA": {CA}}
    assert grouped(apart, report(DE, 9), report(PL, 9)) == {"EU": {DE}, "PL": {PL}}
    assert grouped(joined, report(DE, 9), report(GB, 9)) == {"EU": {DE, GB}}


def test_listings_of_one_fnsku_have_the_same_units() -> None:
    alike = FbaReport(1, 1, US, "X001", 5, 5), FbaReport(1, 2, US, "X001", 5, 5)
    unknown = FbaReport(1, 1, US, "", 5, 5), FbaReport(1, 2, US, "", 5, 5)

    assert len({one.units_key for one in alike}) == 1
    assert len({one.units_key for one in unknown}) == 2
