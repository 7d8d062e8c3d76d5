"""Requests health reports and compares each with the previous one; services layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport
from channels_amazon.services.jobs.queue import TASK_SECONDS, enqueue

State = HealthReport.State

TASK = "channels_amazon.tasks.run_health_check"
# An account's report that was requested so recently is returned instead of a second.
UNDER_WAY = timedelta(seconds=60)
# A worker takes a report within a second; if none has by now, no worker runs.
WORKER_WAIT = timedelta(seconds=10)
# The queue kills a task after TASK_SECONDS: a report that runs for longer has lost its
# process. The 15 s more are for a task that it is just killing.
LOST_AFTER = timedelta(seconds=TASK_SECONDS + 15)
KEEP = 50


def request_report(account: AmazonAccount, actor: str) -> HealthReport:
    """Ask a worker for a report, in the language of whoever asks.

    One that is under way already is returned instead of a second one.
    """
    recent = account.health_reports.filter(
        state__in=(State.WAITING, State.RUNNING),
        created_at__gte=timezone.now() - UNDER_WAY,
    ).first()
    if recent is not None:
        # A broker may have lost its task; if not, this one finds the report taken.
        enqueue(TASK, recent.pk)
        return HealthReport.objects.get(pk=recent.pk)
    with transaction.atomic():
        report = new_report(account, actor)
        enqueue(TASK, report.pk)
    _prune(account)
    return report


def new_report(account: AmazonAccount, actor: str) -> HealthReport:
    """Create a report that no worker runs, for a command that runs it itself."""
    row: HealthReport = HealthReport.objects.create(
        account=account,
        requested_by=actor[:150],
        language=(get_language() or "en")[:12],
    )
    return row


def needs_worker(report: HealthReport) -> bool:
    """Tell whether the report has waited too long for a worker to take it."""
    waited = timezone.now() - report.created_at
    return report.state == State.WAITING and waited > WORKER_WAIT


def is_lost(report: HealthReport) -> bool:
    """Tell whether the process that ran the report has gone."""
    if report.state != State.RUNNING or report.started_at is None:
        return False
    return timezone.now() - report.started_at > LOST_AFTER


@dataclass(frozen=True, slots=True)
class ReportDifference:
    """What changed since the report before: what is new, what has gone."""

    before: HealthReport
    new: list[HealthFinding]
    gone: list[HealthFinding]
    same: int


def compare(report: HealthReport) -> ReportDifference | None:
    """Compare with the account's last finished report before; None without one."""
    before = (
        HealthReport.objects.filter(
            account_id=report.account_id, state=State.DONE, pk__lt=report.pk
        )
        .order_by("-pk")
        .first()
    )
    if before is None:
        return None
    ours, theirs = _problems(report), _problems(before)
    new = _beyond(ours, theirs)
    return ReportDifference(
        before=before,
        new=new,
        gone=_beyond(theirs, ours),
        same=len(ours) - len(new),
    )


def _problems(report: HealthReport) -> list[HealthFinding]:
    return list(report.findings.exclude(level=HealthFinding.Level.OK))


def _beyond(
    these: Iterable[HealthFinding], those: Iterable[HealthFinding]
) -> list[HealthFinding]:
    """Return the findings of `these` that have no counterpart in `those`."""
    left = Counter(_identity(finding) for finding in those)
    beyond = []
    for finding in these:
        key = _identity(finding)
        if left[key]:
            left[key] -= 1
        else:
            beyond.append(finding)
    return beyond


def _identity(finding: HealthFinding) -> tuple[str, str, str]:
    about = str((finding.evidence or {}).get("about", ""))
    return finding.check_id, finding.code, about


def _prune(account: AmazonAccount) -> None:
    """Delete all but the account's newest reports."""
    newest = account.health_reports.order_by("-pk").values_list("pk", flat=True)
    oldest_kept = next(iter(newest[KEEP - 1 : KEEP]), None)
    if oldest_kept is not None:
        account.health_reports.filter(pk__lt=oldest_kept).delete()
