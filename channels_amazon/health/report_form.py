"""The form of a report for other programs; health layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from channels_amazon.health.progress import CheckProgress, CheckState
from channels_amazon.health.registry import all_checks
from channels_amazon.models import (
    AmazonAccount,
    HealthFinding,
    HealthReport,
    translated,
    translated_packed,
)

Level = HealthFinding.Level


def as_dict(
    report: HealthReport, rows: Sequence[HealthFinding] | None = None
) -> dict[str, Any]:
    """Return a finished report as JSON can hold it; times are ISO 8601 in UTC.

    `findings` holds what is wrong, first causes first; `checks` says of each check
    what became of it, and `well` what was found right. `rows` are the findings of a
    report that could not be stored.
    """
    account = report.account
    if rows is None:
        rows = list(report.findings.all())
    return {
        "account": account.pk,
        "account_name": account.name,
        "seller_id": account.seller_id,
        "region": account.region,
        "report": report.pk,
        "status": report.status,
        "started_at": _iso(report.started_at),
        "finished_at": _iso(report.finished_at),
        "is_automatic": report.is_automatic,
        "confirmed_at": _iso(report.confirmed_at),
        "findings": [_finding(row) for row in rows if row.level != Level.OK],
        "well": [_finding(row) for row in rows if row.level == Level.OK],
        "checks": [
            {"check": check.id, "title": str(check.title)}
            | report.progress.get(check.id, CheckProgress(state=CheckState.NOT_RUN))
            for check in all_checks()
        ],
    }


def last_findings(account: AmazonAccount) -> dict[str, Any] | None:
    """Return the account's newest finished report as JSON; None where none is."""
    done = account.health_reports.filter(state=HealthReport.State.DONE)
    report = done.order_by("-pk").first()
    return as_dict(report) if report is not None else None


def _finding(row: HealthFinding) -> dict[str, Any]:
    return {
        "check": row.check_id,
        "code": row.code,
        "level": row.level,
        "cause": translated(row.cause),
        "fix": translated(row.fix),
        "evidence": _spoken(row.evidence),
        "consequence_of": row.consequence_of,
    }


def _spoken(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spoken(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spoken(inner) for inner in value]
    return translated_packed(value) if isinstance(value, str) else value


def _iso(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None
