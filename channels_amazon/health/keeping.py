"""Keeps what a run found, if it is news; health layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_amazon.health.finding import Finding, Level
from channels_amazon.health.progress import LOOKED, CheckState
from channels_amazon.health.registry import Cost, all_checks
from channels_amazon.models import HealthFinding, HealthReport
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.services.health.reports import identity, last_done

State = HealthReport.State

# From the best to the worst.
_LEVELS = (Level.OK, Level.WARNING, Level.ERROR)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A finding with the check it came from, and the first cause it follows from."""

    check_id: str
    finding: Finding
    consequence_of: str = ""


def worst(levels: Iterable[str]) -> Level:
    """Return the worst of these levels, OK for none."""
    found = set(levels)
    return next((one for one in reversed(_LEVELS) if one in found), Level.OK)


def status_of(rows: Iterable[HealthFinding]) -> Level:
    """Return a report's status: the level of its worst finding."""
    return worst(row.level for row in rows)


def rows_of(
    report: HealthReport, results: Sequence[CheckResult]
) -> list[HealthFinding]:
    """Return the rows of a report, in the results' order, not stored yet."""
    return [
        _row(report, position, result) for position, result in enumerate(results, 1)
    ]


def keep(report: HealthReport, rows: Sequence[HealthFinding]) -> None:
    """Store the rows and the report's end."""
    with transaction.atomic():
        report.findings.all().delete()
        HealthFinding.objects.bulk_create(rows)
        HealthReport.objects.filter(pk=report.pk).update(
            state=State.DONE,
            status=status_of(rows),
            progress=report.progress,
            finished_at=timezone.now(),
        )


def is_news(report: HealthReport, rows: Sequence[HealthFinding]) -> bool:
    """Tell whether the rows differ from the account's report before.

    If not, that one is confirmed. What a check of this run did not look at is no news.
    """
    before = last_done(report)
    if before is None:
        return True
    theirs = list(before.findings.exclude(level=Level.OK))
    looked = {id_ for id_, one in report.progress.items() if one["state"] in LOOKED}
    known = Counter(identity(row) for row in theirs)
    ours = Counter(identity(row) for row in rows if row.level != Level.OK)
    gone = Counter(identity(row) for row in theirs if row.check_id in looked) - ours
    if ours - known or gone:
        return True
    HealthReport.objects.filter(pk=before.pk).update(
        confirmed_at=report.started_at, confirmations=F("confirmations") + 1
    )
    return False


def carried_over(report: HealthReport) -> list[CheckResult]:
    """Return what the checks that this run left out said in the report before.

    Else a report that did not ask Amazon would seem to say that all is well there. Each
    finding that is taken over says when it was seen.
    """
    before = last_done(report)
    if before is None:
        return []
    seen_at = before.confirmed_at or before.finished_at or before.created_at
    return [
        CheckResult(
            row.check_id,
            Finding(
                cause=row.cause,
                code=row.code,
                level=Level(row.level),
                fix=row.fix,
                fix_action=row.fix_action,
                evidence={"seen_at": seen_at} | (row.evidence or {}),
                because=str((row.evidence or {}).get("about", "")),
            ),
        )
        for row in before.findings.exclude(level=Level.OK)
        if report.progress.get(row.check_id, {}).get("state") == CheckState.NOT_ASKED
    ]


def asked_problems(report: HealthReport) -> bool:
    """Tell whether a check that asks Amazon had found something in the last report."""
    before = last_done(report)
    if before is None:
        return False
    asking = [check.id for check in all_checks() if check.cost is Cost.CALLS]
    rows = before.findings.filter(check_id__in=asking).exclude(level=Level.OK)
    return bool(rows.exists())


def _row(report: HealthReport, position: int, result: CheckResult) -> HealthFinding:
    finding = result.finding
    return HealthFinding(
        report=report,
        position=position,
        check_id=result.check_id,
        code=clean(finding.code, 60),
        level=finding.level,
        cause=clean(finding.cause, 500),
        fix=clean(finding.fix, 1000),
        fix_action=finding.fix_action,
        evidence=_plain(finding.evidence),
        consequence_of=clean(result.consequence_of, 60),
    )


def _plain(value: Any) -> Any:
    """Return the evidence as JSON values, redacted of secrets and personal data."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return clean(str(value), 500)
