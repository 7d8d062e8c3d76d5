"""Is the minute schedule, the net below the worker's ticker, in place? health layer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.services.jobs.schedules import broken_schedules
from channels_amazon.wording import sentence


@check(
    "schedule", group="queue", order=3, title=gettext_lazy("Schedules"), cost=Cost.HOST
)
def run(context: CheckContext) -> list[Finding]:
    """See that each schedule is there, once, and enabled."""
    wrong = broken_schedules()
    if not wrong:
        return [well(sentence("Every schedule is there, once."))]
    return [
        Finding(
            code="queue.schedule_missing",
            level=Level.WARNING,
            cause=sentence(
                "Schedules are missing, disabled or doubled: %(names)s.",
                names=", ".join(wrong),
            ),
            fix=sentence(
                "A running worker restores them within a minute. If they stay away, "
                "restart “manage.py worker”."
            ),
            evidence={"schedules": wrong},
        )
    ]
