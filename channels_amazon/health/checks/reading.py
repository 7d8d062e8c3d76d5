"""Does every reader get on, in every marketplace? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import ReadingIssue
from channels_amazon.services.jobs.reading_issues import (
    CODES,
    IssueLine,
    fix_of,
    issue_lines,
)
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.wording import sentence


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [ReadingIssue.objects.filter(account=of.account)]


@check(
    "reading",
    group="queue",
    order=10,
    title=gettext_lazy("Reading from Amazon"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look at what the readers could not read, and at what Amazon refuses for good."""
    return [_finding(line) for line in issue_lines(context.account)] or [
        well(sentence("Every marketplace was read to its end."))
    ]


def _finding(line: IssueLine) -> Finding:
    issue = line.issue
    if line.is_harmless:
        return well(line.text, **_evidence(line))
    return Finding(
        code=CODES[issue.cause],
        level=_level(issue),
        cause=line.text,
        fix=fix_of(issue),
        fix_action="amazon-status",
        evidence={"about": f"{issue.kind} {line.site}".strip(), **_evidence(line)},
    )


def _level(issue: ReadingIssue) -> Level:
    """Return how bad it is: a fault that stays is worse than one that just came."""
    is_lasting = not issue.is_fact and issue.times >= FAILING_AFTER
    return Level.ERROR if is_lasting else Level.WARNING


def _evidence(line: IssueLine) -> dict[str, object]:
    issue = line.issue
    seen: dict[str, object] = {
        "jobs": [issue.kind],
        "operation": issue.operation,
        "request_ids": list(issue.request_ids),
        "since": issue.first_at,
        "seen_at": issue.last_at,
        "attempts": issue.times,
        "retry_at": issue.retry_at,
    }
    if line.site:
        seen["marketplaces"] = [line.site]
    if issue.amazon_code:
        seen["amazon_code"] = issue.amazon_code
    return seen
