"""Are the four capabilities open in each marketplace? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext, MarketplaceState
from channels_amazon.health.finding import Finding, NotChecked, unproven, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import Permission, label
from channels_amazon.services.accounts.permission_probes import (
    ProbeResult,
    combined,
    is_refused_everywhere,
)
from channels_amazon.spapi.errors import Throttled
from channels_amazon.wording import sentence

Name = Permission.Name
State = Permission.State

# The permissions job probes once a day, and may run up to two hours late.
KNOWN_FOR = timedelta(hours=26)

# Which role, by Amazon's name, opens each capability.
ROLES = {
    Name.ORDERS: "Inventory and Order Tracking",
    Name.CATALOG_ITEMS: "Product Listing",
    Name.FULFILLMENT_INVENTORY: "Amazon Fulfillment",
    Name.SHIPPING: "Direct-to-Consumer Shipping",
}


@check(
    "permissions",
    group="permissions",
    order=1,
    title=gettext_lazy("Four permissions"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Probe each capability, and sum up for each over the marketplaces."""
    context.require_token()
    answers = context.probes()
    if is_refused_everywhere(answers):
        raise NotChecked(
            "account.wrong_region",
            sentence("Amazon refuses every operation in this region."),
        )
    sites = context.sites().active
    if not sites:
        return _without_sites(answers)
    answers = [_or_known(context, one) for one in answers]
    found = [_of_name(name, sites, answers) for name in Name.values]
    missing = [finding for finding in found if finding is not None]
    unknown = [one.error for one in answers if one.error and one.state == State.UNKNOWN]
    if unknown and not missing:
        raise unknown[0]
    return missing or [
        well(
            sentence("All four permissions are granted."),
            marketplaces=[site.country for site in sites],
            probes=[f"{one.operation}: {one.status}" for one in answers],
        )
    ]


def _or_known(context: CheckContext, answer: ProbeResult) -> ProbeResult:
    """Return what the last probe said in place of one for which quota was missing."""
    if not isinstance(answer.error, Throttled):
        return answer
    rows = Permission.objects.filter(
        participation__account=context.account, name=answer.name
    )
    if answer.marketplace_id:
        rows = rows.filter(participation__marketplace_id=answer.marketplace_id)
    row = rows.order_by("-checked_at").first()
    if row is None or context.now - row.checked_at > KNOWN_FOR:
        return answer
    return replace(
        answer,
        state=row.state,
        status=row.status,
        amazon_code=row.amazon_code,
        request_id=row.request_id,
        error=None,
    )


def _of_name(
    name: str, sites: Sequence[MarketplaceState], answers: Sequence[ProbeResult]
) -> Finding | None:
    hits = [
        (site, result)
        for site in sites
        for result in combined(answers, site.id)
        if result.name == name and result.state == State.MISSING
    ]
    if not hits:
        return None
    role = ROLES[Name(name)]
    first = hits[0][1]
    return Finding(
        code=f"permission.{name.replace('-', '_')}_missing",
        cause=sentence(
            "The permission “%(name)s” is missing in %(sites)s.",
            name=label(Name(name).label),
            sites=", ".join(site.country for site, _result in hits),
        ),
        fix=sentence(
            "In Amazon's Solution Provider Portal add the role “%(role)s” to the "
            "application. Then authorise the account again: an authorisation holds "
            "only the roles the application had when it was given.",
            role=role,
        ),
        fix_action="amazon-connect",
        evidence={
            "permission": name,
            "role": role,
            "marketplaces": [site.country for site, _result in hits],
            "operation": first.operation,
            "status": first.status,
            "amazon_code": first.amazon_code,
            "request_id": first.request_id,
        },
    )


def _without_sites(answers: Sequence[ProbeResult]) -> list[Finding]:
    """Judge by the probes that need no site."""
    found = [
        Finding(
            code=f"permission.{one.name.replace('-', '_')}_missing",
            cause=sentence(
                "The permission “%(name)s” is missing.",
                name=label(Name(one.name).label),
            ),
            evidence={"operation": one.operation, "status": one.status},
        )
        for one in answers
        if one.state == State.MISSING
    ]
    unique = {finding.code: finding for finding in found}
    return list(unique.values()) or [
        unproven(
            sentence("No marketplace is synchronised, so only orders could be tested.")
        )
    ]
