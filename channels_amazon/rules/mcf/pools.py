"""Which site of an account serves a destination from FBA stock; pure, rules layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from channels_amazon.marketplaces import MARKETPLACES


@dataclass(frozen=True, slots=True)
class Site:
    """A marketplace in which the account sells, and the pool that it draws from."""

    marketplace_id: str
    country: str
    pool: str


def site_of(marketplace_id: str) -> Site | None:
    """Return the site of that marketplace, None for one that is not known."""
    known = MARKETPLACES.get(marketplace_id)
    if known is None:
        return None
    return Site(known.id, known.country_code, known.fba_pool)


def serving(country: str, sites: Sequence[Site], *, is_named: bool) -> list[Site]:
    """Return the sites that may ship to the country, one for each pool.

    First the country's own site, then its pool mates: they draw from the same units.
    A country without a site of Amazon's is served only where a rule names it
    (`is_named`): any pool of the account may then, if Amazon's preview says so.
    """
    pools = {
        site.fba_pool for site in MARKETPLACES.values() if site.country_code == country
    }
    own = [site for site in sites if site.country == country]
    mates = [site for site in sites if site.pool in pools]
    others = list(sites) if is_named and not pools else []
    found: dict[str, Site] = {}
    for site in [*own, *mates, *others]:
        found.setdefault(site.pool, site)
    return list(found.values())
