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


@dataclass(frozen=True, slots=True)
class Previous:
    """The account's last finished report, and the problems that it found."""

    report: HealthReport
    problems: tuple[HealthFinding, ...]


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


def previous(report: HealthReport) -> Previous | None:
    """Return the account's last finished report before this one; None for none."""
    before = last_done(report)
    if before is None:
        return None
    return Previous(before, tuple(before.findings.exclude(level=Level.OK)))


def is_news(
    report: HealthReport, rows: Sequence[HealthFinding], before: Previous | None
) -> bool:
    """Tell whether the rows differ from the report before, also in how bad they are.

    If not, that one is confirmed. What a check of this run did not look at is no news.
    """
    if before is None:
        return True
    looked = {id_ for id_, one in report.progress.items() if one["state"] in LOOKED}
    known = Counter(map(_said, before.problems))
    ours = Counter(_said(row) for row in rows if row.level != Level.OK)
    again = Counter(_said(row) for row in before.problems if row.check_id in looked)
    if ours - known or again - ours:
        return True
    HealthReport.objects.filter(pk=before.report.pk).update(
        confirmed_at=report.started_at, confirmations=F("confirmations") + 1
    )
    return False


def carried_over(report: HealthReport, before: Previous | None) -> list[CheckResult]:
    """Return what the checks that this run left out said in the report before.

    Else a report that did not ask Amazon would seem to say that all is well there. Each
    finding that is taken over says when it was seen.
    """
    if before is None:
        return []
    kept = before.report
    seen_at = kept.confirmed_at or kept.finished_at or kept.created_at
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
        for row in before.problems
        if report.progress.get(row.check_id, {}).get("state") == CheckState.NOT_ASKED
    ]


def has_problems_of(before: Previous | None, cost: Cost) -> bool:
    """Tell whether a check of that cost had found something in that report."""
    ids = {check.id for check in all_checks() if check.cost is cost}
    return before is not None and any(row.check_id in ids for row in before.problems)


def _said(row: HealthFinding) -> tuple[tuple[str, str, str], str]:
    return identity(row), row.level


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
