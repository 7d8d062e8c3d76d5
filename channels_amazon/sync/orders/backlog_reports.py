"""Tells the fetch planner which reports are under way, and orders one; sync layer.

Here a row is made that says which report is needed, no more. The job `order_reports`
requests it of Amazon, polls and reads it, and then wakes the fetch.
"""

from __future__ import annotations

from channels_amazon.models import AmazonAccount, OrderReport
from channels_amazon.rules.order_fetch.calls import RequestReport
from channels_amazon.rules.order_fetch.state import (
    USUAL_REPORT_TIME,
    PendingReport,
    Quota,
    Reports,
)
from channels_amazon.rules.order_reports.requesting import BACKLOG_REST
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose, State

# So many at most are known to the planner; createReport's burst is fifteen.
_LAST = 20


def reports_of(account: AmazonAccount, create: Quota) -> Reports:
    """Return what the planner has to know; `create` is the quota of createReport."""
    found = OrderReport.objects.filter(account=account, purpose=Purpose.BACKLOG)
    last = list(found.order_by("-pk")[:_LAST])
    read = [report.ends_at for report in last if report.state == State.READ]
    rests = [
        report.wanted_at + BACKLOG_REST
        for report in last
        if report.state == State.FAILED
    ]
    return Reports(
        create=create,
        pending=tuple(
            PendingReport(
                start=report.starts_at,
                end=report.ends_at,
                requested_at=report.requested_at or report.wanted_at,
                # While it is read it is waited for, however long Amazon took.
                is_ready=report.state == State.READY,
            )
            for report in last
            if report.state in OrderReport.OPEN
        ),
        covered_until=max(read, default=None),
        takes=requests.usual_time(account) or USUAL_REPORT_TIME,
        rest_until=max(rests, default=None),
    )


def want(account: AmazonAccount, call: RequestReport) -> bool:
    """Make the row of the report that the planner asks for, and wake its job.

    False where that cannot be done now: createReport is being called for another one.
    """
    report = requests.want_report(
        account, purpose=Purpose.BACKLOG, starts_at=call.start, ends_at=call.end
    )
    return report is not None
