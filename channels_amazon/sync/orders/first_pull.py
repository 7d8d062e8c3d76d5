"""Lets a report end the first pull of a seller with many orders; sync layer.

A page of searchOrders brings a hundred orders for a token that takes three minutes to
grow back. A report brings thirty days at once, without what a parcel needs, which
getOrder then brings for the orders that are to be shipped.
"""

from __future__ import annotations

from dataclasses import replace

from channels_amazon.models import OrderReport
from channels_amazon.rules.order_reports.requesting import first_pull_needs_report
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose, State
from channels_amazon.spapi.apis.orders import OrderPage
from channels_amazon.spapi.orders import AmazonOrder
from channels_amazon.sync.orders.sweep_cursor import Interval, SweepCursor, SweepPass
from channels_amazon.sync.runtime.context import RunContext


def add_page(current: SweepPass, page: OrderPage) -> SweepPass:
    """Return the pass with the page counted, and when its orders were placed."""
    placed = [
        found.created_time
        for found in page.orders
        if isinstance(found, AmazonOrder) and found.created_time is not None
    ]
    if current.placed is not None:
        placed += current.placed
    return replace(
        current,
        pages=current.pages + 1,
        placed=Interval(min(placed), max(placed)) if placed else None,
    )


def needs_report(cursor: SweepCursor, current: SweepPass, tokens: float) -> bool:
    """Tell whether the first pull has more pages to come than there are tokens for.

    `tokens` are those the sweep may use now.
    """
    if cursor.low_water is not None or cursor.has_no_report or not current.token:
        return False
    placed = current.placed
    covered = placed.end - placed.start if placed else None
    span = current.upper_bound - current.after
    return first_pull_needs_report(current.pages, covered, span, tokens)


def request_report(
    ctx: RunContext, cursor: SweepCursor, current: SweepPass
) -> SweepCursor:
    """Have a report bring the whole pull and end the pass; go on by pages without one.

    The report is by last update, so that it has every order placed in the time.
    """
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.FIRST_PULL,
        starts_at=current.after,
        ends_at=current.upper_bound,
    )
    if report is None:
        return replace(cursor, has_no_report=True)
    return SweepCursor(
        low_water=current.upper_bound,
        active_until=cursor.active_until,
        report=report.pk,
    )


def restart_without_report(cursor: SweepCursor) -> SweepCursor:
    """Return the cursor, that of a new pull by pages if its report was given up."""
    if not cursor.report:
        return cursor
    report = OrderReport.objects.filter(pk=cursor.report).first()
    if report is not None and report.state in OrderReport.OPEN:
        return cursor
    if report is not None and report.state != State.FAILED:
        return replace(cursor, report=0)
    return SweepCursor(
        active_until=cursor.active_until,
        has_no_report=True,
        silent_since=cursor.silent_since,
        refused_since=cursor.refused_since,
    )
