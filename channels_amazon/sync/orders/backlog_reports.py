"""Tells the fetch planner of reports, and wants the one it asks for; sync layer.

Asking Amazon, looking and reading are the work of the job of reports: here a report
is a wish, and something that is under way.
"""

from __future__ import annotations

from channels_amazon.models import OrderReport
from channels_amazon.rules.order_fetch.planner import (
    Quota,
    Report,
    Reports,
    RequestReport,
)
from channels_amazon.rules.order_fetch.reports import USUAL_TIME
from channels_amazon.rules.order_reports.requesting import BACKLOG_REST
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose, State
from channels_amazon.sync.runtime.context import RunContext

# So many at most are known to the planner; createReport's burst is fifteen.
_LAST = 20


def reports_of(ctx: RunContext, create: Quota) -> Reports:
    """Return what the planner has to know; `create` is the quota of createReport."""
    found = OrderReport.objects.filter(account=ctx.account, purpose=Purpose.BACKLOG)
    last = list(found.order_by("-pk")[:_LAST])
    underway = [report for report in last if report.state in OrderReport.OPEN]
    read = [report.ends_at for report in last if report.state == State.READ]
    rests = [
        report.wanted_at + BACKLOG_REST
        for report in last
        if report.state == State.FAILED
    ]
    return Reports(
        create=create,
        underway=tuple(_underway(ctx, report) for report in underway),
        covered_until=max(read, default=None),
        takes=requests.usual_time(ctx.account) or USUAL_TIME,
        rest_until=max(rests, default=None),
    )


def want(ctx: RunContext, call: RequestReport) -> None:
    """Want the report that the planner asks for."""
    requests.want_report(
        ctx.account,
        purpose=Purpose.BACKLOG,
        starts_at=call.start,
        ends_at=call.end,
    )


def _underway(ctx: RunContext, report: OrderReport) -> Report:
    now = ctx.now()
    # One that is being read is waited for, however long Amazon took.
    is_made = report.state == State.READY
    return Report(
        report_id=str(report.pk),
        start=report.starts_at,
        end=report.ends_at,
        requested_at=now if is_made else report.requested_at or report.wanted_at,
        checked_at=now,
    )
