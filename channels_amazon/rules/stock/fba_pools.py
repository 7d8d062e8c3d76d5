"""Which marketplaces of an account report the same FBA units; pure, rules layer.

Amazon says it nowhere. The sites of Pan-EU share one pool, whatever they report: one
that does not offer the SKU reports fewer. Great Britain is apart. Canada and Mexico
have units of their own, unless they are served from the United States (remote
fulfilment): then they report the same totals, FNSKU by FNSKU. A person who knows better
overrides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from channels_amazon.rules.mcf.pools import REMOTE_FROM, pool_of

# A marketplace is served remotely if at least this share of the FNSKUs that both report
# have the same total. One read a sale later than the other differs by a unit.
SAME_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class FbaReport:
    """What one marketplace reports of a listing's units; a stored `FbaStock` is one.

    `promised` are units of our MCF orders that `fulfillable` does not show as gone yet,
    of all marketplaces of its usual pool. `fnsku` is "" where it is not known.
    """

    account_id: int
    listing_id: int
    marketplace_id: str
    fnsku: str
    total: int
    fulfillable: int
    inbound: int = 0
    reserved: int = 0
    unfulfillable: int = 0
    researching: int = 0
    promised: int = 0

    @property
    def units_key(self) -> str:
        """Return what tells the physical units apart: two listings may share them."""
        return self.fnsku or f"listing {self.listing_id}"

    @property
    def usual_pool(self) -> str:
        """Return the pool of the marketplace where nothing else is seen."""
        return pool_of(self.marketplace_id)


@dataclass(frozen=True, slots=True)
class PoolMap:
    """Which pool each marketplace of an account draws from.

    `recognised` and `overrides` are by marketplace; a person's word counts before what
    was seen, and where neither says anything it is as usual.
    """

    recognised: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)

    def pool_of(self, marketplace_id: str) -> str:
        """Return the pool that the marketplace draws from."""
        known = self.overrides.get(marketplace_id) or self.recognised.get(
            marketplace_id
        )
        return known or pool_of(marketplace_id)

    def grouped(
        self, reports: Sequence[FbaReport]
    ) -> Iterator[tuple[str, list[FbaReport]]]:
        """Yield the reports of each pool with its name; all are of the same units.

        A marketplace that may be served remotely is so for these units if it reports
        the very total of its source, unless a person said that it is not.
        """
        found: dict[str, list[FbaReport]] = {}
        for report in reports:
            found.setdefault(self.pool_of(report.marketplace_id), []).append(report)
        for name, source in REMOTE_FROM.items():
            if name not in found or source not in found:
                continue
            totals = {report.total for report in found[source]}
            same = [report for report in found[name] if self._may_be(report, totals)]
            found[source] += same
            found[name] = [report for report in found[name] if report not in same]
        yield from sorted((name, part) for name, part in found.items() if part)

    def _may_be(self, report: FbaReport, totals: set[int]) -> bool:
        is_said = report.marketplace_id in self.overrides
        return not is_said and report.total in totals


def recognised_pools(reports: Iterable[FbaReport]) -> dict[str, str]:
    """Return the pool of each marketplace that is served from another's units.

    `reports` are all of one account, of one pass over its marketplaces.
    """
    totals: dict[str, dict[str, int]] = {}
    for report in reports:
        by_units = totals.setdefault(report.marketplace_id, {})
        before = by_units.get(report.units_key, 0)
        by_units[report.units_key] = max(before, report.total)
    found: dict[str, str] = {}
    for marketplace_id, own in totals.items():
        source = REMOTE_FROM.get(pool_of(marketplace_id))
        for other_id, others in totals.items():
            if source == pool_of(other_id) and _are_same(own, others):
                found[marketplace_id] = source
    return found


def _are_same(first: Mapping[str, int], second: Mapping[str, int]) -> bool:
    both = [key for key in first if first[key] > 0 and second.get(key, 0) > 0]
    same = sum(1 for key in both if first[key] == second[key])
    return bool(both) and same >= SAME_SHARE * len(both)
