"""Keeps what a run found, if it is news; health layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_amazon.health.finding import Finding, Level
from channels_amazon.health.progress import LOOKED, CheckProgress, CheckState
from channels_amazon.health.registry import Cost, all_checks
from channels_amazon.models import HealthFinding, HealthReport
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.services.health.reports import identity, last_done
from channels_amazon.wording import pack

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
    if before.status == Level.OK:
        return Previous(before, ())
    return Previous(before, tuple(before.findings.exclude(level=Level.OK)))


def is_news(
    report: HealthReport, rows: Sequence[HealthFinding], before: Previous | None
) -> bool:
    """Tell whether the rows differ from the report before, also in how bad they are.

    What a check of this run did not look at is no news.
    """
    if before is None:
        return True
    looked = _looked_at(report)
    known = Counter(map(_said, before.problems))
    ours = Counter(_said(row) for row in rows if row.level != Level.OK)
    again = Counter(_said(row) for row in before.problems if row.check_id in looked)
    return bool(ours - known or again - ours)


def confirm(report: HealthReport, before: Previous) -> None:
    """Note on the report before that this run, which is not kept, found the same.

    It found it again only where it looked at all that was wrong; else the checks that
    did look note it, each for itself.
    """
    kept, looked = before.report, _looked_at(report)
    # What every run looks at is never taken over, so nobody asks for its time.
    again = {row.check_id for row in before.problems} & looked - _ids_of(Cost.ROWS)
    same = HealthReport.objects.filter(pk=kept.pk)
    if all(row.check_id in looked for row in before.problems):
        same.update(
            confirmed_at=report.started_at, confirmations=F("confirmations") + 1
        )
    elif again:
        at = report.started_at or timezone.now()
        for id_ in again:
            line = kept.progress.setdefault(id_, {"state": CheckState.NOT_ASKED})
            line["seen_at"] = at.isoformat()
        same.update(progress=kept.progress)


def carried_over(report: HealthReport, before: Previous | None) -> list[CheckResult]:
    """Return what the checks that this run left out said in the report before.

    Else a report that did not ask Amazon would seem to say that all is well there. Each
    finding that is taken over says when it was seen.
    """
    if before is None:
        return []
    return [
        CheckResult(
            row.check_id,
            Finding(
                cause=row.cause,
                code=row.code,
                level=Level(row.level),
                fix=row.fix,
                fix_action=row.fix_action,
                evidence={**(row.evidence or {}), "seen_at": _seen_at(before, row)},
                because=row.consequence_of,
            ),
        )
        for row in before.problems
        if _progress_of(report, row).get("state") == CheckState.NOT_ASKED
    ]


def has_problems_of(before: Previous | None, cost: Cost) -> bool:
    """Tell whether a check of that cost had found something in that report."""
    ids = _ids_of(cost)
    return before is not None and any(row.check_id in ids for row in before.problems)


def _ids_of(cost: Cost) -> set[str]:
    return {check.id for check in all_checks() if check.cost is cost}


def _looked_at(report: HealthReport) -> set[str]:
    """Return the ids of the checks that have said how it is in this run."""
    return {id_ for id_, one in report.progress.items() if one["state"] in LOOKED}


def _seen_at(before: Previous, row: HealthFinding) -> datetime:
    """Return when the finding's own check looked last and found it, UTC.

    A report that took it over says that in the evidence.
    """
    kept = before.report
    told = [(row.evidence or {}).get("seen_at"), _progress_of(kept, row).get("seen_at")]
    times = [datetime.fromisoformat(str(text)) for text in told if text]
    if not told[0]:
        times.append(kept.finished_at or kept.created_at)
    if kept.confirmed_at is not None:
        times.append(kept.confirmed_at)
    return max(times)


def _progress_of(report: HealthReport, row: HealthFinding) -> CheckProgress:
    return cast(CheckProgress, report.progress.get(row.check_id, {}))


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
    text = value if isinstance(value, str) else str(value)
    # A sentence of ours is said again in the language of who reads the report.
    return pack(clean(text, 500))
