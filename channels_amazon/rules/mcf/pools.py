"""Which FBA pool a marketplace draws from, and who serves a country; rules layer."""

from __future__ import annotations

from collections.abc import Sequence

from channels_amazon.marketplaces import MARKETPLACES, Marketplace

# By pool: whose units Amazon may serve its marketplaces from, by remote fulfilment. The
# units lie there, and the marketplaces report them as theirs.
REMOTE_FROM = {"CA": "US", "MX": "US"}
_POOLS = frozenset(known.fba_pool for known in MARKETPLACES.values())


def pool_of(marketplace_id: str) -> str:
    """Return the FBA pool that the marketplace draws from; raises KeyError."""
    return MARKETPLACES[marketplace_id].fba_pool


def is_remote(marketplace_id: str, pool: str) -> bool:
    """Tell whether a marketplace that draws from `pool` is served from elsewhere.

    A pool that has no marketplaces of its own is one that a person has named.
    """
    return pool in _POOLS and pool != pool_of(marketplace_id)


def serving(
    country: str, marketplaces: Sequence[Marketplace], *, is_named: bool
) -> list[Marketplace]:
    """Return the marketplaces that may ship to the country, one for each pool.

    First the country's own marketplace, then those that share its pool: they draw from
    the same units. A country without a marketplace of Amazon's is served only where a
    rule names it (`is_named`): any pool of the account may then serve it, if Amazon's
    preview says so.
    """
    pools = {
        known.fba_pool
        for known in MARKETPLACES.values()
        if known.country_code == country
    }
    own = [one for one in marketplaces if one.country_code == country]
    sharing = [one for one in marketplaces if one.fba_pool in pools]
    others = list(marketplaces) if is_named and not pools else []
    found: dict[str, Marketplace] = {}
    for one in [*own, *sharing, *others]:
        found.setdefault(one.fba_pool, one)
    return list(found.values())
