"""Requests health reports and compares each with the previous one; services layer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Mod
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport
from channels_amazon.services.jobs.queue import TASK_SECONDS, enqueue

State = HealthReport.State

TASK = "channels_amazon.tasks.run_health_check"
# An account's report that was requested so recently is returned instead of a second.
UNDER_WAY = timedelta(seconds=60)
# So long lies at least between two reports that nobody asked for: when a job blocks,
# others of the account often follow.
AUTOMATIC_PAUSE = timedelta(minutes=10)
# A worker takes a report within a second; if none has by now, no worker runs.
WORKER_WAIT = timedelta(seconds=10)
# The queue kills a task after TASK_SECONDS: a report that runs for longer has lost its
# process. The 15 s more are for a task that it is just killing.
LOST_AFTER = timedelta(seconds=TASK_SECONDS + 15)
KEEP = 50
# Of these so many are listed beside a report.
SHOWN = 20
# The evidence that says how many things are wrong; a finding is as large as their sum.
COUNTS = frozenset(
    {
        "backorders",
        "due_jobs",
        "late",
        "messages_in_quarantine",
        "missing",
        "near",
        "offers",
        "orders",
        "orders_in_quarantine",
        "packages",
        "parcels_of_unknown_orders",
        "report_rows_in_quarantine",
        "unmatched_orders",
    }
)
# A check's state in `progress`, where it could not look (health/progress.py).
_SKIPPED = "skipped"


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
    prune(account)
    return report


def request_automatic(account: AmazonAccount) -> HealthReport | None:
    """Ask a worker for a report that nobody asked for; None while one is under way.

    Where it finds what the one before found, it is not kept.
    """
    pause = timezone.now() - AUTOMATIC_PAUSE
    of_itself = account.health_reports.filter(is_automatic=True)
    underway = of_itself.filter(state__in=(State.WAITING, State.RUNNING))
    with transaction.atomic():
        # One of those who ask at once makes it.
        same = AmazonAccount.objects.filter(pk=account.pk)
        same.select_for_update(no_key=True).first()
        if underway.filter(created_at__gte=pause).exists():
            return None
        # What no worker ever took is old news.
        of_itself.exclude(state=State.DONE).delete()
        report = new_report(account, "", is_automatic=True)
        enqueue(TASK, report.pk)
    prune(account)
    return report


def look_at_lost(now: datetime) -> int:
    """Ask for a report of accounts whose authorisation is lost; return of how many.

    None of their jobs runs, so nothing else would find out that Amazon accepts it
    again. Asked once a minute: each account has its turn once an hour.
    """
    turn = now.minute
    lost = AmazonAccount.objects.filter(state=AmazonAccount.State.NEEDS_AUTHORIZATION)
    of_now = list(lost.annotate(turn=Mod("pk", 60)).filter(turn=turn).order_by("pk"))
    for account in of_now:
        request_automatic(account)
    return len(of_now)


def new_report(
    account: AmazonAccount, actor: str, *, is_automatic: bool = False
) -> HealthReport:
    """Create a report that waits for whoever runs it, in the present language.

    One that nobody asked for is in the store's.
    """
    language = account.store.language if is_automatic else get_language()
    row: HealthReport = HealthReport.objects.create(
        account=account,
        requested_by=actor[:150],
        is_automatic=is_automatic,
        language=(language or "en")[:12],
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
    """What changed since the report before: what is new, gone, and still there.

    Of what is still there the sentence says how its count changed, "" for not at all.
    """

    before: HealthReport
    new: list[HealthFinding]
    gone: list[HealthFinding]
    same: list[tuple[HealthFinding, str]]


def last_done(report: HealthReport) -> HealthReport | None:
    """Return the account's last finished report before this one, None for none."""
    rows = HealthReport.objects.filter(account_id=report.account_id, state=State.DONE)
    if report.pk is not None:
        rows = rows.filter(pk__lt=report.pk)
    return rows.order_by("-pk").first()


def history(account: AmazonAccount) -> list[HealthReport]:
    """Return the account's newest reports, each with how many faults it found.

    As the report's own sentence counts them: what only follows from another is none.
    """
    wrong = ~Q(findings__level=HealthFinding.Level.OK)
    faults = Count("findings", filter=wrong & Q(findings__consequence_of=""))
    rows = account.health_reports.annotate(faults=faults).order_by("-pk")
    return list(rows[:SHOWN])


def compare(report: HealthReport) -> ReportDifference | None:
    """Compare with the account's last finished report before; None without one.

    What a check could not look at this time has not gone for that.
    """
    before = last_done(report)
    if before is None:
        return None
    ours, theirs = _problems(report), _problems(before)
    new = _beyond(ours, theirs)
    blind = {
        id_ for id_, one in report.progress.items() if one.get("state") == _SKIPPED
    }
    gone = [row for row in _beyond(theirs, ours) if row.check_id not in blind]
    fresh = {row.pk for row in new}
    counterparts: dict[tuple[str, str, str], list[HealthFinding]] = defaultdict(list)
    for row in theirs:
        counterparts[identity(row)].append(row)
    return ReportDifference(
        before=before,
        new=new,
        gone=gone,
        same=[
            (row, _change(counterparts[identity(row)].pop(0), row))
            for row in ours
            if row.pk not in fresh
        ],
    )


def _change(before: HealthFinding, now: HealthFinding) -> str:
    """Return how the number of what is wrong changed, "" for not at all."""
    then, today = _count(before), _count(now)
    if then is None or today is None or then == today:
        return ""
    numbers = {"before": then, "now": today}
    if then < today:
        return _("grew from %(before)d to %(now)d") % numbers
    return _("fell from %(before)d to %(now)d") % numbers


def _count(finding: HealthFinding) -> int | None:
    """Return how many things are wrong by a finding's evidence, None for no number."""
    found = [
        number
        for name, number in (finding.evidence or {}).items()
        if name in COUNTS and isinstance(number, int)
    ]
    return sum(found) if found else None


def _problems(report: HealthReport) -> list[HealthFinding]:
    return list(report.findings.exclude(level=HealthFinding.Level.OK))


def _beyond(
    these: Iterable[HealthFinding], those: Iterable[HealthFinding]
) -> list[HealthFinding]:
    """Return the findings of `these` that have no counterpart in `those`."""
    left = Counter(identity(finding) for finding in those)
    beyond = []
    for finding in these:
        key = identity(finding)
        if left[key]:
            left[key] -= 1
        else:
            beyond.append(finding)
    return beyond


def identity(finding: HealthFinding) -> tuple[str, str, str]:
    """Return what makes a finding the same as one of another report."""
    about = str((finding.evidence or {}).get("about", ""))
    return finding.check_id, finding.code, about


def prune(account: AmazonAccount) -> None:
    """Delete all but the account's newest reports."""
    newest = account.health_reports.order_by("-pk").values_list("pk", flat=True)
    oldest_kept = next(iter(newest[KEEP - 1 : KEEP]), None)
    if oldest_kept is not None:
        account.health_reports.filter(pk__lt=oldest_kept).delete()
