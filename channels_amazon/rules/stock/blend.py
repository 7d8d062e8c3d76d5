"""What the store can sell of a variant: its own units and Amazon's; pure, rules layer.

Marketplaces that draw from the same units report them again and again: those of one
pool count once. Units on their way to Amazon are shown and never sold, and what our MCF
orders were promised is gone. Where it is not sure whether two reports are of the same
units, they count once: what is not there cannot be sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from channels_amazon.rules.mcf.choice import applicable
from channels_amazon.rules.mcf.pools import is_remote, serving
from channels_amazon.rules.mcf.terms import ActiveRule
from channels_amazon.rules.stock.fba_pools import FbaReport, PoolMap

NO_MAP = PoolMap()


@dataclass(frozen=True, slots=True)
class PoolStock:
    """The units of one FNSKU in one pool of an account, each of them once.

    `marketplaces` are those that reported them, of which the `remote` ones are served
    from the stock of another. `inbound` is on its way to Amazon. `has_same_totals` is
    False where the reports differ: the highest one counts.
    """

    account_id: int
    pool: str
    fnsku: str
    marketplaces: tuple[str, ...]
    remote: frozenset[str]
    fulfillable: int
    promised: int
    inbound: int
    reserved: int
    unfulfillable: int
    researching: int
    has_same_totals: bool

    @property
    def sellable(self) -> int:
        """Return what may still be placed: fulfillable less what we promised."""
        return max(0, self.fulfillable - self.promised)


@dataclass(frozen=True, slots=True)
class Sellable:
    """What the store can sell, to one country or to any: units by where they lie.

    `local` is None while nobody ever counted the variant. `pools` are those that an MCF
    rule may ship from, each with what the rule leaves of it.
    """

    local: int | None
    pools: tuple[tuple[PoolStock, int], ...] = ()

    @property
    def units(self) -> int:
        """Return the units of all orders together, never below 0."""
        return max(0, self.local or 0) + sum(units for _pool, units in self.pools)

    @property
    def largest_order(self) -> int:
        """Return the units that one order can have, since an order is not split."""
        here = max(0, self.local or 0)
        by_pool: dict[tuple[int, str], int] = {}
        for pool, units in self.pools:
            # One line of an order is served by one listing, so by one FNSKU.
            key = pool.account_id, pool.pool
            by_pool[key] = max(by_pool.get(key, 0), units)
        return max([here, *by_pool.values()])


@dataclass(frozen=True, slots=True)
class ShipsFrom:
    """A marketplace that an MCF rule ships from, with the units that the rule keeps.

    `is_named` says that the rule names the country, so that Amazon is asked to ship
    there even where the units lie in another one.
    """

    account_id: int
    marketplace_id: str
    kept_units: int = 0
    is_named: bool = False


def ships_from(country: str, rules: Sequence[ActiveRule]) -> tuple[ShipsFrom, ...]:
    """Return from where the MCF rules may ship to the country."""
    found = []
    for rule in applicable(country, rules):
        is_named = country in rule.countries
        found += [
            ShipsFrom(rule.account_id, one.id, rule.kept_units, is_named)
            for one in serving(country, rule.marketplaces, is_named=is_named)
        ]
    return tuple(found)


def ships_from_anywhere(rules: Sequence[ActiveRule]) -> tuple[ShipsFrom, ...]:
    """Return from where the MCF rules may ship to whatever country they reach."""
    named = {country for rule in rules for country in rule.countries}
    own = {one.country_code for rule in rules for one in rule.marketplaces}
    found = {
        one: None
        for country in sorted(named | own)
        for one in ships_from(country, rules)
    }
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Blend:
    """All units of a variant, from which follows what can be sold where."""

    local: int | None
    pools: tuple[PoolStock, ...]
    maps: Mapping[int, PoolMap]

    def sellable(self, sources: Iterable[ShipsFrom]) -> Sellable:
        """Return what the store can sell where Amazon ships from these marketplaces.

        The store's own units go anywhere. A marketplace that is served remotely has its
        units in another country: they count only for a rule that names this one.
        """
        by_account: dict[int, list[tuple[int, PoolStock]]] = {}
        for place, pool in enumerate(self.pools):
            by_account.setdefault(pool.account_id, []).append((place, pool))
        # By the pool's place.
        found: dict[int, int] = {}
        for source in sources:
            name = self.maps.get(source.account_id, NO_MAP).pool_of(
                source.marketplace_id
            )
            for place, pool in by_account.get(source.account_id, ()):
                if pool.pool != name and source.marketplace_id not in pool.marketplaces:
                    continue
                is_elsewhere = is_remote(source.marketplace_id, pool.pool)
                if source.is_named or not is_elsewhere:
                    left = max(0, pool.sellable - source.kept_units)
                    found[place] = max(left, found.get(place, 0))
        return Sellable(
            self.local,
            tuple((self.pools[place], units) for place, units in sorted(found.items())),
        )


def blend(
    local: int | None,
    reports: Iterable[FbaReport],
    maps: Mapping[int, PoolMap] | None = None,
) -> Blend:
    """Return all units of a variant: `reports` of its listings, of every account.

    `local` is what the store has available itself, None for never counted; `maps` are
    the pools by account, where they were recognised (`fba_pools.recognised_pools`).
    """
    known = maps or {}
    grouped: dict[tuple[int, str], list[FbaReport]] = {}
    for report in reports:
        grouped.setdefault((report.account_id, report.units_key), []).append(report)
    found = [
        _pool_stock(name, same_pool)
        for (account_id, _key), same_units in sorted(grouped.items())
        for name, same_pool in known.get(account_id, NO_MAP).grouped(same_units)
    ]
    return Blend(local, tuple(found), known)


def _pool_stock(name: str, reports: Sequence[FbaReport]) -> PoolStock:
    """Return the units of reports that are all of the same ones, each once.

    A marketplace that does not offer the SKU may report fewer, so the highest report
    stands, whole; of several, the one with the fewest units to sell.
    """
    best = min(reports, key=lambda report: (-report.total, report.fulfillable))
    promised: dict[tuple[int, str], int] = {}
    for report in reports:
        # Kept once for each listing and pool of Amazon's, however many reports of it.
        key = report.listing_id, report.usual_pool
        promised[key] = max(report.promised, promised.get(key, 0))
    marketplaces = dict.fromkeys(report.marketplace_id for report in reports)
    return PoolStock(
        account_id=best.account_id,
        pool=name,
        fnsku=best.fnsku,
        marketplaces=tuple(sorted(marketplaces)),
        remote=frozenset(one for one in marketplaces if is_remote(one, name)),
        fulfillable=max(0, best.fulfillable),
        promised=sum(promised.values()),
        inbound=best.inbound,
        reserved=best.reserved,
        unfulfillable=best.unfulfillable,
        researching=best.researching,
        has_same_totals=len({report.total for report in reports}) == 1,
    )
