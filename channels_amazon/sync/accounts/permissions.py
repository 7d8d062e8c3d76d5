"""Reconciles which permissions the account gives with Amazon's answers; sync layer."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from channels_amazon.models import Permission, SyncJob
from channels_amazon.services.accounts.permission_probes import combined, probe
from channels_amazon.services.accounts.permissions import (
    blocks_jobs,
    upsert_permissions,
)
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    without_marketplaces,
)

# When Amazon could not answer a probe and did not say when it can, or while a missing
# permission blocks a job: it goes on soon after the role is there.
AGAIN = timedelta(minutes=5)


@reconciler(
    SyncJob.Kind.PERMISSIONS,
    needs_marketplaces=True,
    title=_("Permissions"),
    interval=timedelta(days=1),
    first_pull=2,
)
def reconcile(ctx: RunContext) -> Result:
    """Probe every capability in every active site; soon again where none answered."""
    sites = active_marketplaces(ctx)
    if not sites:
        return without_marketplaces(ctx)
    answers = probe(ctx.client, sites)
    results = [one for site in sites for one in combined(answers, site)]
    changed = upsert_permissions(ctx.account, results)
    ctx.progress(rows=len(results), changed=changed, total=len(results))
    unanswered = [one for one in results if one.state == Permission.State.UNKNOWN]
    if not unanswered:
        is_blocking = blocks_jobs(ctx.account)
        return Result(next_due=ctx.now() + AGAIN if is_blocking else None)
    errors = [one.error for one in unanswered if one.error is not None]
    times = [error.retry_at for error in errors if error.retry_at is not None]
    return Result(next_due=max(times, default=ctx.now() + AGAIN))
