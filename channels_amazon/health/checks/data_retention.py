"""Is personal data kept past its limit? health layer."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import MaintenanceTask, PurgeProof
from channels_amazon.rules.privacy.retention import PURGE_GRACE
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy.standing import standing
from channels_amazon.wording import counted, sentence


@check(
    "data_retention",
    group="queue",
    order=6,
    title=gettext_lazy("Purge of personal data"),
    cost=Cost.MANY_ROWS,
)
def run(context: CheckContext) -> list[Finding]:
    """Look for personal data that several runs of the purge have left."""
    store = context.account.store
    kept = standing(store, context.now - PURGE_GRACE)
    last = PurgeProof.objects.filter(store=store).first()
    shown = {
        "kept": kept.kept,
        "next_due_at": kept.next_due_at,
        "last_proof_at": last.at if last else None,
    }
    if not kept.overdue or kept.next_due_at is None:
        text = sentence("No personal data is kept past its limit.")
        return [well(text, **shown)]
    return [
        Finding(
            code="data.retention_overdue",
            level=Level.ERROR,
            cause=counted(
                "Personal data of %(count)d order is kept past its limit; it "
                "had to go by %(date)s.",
                "Personal data of %(count)d orders is kept past its limit; "
                "the first of it had to go by %(date)s.",
                kept.overdue,
                date=kept.next_due_at,
            ),
            fix=_fix(last, kept.next_due_at, context.now),
            evidence={**shown, "overdue": kept.overdue},
        )
    ]


def _fix(last: PurgeProof | None, due_at: datetime, now: datetime) -> str:
    if last is not None and last.at > due_at + PURGE_GRACE:
        return sentence(
            "The purge ran since and left them: run “manage.py purge_personal_data” on "
            "the server and look at what it says."
        )
    since = maintenance.under_way_since(MaintenanceTask.Name.PURGE, now)
    if since is not None:
        return sentence(
            "A purge of all stores is under way since %(date)s and has not come to "
            "this store yet.",
            date=since,
        )
    return sentence(
        "The purge has not run since: start “manage.py worker”, which purges every "
        "hour, or run “manage.py purge_personal_data” on the server."
    )
