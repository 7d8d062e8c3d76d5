"""The run that nobody asked for: it looks at rows; health layer.

It runs each hour for each account, so it must cost little: one statement asks for the
signs of all checks, only those that show one run, and there is no call while rows say
that all goes on. A full report is asked for when a job
stands still for a new reason, when it still does after ASK_AGAIN, and once a day where
the last report had found something at Amazon.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import translation

from channels_amazon.health import keeping
from channels_amazon.health.context import CheckContext
from channels_amazon.health.registry import Cost
from channels_amazon.health.runner import HealthRun
from channels_amazon.models import AmazonAccount, HealthReport
from channels_amazon.services.health.reports import prune

ASK_AGAIN = timedelta(hours=6)
# Findings whose reason only Amazon can tell.
WORTH_ASKING = frozenset({"job.failing", "notifications.silent", "quota.starved"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """What Amazon was last asked about, and when (UTC); None for never."""

    codes: tuple[str, ...] = ()
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LightRun:
    """What a light run found: a reason to ask Amazon, or none; whether it was kept."""

    asks: bool
    codes: tuple[str, ...] = field(default=())
    is_kept: bool = False


def run_light(account: AmazonAccount, now: datetime, before: Trouble) -> LightRun:
    """Run the checks that read our rows; keep a report if it is news.

    `before` is what was asked about last. With a reason to ask Amazon nothing is kept:
    the full report that follows says more.
    """
    report = HealthReport(
        account=account,
        is_automatic=True,
        state=HealthReport.State.RUNNING,
        started_at=now,
        language=account.store.language[:12],
    )
    last = keeping.previous(report)
    is_thorough = is_daily(account, now)
    costs = _costs(last, is_thorough=is_thorough)
    with translation.override(report.language):
        run = HealthRun(CheckContext(account, now), report.progress.__setitem__)
        run.look_for_signs(report, costs, last)
        codes = _reasons(one for one in run.found if one.finding.code in WORTH_ASKING)
        is_asked_again = is_thorough and keeping.has_problems_of(last, Cost.CALLS)
        if is_asked_again or _asks(before, codes, now):
            return LightRun(asks=True, codes=codes)
        rows = keeping.rows_of(report, run.results())
        if last is not None and not keeping.is_news(report, rows, last):
            keeping.confirm(report, last)
            return LightRun(asks=False, codes=codes)
        run.look_at_rest()
    rows = keeping.rows_of(report, run.results())
    report.save()
    keeping.keep(report, rows)
    prune(account)
    return LightRun(asks=False, codes=codes, is_kept=True)


def _costs(last: keeping.Previous | None, *, is_thorough: bool) -> set[Cost]:
    """Return what this run looks at: what all accounts share only where it matters."""
    if is_thorough:
        return {Cost.ROWS, Cost.HOST, Cost.MANY_ROWS}
    if keeping.has_problems_of(last, Cost.HOST):
        return {Cost.ROWS, Cost.HOST}
    return {Cost.ROWS}


def is_daily(account: AmazonAccount, now: datetime) -> bool:
    """Tell whether this hour's run is the one of the day that looks at more."""
    return bool(now.hour == account.pk % 24)


def _asks(before: Trouble, codes: tuple[str, ...], now: datetime) -> bool:
    """Tell whether there is trouble that Amazon was not asked about of late."""
    if not codes:
        return False
    if before.asked_at is None or before.codes != codes:
        return True
    return now - before.asked_at >= ASK_AGAIN


def _reasons(found: Iterable[keeping.CheckResult]) -> tuple[str, ...]:
    """Return what stands still and for which reason, in one order."""
    return tuple(
        sorted(
            f"{one.finding.code}:{one.finding.evidence.get('about', '')}"
            for one in found
        )
    )
