"""Do the store's plan and the seller's plan allow it at all? health layer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs
from channels_amazon.services.accounts.connection import (
    PlanExcludesAmazon,
    require_plan,
)
from channels_amazon.services.accounts.marketplaces import INDIVIDUAL
from channels_amazon.wording import sentence


def _is_excluded(context: CheckContext) -> bool:
    account = context.account
    return not account.store.includes_amazon or account.selling_plan == INDIVIDUAL


@check(
    "plan",
    group="permissions",
    order=4,
    title=gettext_lazy("Plans"),
    signs=Signs(here=_is_excluded),
)
def run(context: CheckContext) -> list[Finding]:
    """Look at the store's plan here, and at the selling plan Amazon named."""
    account = context.account
    found = []
    try:
        require_plan(account.store)
    except PlanExcludesAmazon as error:
        found.append(
            Finding(
                code=error.code,
                cause=error.message,
                fix=error.fix,
                evidence={"plan": account.store.plan_name},
            )
        )
    if account.selling_plan == INDIVIDUAL:
        found.append(
            Finding(
                code="account.individual_plan",
                cause=sentence(
                    "The seller has the individual selling plan, which Amazon does "
                    "not let applications work with."
                ),
                fix=sentence(
                    "Upgrade to the professional selling plan in Seller Central, "
                    "under Settings, Account Info, Your Services."
                ),
                evidence={"selling_plan": account.selling_plan},
            )
        )
    return found or [
        well(
            sentence("The plans include what is needed."),
            plan=account.store.plan_name,
            selling_plan=account.selling_plan,
        )
    ]
