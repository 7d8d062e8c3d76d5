"""Runs the checks of a report and saves each result as it comes; health layer."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import get_language

from channels_amazon.errors import ShoplinkError
from channels_amazon.health import keeping, signs
from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, evidence_of
from channels_amazon.health.keeping import CheckResult, worst
from channels_amazon.health.progress import CheckProgress, CheckState
from channels_amazon.health.registry import Cost, HealthCheck, all_checks
from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport
from channels_amazon.rules.health.first_cause import RankedFault, Severity, arrange
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.services.health.applying import apply_findings
from channels_amazon.services.health.reports import LOST_AFTER
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = HealthReport.State

# The fault behind a check that the database does not let look.
DATABASE = "host.database"

Tell = Callable[[str, CheckProgress], None]


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """A check that could not look, and why."""

    check_id: str
    error: ShoplinkError


@dataclass(frozen=True, slots=True)
class _Crash:
    """A check that failed itself: it has seen nothing, and is told as a finding."""

    finding: Finding


def run_report(report_id: int, *, calls_nobody: bool = False) -> None:
    """Run a requested report, unless another process runs it or it is done.

    What it found is applied at once. One that nobody asked for is kept only if it
    differs from the one before. With `calls_nobody` only our own rows are looked at.
    """
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
    run = _run_of(report, now, calls_nobody=calls_nobody)
    rows = keeping.rows_of(report, run.results())
    before = keeping.previous(report) if report.is_automatic else None
    if before is None or keeping.is_news(report, rows, before):
        keeping.keep(report, rows)
    else:
        keeping.confirm(report, before)
        report.delete()
    apply_findings(report.account, run.context.observed())
    logger.info("report done report=%s status=%s", report_id, keeping.status_of(rows))


def run_here(
    account: AmazonAccount, actor: str, *, keeps: bool = True
) -> FinishedReport:
    """Run every check in this process, also where nothing can be written.

    The report is kept if it `keeps` one and the database takes it; then what it found
    is applied too.
    """
    now = timezone.now()
    report = HealthReport(
        account=account,
        requested_by=actor,
        state=State.RUNNING,
        started_at=now,
        language=get_language() or "en",
    )
    try:
        if keeps:
            report.save()
    except DatabaseError:
        logger.warning("report not stored account=%s", account.pk, exc_info=True)
    run = _run_of(report, now)
    rows = keeping.rows_of(report, run.results())
    report.status, report.state = keeping.status_of(rows), State.DONE
    report.finished_at = timezone.now()
    try:
        if report.pk is not None:
            keeping.keep(report, rows)
            apply_findings(account, run.context.observed())
    except DatabaseError:
        logger.warning("report not kept account=%s", account.pk, exc_info=True)
        return FinishedReport(report, rows, is_kept=False)
    return FinishedReport(report, rows, is_kept=report.pk is not None)


def _run_of(
    report: HealthReport, now: datetime, *, calls_nobody: bool = False
) -> HealthRun:
    """Run the checks for the report, in its language; show how far it is."""
    stored = [report.pk is not None]

    def tell(check_id: str, state: CheckProgress) -> None:
        report.progress[check_id] = state
        if not stored[0]:
            return
        try:
            HealthReport.objects.filter(pk=report.pk).update(progress=report.progress)
        except DatabaseError:
            # Once is enough: each try may wait for a lock, and the checks go on.
            stored[0] = False
            logger.warning("progress not stored report=%s", report.pk, exc_info=True)

    with translation.override(report.language):
        run = HealthRun(CheckContext(report.account, now), tell)
        if calls_nobody:
            costs = (Cost.ROWS, Cost.HOST)
            run.look_at_rows(report, costs, keeping.previous(report))
        else:
            run.look(all_checks())
    return run


@dataclass(frozen=True, slots=True)
class FinishedReport:
    """A report that was run here; `rows` are its findings, stored or not."""

    report: HealthReport
    rows: list[HealthFinding]
    is_kept: bool


@dataclass
class HealthRun:
    """One run of some checks over one account.

    `tell` hears of each check as it begins and ends. A check that crashes becomes a
    finding, and the others go on.
    """

    context: CheckContext
    tell: Tell
    found: list[CheckResult] = field(default_factory=list)
    _obstacles: list[_Obstacle] = field(default_factory=list)
    _quiet: Collection[str] = ()

    def look(self, checks: Iterable[HealthCheck]) -> None:
        """Run these checks one after another."""
        for check in checks:
            self.tell(check.id, CheckProgress(state=CheckState.RUNNING))
            began = time.monotonic()
            outcome = _run_one(check, self.context)
            state = CheckProgress(
                state=CheckState.SKIPPED, seconds=round(time.monotonic() - began, 2)
            )
            if isinstance(outcome, ShoplinkError):
                self._obstacles.append(_Obstacle(check.id, outcome))
                state["reason"] = clean(outcome.code, 60)
            elif isinstance(outcome, _Crash):
                self.found.append(CheckResult(check.id, outcome.finding))
                state["reason"] = outcome.finding.code
            else:
                self.found += [CheckResult(check.id, finding) for finding in outcome]
                state["state"] = _state_of(outcome)
            self.tell(check.id, state)

    def look_at_rows(
        self,
        report: HealthReport,
        costs: Collection[Cost],
        before: keeping.Previous | None,
    ) -> None:
        """Run the checks of these costs; take over what the others said `before`."""
        self.look(check for check in all_checks() if check.cost in costs)
        self._take_over(report, before)

    def look_for_signs(
        self,
        report: HealthReport,
        costs: Collection[Cost],
        before: keeping.Previous | None,
    ) -> None:
        """Do as `look_at_rows` does, but run no check that shows no sign of a fault.

        Of such a one is known that it finds nothing wrong.
        """
        due = [check for check in all_checks() if check.cost in costs]
        known = {check.id: check.signs for check in due if check.signs is not None}
        self._quiet = known.keys() - self._shown(known)
        for id_ in self._quiet:
            report.progress[id_] = CheckProgress(state=CheckState.OK)
        self.look(check for check in due if check.id not in self._quiet)
        self._take_over(report, before)

    def _shown(self, known: dict[str, signs.Signs]) -> Collection[str]:
        try:
            return signs.shown(self.context, known)
        except DatabaseError:
            # Then each looks for itself and says what it cannot do.
            logger.exception("no signs account=%s", self.context.account.pk)
            return known

    def look_at_rest(self) -> None:
        """Run the checks that showed no sign, for what they say of what is well."""
        self.look(check for check in all_checks() if check.id in self._quiet)

    def _take_over(self, report: HealthReport, before: keeping.Previous | None) -> None:
        for check in all_checks():
            unasked = CheckProgress(state=CheckState.NOT_ASKED)
            report.progress.setdefault(check.id, unasked)
        self.found += keeping.carried_over(report, before)

    def results(self) -> list[CheckResult]:
        """Return what was found, first causes first."""
        return _arranged(self.found + _unexplained(self.found, self._obstacles))


def _state_of(findings: Sequence[Finding]) -> CheckState:
    state = CheckState(worst(one.level for one in findings))
    if state == CheckState.OK and not all(one.is_proven for one in findings):
        return CheckState.NOT_PROVEN
    return state


def _run_one(
    check: HealthCheck, context: CheckContext
) -> list[Finding] | ShoplinkError | _Crash:
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
        finding = Finding(
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
            because=DATABASE if isinstance(error, DatabaseError) else "",
        )
        return _Crash(finding)


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
        RankedFault(
            one.finding.code,
            Severity(one.finding.level),
            one.finding.because,
            one.finding.is_past,
        )
        for one in results
    ]
    return [
        replace(results[place.index], consequence_of=place.consequence_of)
        for place in arrange(faults)
    ]
