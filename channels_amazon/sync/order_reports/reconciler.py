"""Takes order reports from the need for one to what it says; sync layer.

Each run does for every open report what can be done now, and comes back when Amazon
may have it ready. Nothing is waited for, neither quota nor Amazon.

Cost: a report takes one createReport, a few getReport and a getReportDocument for each
four minutes of storing. With 1,000 orders that are known it takes 120 queries at most,
none of them for an order; each missing order takes 3 at most, since they are stored by
sets.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import OrderReport, Permission, SyncJob
from channels_amazon.rules.order_reports.requesting import (
    DAILY_AGAIN_AFTER,
    DAILY_SPAN,
    is_daily_due,
    next_daily_slot,
)
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import PROOFS, Purpose, State
from channels_amazon.spapi.errors import Throttled
from channels_amazon.sync.order_reports.reading import read
from channels_amazon.sync.order_reports.requesting import poll, request
from channels_amazon.sync.orders.sweep_cursor import read_cursor
from channels_amazon.sync.runtime.context import Result, RunContext


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a report to go on with."""
    rows = OrderReport.objects.filter(
        Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now),
        state__in=OrderReport.OPEN,
    )
    return rows.order_by().values("account_id")


@reconciler(
    SyncJob.Kind.ORDER_REPORTS,
    title=_("Order reports"),
    interval=HALF_A_DAY,
    permission=Permission.Name.ORDERS,
    due_accounts=due_accounts,
)
def reconcile(ctx: RunContext) -> Result:
    """Request, poll and read the account's reports, each as far as it goes now."""
    times = [next_daily_slot(ctx.account.pk, ctx.now())]
    if not _want_daily(ctx):
        times.append(ctx.now() + DAILY_AGAIN_AFTER)
    found = requests.open_reports(ctx.account)
    if not found:
        return Result(next_due=min(times))
    waits: list[Throttled] = []
    has_advanced = False
    for report in _workable(found):
        try:
            again_at = _advance(ctx, report)
        except Throttled as error:
            waits.append(error)
            continue
        has_advanced = True
        times += [again_at] if again_at else []
    if waits and not has_advanced:
        raise min(waits, key=lambda error: error.retry_at)
    times += [error.retry_at for error in waits]
    left = requests.open_reports(ctx.account)
    is_pulling = any(report.purpose == Purpose.FIRST_PULL for report in left)
    return Result(next_due=min(times), is_complete=not is_pulling)


def _workable(found: list[OrderReport]) -> list[OrderReport]:
    """Return the open reports; a proof means nothing before the first pull is read."""
    if any(report.purpose == Purpose.FIRST_PULL for report in found):
        return [report for report in found if report.purpose not in PROOFS]
    return found


def _advance(ctx: RunContext, report: OrderReport) -> datetime | None:
    """Take the report as far as it goes now; return when to go on, None at its end."""
    steps = {State.WANTED: request, State.REQUESTED: poll, State.READY: read}
    while report.state in OrderReport.OPEN:
        if report.next_poll_at is not None and report.next_poll_at > ctx.now():
            return report.next_poll_at
        if not ctx.has_time():
            return ctx.now()
        steps[State(report.state)](ctx, report)
        report.refresh_from_db()
    return None


def _want_daily(ctx: RunContext) -> bool:
    """Have the day's proof made, up to where the sweep says that all was read.

    Returns False where it is due and cannot be made yet.
    """
    sweep = SyncJob.objects.filter(
        account=ctx.account, kind=SyncJob.Kind.ORDER_SWEEP
    ).first()
    if sweep is None or sweep.first_done_at is None:
        return True
    low_water = read_cursor(sweep.cursor).low_water
    daily = OrderReport.objects.filter(account=ctx.account, purpose=Purpose.DAILY)
    if not is_daily_due(
        ctx.account.pk,
        ctx.now(),
        first_sweep_at=sweep.first_done_at,
        last_wanted_at=daily.aggregate(at=Max("wanted_at"))["at"],
    ):
        return True
    if low_water is None:
        # The sweep begins anew: in a while it says again up to where all was read.
        return False
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.DAILY,
        starts_at=low_water - DAILY_SPAN,
        ends_at=low_water,
    )
    return report is not None
