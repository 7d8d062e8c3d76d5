"""Does the seller take part in every selected site, unsuspended? health layer."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import (
    CheckContext,
    MarketplaceState,
    MarketplaceStates,
)
from channels_amazon.health.finding import Finding, Level, evidence_of, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.spapi.errors import AccessDenied
from channels_amazon.wording import sentence

# The sites that one unified account opens together.
UNIFIED = frozenset({"US", "CA", "MX", "DE", "FR", "IT", "ES", "GB", "JP"})


@check(
    "marketplaces",
    group="permissions",
    order=2,
    title=gettext_lazy("Marketplaces"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Compare the selected sites with those in which Amazon lets the seller trade."""
    known = context.sites()
    if known.error is not None and not known.sites:
        raise known.error
    selected = [site for site in known.sites if site.is_selected]
    absent = [s for s in selected if not s.is_participating and s.country in UNIFIED]
    suspended = [s for s in selected if s.is_participating and s.has_suspended_listings]
    found = []
    if absent:
        found.append(_absent(known, absent))
    if suspended:
        found.append(_suspended(known, suspended))
    return found or [
        well(
            sentence(
                "The seller takes part in every marketplace that is synchronised."
            ),
            **_seen(known, known.active),
        )
    ]


def _absent(known: MarketplaceStates, sites: Sequence[MarketplaceState]) -> Finding:
    return Finding(
        code="marketplace.not_participating",
        level=Level.WARNING if known.active else Level.ERROR,
        cause=sentence("The account does not sell in %(sites)s.", sites=_names(sites)),
        fix=sentence(
            "Enable the site in Seller Central under “Sell globally”, or leave it out "
            "when you connect the account."
        ),
        evidence=_seen(known, sites) | {"seller_central": _addresses(sites)},
    )


def _suspended(known: MarketplaceStates, sites: Sequence[MarketplaceState]) -> Finding:
    return Finding(
        code="marketplace.suspended_listings",
        level=Level.WARNING,
        cause=sentence(
            "Amazon has suspended listings in %(sites)s.", sites=_names(sites)
        ),
        fix=sentence(
            "Open Performance, then Account Health in Seller Central for this site "
            "and follow what Amazon asks for."
        ),
        evidence=_seen(known, sites) | {"seller_central": _addresses(sites)},
    )


def _names(sites: Sequence[MarketplaceState]) -> str:
    return ", ".join(site.country for site in sites)


def _addresses(sites: Sequence[MarketplaceState]) -> list[str]:
    known = (MARKETPLACES.get(site.id) for site in sites)
    return sorted({place.seller_central for place in known if place})


def _seen(
    known: MarketplaceStates, sites: Sequence[MarketplaceState]
) -> dict[str, object]:
    seen: dict[str, object] = {
        "operation": "getMarketplaceParticipations",
        "marketplaces": [site.country for site in sites],
        "seen_at": known.seen_at,
    }
    if isinstance(known.error, AccessDenied):
        seen |= evidence_of(known.error)
    return seen
