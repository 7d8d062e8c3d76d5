"""Looks each hour whether an account is well, at once when a job blocks; sync layer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from channels_amazon.health.automatic import Trouble, run_light
from channels_amazon.models import SyncJob
from channels_amazon.services.health.reports import AUTOMATIC_PAUSE, request_automatic
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.services.jobs.status import TROUBLED
from channels_amazon.sync.runtime.context import Result, RunContext

# While the first pull goes on, its page says how far it is.
FIRST_LOOK = timedelta(minutes=10)


@reconciler(
    SyncJob.Kind.HEALTH,
    title=_("Health check"),
    interval=timedelta(hours=1),
)
def reconcile(ctx: RunContext) -> Result:
    """Run the light check; ask for a full report where rows give a reason.

    Several jobs that block together are one reason: after a run the next one has to
    wait for AUTOMATIC_PAUSE.
    """
    if _is_first_pull(ctx):
        return Result(next_due=ctx.now() + FIRST_LOOK)
    cursor = ctx.cursor
    ran_at = _moment(cursor.get("ran_at"))
    if ran_at is not None and ctx.now() - ran_at < AUTOMATIC_PAUSE:
        return Result(next_due=ran_at + AUTOMATIC_PAUSE)
    now = ctx.now()
    asked_at = _moment(cursor.get("asked_at"))
    before = Trouble(tuple(cursor.get("codes", ())), asked_at)
    found = run_light(ctx.account, now, before)
    if found.asks:
        request_automatic(ctx.account)
        asked_at = now
    ctx.save_cursor(
        {
            "ran_at": now.isoformat(),
            "codes": list(found.codes),
            "asked_at": asked_at.isoformat() if asked_at else None,
        }
    )
    return Result()


def _is_first_pull(ctx: RunContext) -> bool:
    """Tell whether the account is still read for the first time, and goes on."""
    steps = [one.kind for one in registry.reconcilers() if one.first_pull is not None]
    jobs = ctx.account.jobs.all()
    undone = jobs.filter(kind__in=steps, first_done_at__isnull=True)
    return undone.exists() and not jobs.filter(TROUBLED).exists()


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
