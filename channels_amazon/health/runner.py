"""Runs the checks of a report and saves each result as it comes; health layer."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from channels_amazon.errors import ShoplinkError
from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, evidence_of
from channels_amazon.health.progress import CheckProgress, CheckState
from channels_amazon.health.registry import HealthCheck, all_checks
from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport
from channels_amazon.rules.health.first_cause import RankedFault, Severity, arrange
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.services.health.reports import LOST_AFTER
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = HealthReport.State

# From the best to the worst.
_LEVELS = (Level.OK, Level.WARNING, Level.ERROR)

Tell = Callable[[str, CheckProgress], None]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A finding with the check it came from, and the first cause it follows from."""

    check_id: str
    finding: Finding
    consequence_of: str = ""


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """A check that could not look, and why."""

    check_id: str
    error: ShoplinkError


def run_report(report_id: int) -> None:
    """Run a requested report, unless another process runs it or it is done."""
    now = timezone.now()
    waiting = Q(state=State.WAITING)
    lost = Q(state=State.RUNNING, started_at__lt=now - LOST_AFTER)
    claimed = HealthReport.objects.filter(waiting | lost, pk=report_id).update(
        state=State.RUNNING, started_at=now, progress={}
    )
    if not claimed:
        logger.info("report already taken report=%s", report_id)
        return
    report = HealthReport.objects.select_related(
        "account__store", "account__application"
    ).get(pk=report_id)

    def tell(check_id: str, state: CheckProgress) -> None:
        report.progress[check_id] = state
        HealthReport.objects.filter(pk=report_id).update(progress=report.progress)

    with translation.override(report.language):
        results = run_checks(report.account, now, tell)
    _keep(report, results)
    logger.info("report done report=%s status=%s", report_id, status_of(results))


def run_checks(account: AmazonAccount, now: datetime, tell: Tell) -> list[CheckResult]:
    """Run every check and return the results, first causes first.

    `tell` hears of each check as it begins and ends. A check that crashes becomes a
    finding, and the others go on.
    """
    context = CheckContext(account, now)
    found: list[CheckResult] = []
    obstacles: list[_Obstacle] = []
    for check in all_checks():
        tell(check.id, CheckProgress(state=CheckState.RUNNING))
        began = time.monotonic()
        outcome = _run_one(check, context)
        state = CheckProgress(
            state=CheckState.SKIPPED, seconds=round(time.monotonic() - began, 2)
        )
        if isinstance(outcome, ShoplinkError):
            obstacles.append(_Obstacle(check.id, outcome))
            state["reason"] = clean(outcome.code, 60)
        else:
            found += [CheckResult(check.id, finding) for finding in outcome]
            state["state"] = CheckState(_worst(outcome))
        tell(check.id, state)
    return _arranged(found + _unexplained(found, obstacles))


def status_of(results: Sequence[CheckResult]) -> Level:
    """Return the report's status: the level of the worst finding."""
    return _worst([result.finding for result in results])


def _run_one(
    check: HealthCheck, context: CheckContext
) -> list[Finding] | ShoplinkError:
    try:
        return _look(check, context)
    except Exception as error:
        logger.error(
            "check crashed check=%s account=%s",
            check.id,
            context.account.pk,
            exc_info=error,
        )
        last = traceback.extract_tb(error.__traceback__)[-1]
        return [
            Finding(
                code="unknown",
                cause=sentence(
                    "The check itself failed: %(error)s.", error=type(error).__name__
                ),
                fix=sentence("Report it with this evidence and the server's log."),
                evidence={
                    "about": check.id,
                    "error": redact_text(repr(error)),
                    "at": last.name,
                },
            )
        ]


def _look(check: HealthCheck, context: CheckContext) -> list[Finding] | ShoplinkError:
    try:
        return check.run(context)
    except ShoplinkError as error:
        return context.blame(error)


def _unexplained(
    found: Sequence[CheckResult], obstacles: Sequence[_Obstacle]
) -> list[CheckResult]:
    """Return a finding for each obstacle that no finding accounts for."""
    known = {result.finding.code for result in found}
    results = []
    for obstacle in obstacles:
        error = obstacle.error
        if error.code in known:
            continue
        known.add(error.code)
        finding = Finding(
            code=error.code,
            level=Level.WARNING,
            cause=sentence("This could not be checked: %(why)s", why=error.message),
            fix=error.fix or sentence("Run the health check again in a few minutes."),
            evidence=evidence_of(error),
        )
        results.append(CheckResult(obstacle.check_id, finding))
    return results


def _arranged(results: Sequence[CheckResult]) -> list[CheckResult]:
    faults = [
        RankedFault(one.finding.code, Severity(one.finding.level), one.finding.because)
        for one in results
    ]
    return [
        replace(results[place.index], consequence_of=place.consequence_of)
        for place in arrange(faults)
    ]


def _worst(findings: Sequence[Finding]) -> Level:
    levels = {finding.level for finding in findings}
    return next((one for one in reversed(_LEVELS) if one in levels), Level.OK)


def _keep(report: HealthReport, results: Sequence[CheckResult]) -> None:
    with transaction.atomic():
        report.findings.all().delete()
        HealthFinding.objects.bulk_create(
            [
                _row(report, position, result)
                for position, result in enumerate(results, start=1)
            ]
        )
        HealthReport.objects.filter(pk=report.pk).update(
            state=State.DONE,
            status=status_of(results),
            finished_at=timezone.now(),
        )


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
