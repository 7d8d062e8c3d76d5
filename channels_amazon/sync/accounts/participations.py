"""Reconciles the account's country sites with Amazon's; sync layer."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.accounts.marketplaces import (
    set_selling_plan,
    upsert_participations,
)
from channels_amazon.services.jobs import lifecycle, registry
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.spapi.apis import sellers
from channels_amazon.spapi.errors import AuthorizationLost, SpApiError
from channels_amazon.sync.runtime.context import Result, RunContext

logger = logging.getLogger(__name__)

Kind = SyncJob.Kind


@reconciler(
    Kind.PARTICIPATIONS,
    title=_("Marketplaces"),
    interval=timedelta(days=1),
    first_pull=1,
)
def reconcile(ctx: RunContext) -> Result:
    """Store the sites Amazon lists; wake what depends on them when any changed."""
    listed = sellers.get_marketplace_participations(ctx.client)
    changed = upsert_participations(ctx.account, listed)
    total = len(listed.sites) + len(listed.unreadable)
    ctx.progress(rows=total, changed=changed, total=total)
    if ctx.account.region == AmazonAccount.Region.EU:
        _read_selling_plan(ctx)
    # At the first time in any case: a run before may have died before it woke them.
    if changed or ctx.job.first_done_at is None:
        found = registry.reconcilers()
        kinds = [one.kind for one in found if one.needs_marketplaces]
        lifecycle.wake(ctx.account.pk, *kinds)
    return Result()


def _read_selling_plan(ctx: RunContext) -> None:
    """Read the selling plan, which Amazon tells in Europe only, and not to everyone."""
    try:
        seller = sellers.get_account(ctx.client)
    except AuthorizationLost:
        raise
    except SpApiError as error:
        # It needs a role that nothing else here needs: not worth a finding.
        logger.info("no selling plan account=%s code=%s", ctx.account.pk, error.code)
        return
    set_selling_plan(ctx.account, seller.selling_plan)
