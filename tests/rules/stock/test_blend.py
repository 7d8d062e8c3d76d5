"""What the store can sell of its own units and of Amazon's, each counted once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.rules.mcf.terms import ActiveRule
from channels_amazon.rules.stock.blend import (
    Blend,
    Sellable,
    blend,
    ships_from,
    ships_from_anywhere,
)
from channels_amazon.rules.stock.fba_pools import (
    FbaReport,
    PoolMap,
    recognised_pools,
)

US, CA, MX = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8"
DE, FR, PL = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1C3SOZRARQ6R3"
GB = "A1F83G8C2ARO7P"
ALL = (US, CA, MX, DE, FR, PL, GB)


def report(marketplace_id: str = DE, units: int = 5, **over: Any) -> FbaReport:
    """Make a report of listing 1 of account 1, all of whose units can be sold."""
    fields: dict[str, Any] = {"account_id": 1, "listing_id": 1, "fnsku": "X001"}
    fields |= {"total": units, "fulfillable": units, **over}
    return FbaReport(marketplace_id=marketplace_id, **fields)


def rule(*ids: str, **over: Any) -> ActiveRule:
    """Make an MCF rule of account 1 for these marketplaces."""
    fields: dict[str, Any] = {"id": 1, "name": "All", "account_id": 1, **over}
    return ActiveRule(marketplaces=tuple(MARKETPLACES[one] for one in ids), **fields)


def to(country: str, blended: Blend, *rules: ActiveRule) -> Sellable:
    """Return what can be sold to the country."""
    return blended.sellable(ships_from(country, rules))


@dataclass(frozen=True)
class Stock:
    """Units that are really there, and what Amazon reports of them."""

    local: int | None
    physical: int
    reports: tuple[FbaReport, ...]
    maps: dict[int, PoolMap]


@st.composite
def stocks(draw: st.DrawFn) -> Stock:
    """Draw units of one variant in two accounts, and their reports.

    A European site may report fewer than there are. Canada and Mexico are served from
    the United States, or have units of their own.
    """
    found: list[FbaReport] = []
    physical = 0
    few = st.integers(0, 9)
    for account_id in (1, 2):
        for fnsku in draw(st.lists(st.sampled_from(["X1", "X2"]), unique=True)):
            there = {name: draw(few) for name in ("EU", "UK", "US", "CA", "MX")}
            remote = draw(st.sets(st.sampled_from([CA, MX])))
            physical += sum(there.values())
            physical -= there["CA"] * (CA in remote) + there["MX"] * (MX in remote)
            for one in draw(st.lists(st.sampled_from(ALL), unique=True)):
                total = there["US" if one in remote else MARKETPLACES[one].fba_pool]
                if one in {FR, PL}:
                    total = draw(st.integers(0, total))
                fulfillable = draw(st.integers(0, total))
                found.append(
                    report(
                        one,
                        total,
                        account_id=account_id,
                        fnsku=fnsku,
                        fulfillable=fulfillable,
                        inbound=total - fulfillable,
                        promised=draw(st.integers(0, 3)),
                        listing_id=int(fnsku[1:]),
                    )
                )
    maps = {
        account_id: PoolMap(
            recognised_pools([one for one in found if one.account_id == account_id])
        )
        for account_id in draw(st.sets(st.sampled_from([1, 2])))
    }
    local = draw(st.none() | st.integers(-2, 9))
    return Stock(local, physical, tuple(found), maps)


rules = st.lists(
    st.builds(
        ActiveRule,
        id=st.integers(1, 9),
        name=st.just("Rule"),
        account_id=st.sampled_from([1, 2]),
        marketplaces=st.lists(st.sampled_from(ALL), unique=True).map(
            lambda ids: tuple(MARKETPLACES[one] for one in ids)
        ),
        countries=st.frozensets(st.sampled_from(["DE", "CA", "CH", "GB"])),
        kept_units=st.integers(0, 3),
    ),
    max_size=3,
)


@given(stocks(), rules)
def test_blended_is_never_more_than_is_there(
    stock: Stock, active: list[ActiveRule]
) -> None:
    blended = blend(stock.local, stock.reports, stock.maps)
    here = max(0, stock.local or 0)

    anywhere = blended.sellable(ships_from_anywhere(active))

    assert here <= anywhere.units <= here + stock.physical
    for country in ("DE", "CA", "CH", "US"):
        sellable = to(country, blended, *active)
        assert here <= sellable.units <= anywhere.units
        assert here <= sellable.largest_order <= sellable.units


@given(stocks(), rules, st.data())
def test_pool_never_counts_twice(
    stock: Stock, active: list[ActiveRule], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(stock.reports or [report(DE, 0)])))
    sources = ships_from_anywhere(active)

    once = blend(stock.local, stock.reports, stock.maps)
    twice = blend(stock.local, [*again, *stock.reports], stock.maps)

    if stock.reports:
        assert twice.sellable(sources).units == once.sellable(sources).units
    keys = [(one.account_id, one.pool, one.fnsku) for one in once.pools]
    assert len(set(keys)) == len(keys)


@given(stocks(), rules)
def test_units_on_their_way_are_never_sold(
    stock: Stock, active: list[ActiveRule]
) -> None:
    more = [replace(one, inbound=one.inbound + 50) for one in stock.reports]
    sources = ships_from_anywhere(active)

    sellable = blend(stock.local, stock.reports, stock.maps).sellable(sources)

    assert blend(stock.local, more, stock.maps).sellable(sources).units == (
        sellable.units
    )


def test_sites_of_one_pool_count_once() -> None:
    found = [report(DE, 9), report(FR, 9), report(PL, 4), report(GB, 3)]
    blended = blend(2, found)

    assert [(one.pool, one.sellable) for one in blended.pools] == [("EU", 9), ("UK", 3)]
    assert [one.has_same_totals for one in blended.pools] == [False, True]
    assert to("FR", blended, rule(DE, GB)).units == 2 + 9
    assert to("GB", blended, rule(DE, GB)).units == 2 + 3
    anywhere = blended.sellable(ships_from_anywhere([rule(DE, GB)]))
    assert (anywhere.units, anywhere.largest_order) == (2 + 9 + 3, 9)


def test_promised_units_are_gone_once_for_each_listing() -> None:
    # Both marketplaces show the same row, and another listing has the same units.
    found = [
        report(DE, 9, promised=2),
        report(FR, 9, promised=2),
        report(DE, 9, promised=3, listing_id=2),
    ]
    [pool] = blend(0, found).pools

    assert (pool.fulfillable, pool.promised, pool.sellable) == (9, 5, 4)


def test_without_an_mcf_rule_the_store_sells_its_own_units_only() -> None:
    blended = blend(4, [report(DE, 9)])

    assert to("DE", blended).units == 4
    assert to("US", blended, rule(DE)).units == 4
    assert to("DE", blended, rule(DE, account_id=2)).units == 4
    # Switzerland has no marketplace: a rule has to name it.
    assert to("CH", blended, rule(DE)).units == 4
    named = rule(DE, countries=frozenset({"CH"}))
    assert to("CH", blended, named).units == 13


def test_rule_keeps_units_for_amazons_buyers() -> None:
    blended = blend(0, [report(DE, 9)])

    assert to("DE", blended, rule(DE, kept_units=3)).units == 6
    assert to("DE", blended, rule(DE, kept_units=20)).units == 0
    # Of an account's rules the one that names the country counts.
    narrow = rule(DE, id=2, countries=frozenset({"DE"}), kept_units=1)
    assert to("DE", blended, rule(DE, kept_units=3), narrow).units == 8


@pytest.mark.parametrize("is_recognised", [True, False])
def test_remote_units_are_sold_where_they_lie(*, is_recognised: bool) -> None:
    maps = {1: PoolMap({CA: "US"} if is_recognised else {})}
    blended = blend(0, [report(US, 9), report(CA, 9)], maps)

    assert [one.remote for one in blended.pools] == [frozenset({CA})]
    assert to("US", blended, rule(US, CA)).units == 9
    assert to("CA", blended, rule(US, CA)).units == 0
    named = rule(US, CA, countries=frozenset({"CA"}))
    assert to("CA", blended, named).units == 9
    assert blended.sellable(ships_from_anywhere([rule(US, CA)])).units == 9


def test_remote_marketplace_that_reports_nothing_sells_nothing() -> None:
    blended = blend(0, [report(US, 9)], {1: PoolMap({CA: "US"})})

    assert to("CA", blended, rule(US, CA)).units == 0


def test_uncounted_stock_is_shown_as_unknown_and_sells_nothing() -> None:
    sellable = to("DE", blend(None, [report(DE, 2)]), rule(DE))

    assert (sellable.local, sellable.units) == (None, 2)
