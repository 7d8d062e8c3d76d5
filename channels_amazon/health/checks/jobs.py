"""Does a job fail again and again? health layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import DiagnosticEntry, SyncJob, SyncRun
from channels_amazon.services.jobs.registry import label_of
from channels_amazon.services.jobs.status import TROUBLED
from channels_amazon.wording import listed, sentence

_BAD = (SyncRun.State.FAILED, SyncRun.State.BLOCKED, SyncRun.State.ABANDONED)


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [SyncJob.objects.filter(TROUBLED, account=of.account)]


@check(
    "jobs",
    group="queue",
    order=4,
    title=gettext_lazy("Jobs of this account"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Group the jobs that fail or stand still by the error that stops them."""
    troubled = SyncJob.objects.filter(TROUBLED, account=context.account)
    by_error: dict[str, list[tuple[SyncJob, SyncRun | None]]] = defaultdict(list)
    for job in troubled:
        last = job.runs.filter(state__in=_BAD).first()
        by_error[job.blocked_code or (last.code if last else "")].append((job, last))
    return [_finding(context, *one) for one in sorted(by_error.items())] or [
        well(sentence("No job fails again and again."))
    ]


def _finding(
    context: CheckContext,
    code: str,
    rows: Sequence[tuple[SyncJob, SyncRun | None]],
) -> Finding:
    job, last = rows[0]
    message = job.blocked_message or (last.message if last else "")
    names = listed([label_of(one.kind) for one, _run in rows])
    is_blocked = any(one.blocked_code for one, _run in rows)
    return Finding(
        code="job.failing",
        level=Level.ERROR if is_blocked else Level.WARNING,
        cause=sentence(
            "%(jobs)s: stopped by %(code)s. %(why)s",
            jobs=names,
            code=code or "unknown",
            why=message,
        ),
        fix=_fix_of(context, code),
        fix_action="amazon-status",
        evidence={
            "about": code,
            "error": code,
            "jobs": [one.kind for one, _run in rows],
            "attempts": max(one.attempts for one, _run in rows),
            "last_run_at": last.started_at if last else None,
            "run": last.pk if last else None,
        },
        because=code,
    )


def _fix_of(context: CheckContext, code: str) -> str:
    """Return the error's own fix, as the log has it."""
    told = DiagnosticEntry.objects.filter(account=context.account, code=code)
    entry = told.exclude(fix="").order_by("-pk").first()
    return (
        entry.fix if entry else sentence("Open its last run in the log for the reason.")
    )
