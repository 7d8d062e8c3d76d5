"""Lets reports stand in for the sweep while Amazon refuses its pages; sync layer.

searchOrders may be refused alone, when getOrder and reports are served. The sweep then
asks for a report of what its pages would have shown, and tries a page each time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from channels_amazon.models import OrderReport, Permission
from channels_amazon.services.accounts import access_denial
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose
from channels_amazon.services.orders import refused_search
from channels_amazon.spapi.errors import AccessDenied
from channels_amazon.sync.orders.first_pull import request_report
from channels_amazon.sync.orders.sweep_cursor import SweepCursor, SweepPass
from channels_amazon.sync.runtime.context import RunContext

# A search shows no change that is younger than about two minutes, and nobody says that
# a report does: whoever took one for read up to now would miss the last sales.
NEWEST_SHOWN = timedelta(minutes=2)


def take_up(cursor: SweepCursor) -> SweepCursor:
    """Return the cursor moved on to where the report that stood in was read to."""
    if not cursor.stand_in:
        return cursor
    report = OrderReport.objects.filter(pk=cursor.stand_in).first()
    if report is not None and report.state in OrderReport.OPEN:
        return cursor
    low_water = cursor.low_water
    if report is not None and report.state in OrderReport.PROVEN:
        low_water = max(low_water or report.ends_at, report.ends_at)
    return replace(cursor, stand_in=0, low_water=low_water)


def want_instead(
    ctx: RunContext, cursor: SweepCursor, current: SweepPass, error: AccessDenied
) -> SweepCursor:
    """Have a report bring what the refused pass would have; return where to go on.

    Raises `error` unless a probe shows that the permission is there: else a report
    would be refused too, and people have to know why.
    """
    state = access_denial.look_into(ctx.account, ctx.client, Permission.Name.ORDERS)
    if state != Permission.State.GRANTED:
        raise error
    if cursor.refused_since is None:
        refused_search.record_refused(ctx.account, error)
    cursor = replace(cursor, refused_since=cursor.refused_since or ctx.now())
    if cursor.low_water is None:
        since = cursor.refused_since
        return replace(request_report(ctx, cursor, current), refused_since=since)
    return stand_in(ctx, cursor, current)


def pages_work(ctx: RunContext, cursor: SweepCursor) -> SweepCursor:
    """Return the cursor of a sweep that has just read a page."""
    if cursor.refused_since is None:
        return cursor
    refused_search.record_works(ctx.account)
    return replace(cursor, refused_since=None)


def stand_in(ctx: RunContext, cursor: SweepCursor, current: SweepPass) -> SweepCursor:
    """Have a report bring what changed since the pass begins; return where to go on.

    Once it is read, `take_up` moves the low-water mark: the next one begins there.
    """
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.SWEEP,
        starts_at=current.after,
        ends_at=ctx.now() - NEWEST_SHOWN,
    )
    # Another one is under way where this one cannot be had: the next run asks again.
    key = report.pk if report is not None else cursor.stand_in
    return replace(cursor, under_way=None, stand_in=key)
