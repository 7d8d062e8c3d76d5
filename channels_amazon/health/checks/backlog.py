"""Do due jobs pile up? health layer."""

from __future__ import annotations

from django.db.models import Min
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import SyncJob
from channels_amazon.services.jobs.claims import due_jobs
from channels_amazon.wording import counted, sentence

WARN_SECONDS = 120.0
ERROR_SECONDS = 900.0


@check(
    "backlog", group="queue", order=2, title=gettext_lazy("Due jobs"), cost=Cost.HOST
)
def run(context: CheckContext) -> list[Finding]:
    """Look how long the oldest due job of all accounts has been waiting."""
    due = SyncJob.objects.filter(due_jobs(context.now), blocked_code="")
    oldest = due.aggregate(oldest=Min("due_at"))["oldest"]
    age = (context.now - oldest).total_seconds() if oldest else 0.0
    number = due.count()
    if age <= WARN_SECONDS:
        text = sentence("No job waits for a worker longer than usual.")
        return [well(text, due_jobs=number, oldest_seconds=round(age))]
    ours = due.filter(account=context.account)
    return [
        Finding(
            code="queue.backlog",
            level=Level.ERROR if age > ERROR_SECONDS else Level.WARNING,
            cause=counted(
                "%(count)d due job waits for a worker, since %(minutes)d min.",
                "Due jobs pile up: %(count)d wait, the oldest for %(minutes)d min.",
                number,
                minutes=round(age / 60),
            ),
            fix=sentence(
                "Give the worker more processes (QUEUE_WORKERS), or run another "
                "“manage.py worker” on a second host with the same database."
            ),
            evidence={
                "due_jobs": number,
                "of_this_account": ours.count(),
                "oldest_due_at": oldest,
            },
        )
    ]
