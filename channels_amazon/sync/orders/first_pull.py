"""Lets a report end the first pull of a seller with many orders; sync layer.

A page of searchOrders brings a hundred orders for a token that takes three minutes to
grow back. A report brings thirty days at once, without what a parcel needs, which
getOrder then brings for the orders that are to be shipped.
"""

from __future__ import annotations

from dataclasses import replace

from channels_amazon.models import OrderReport
from channels_amazon.rules.order_reports.comparison import pages_left
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose, State
from channels_amazon.spapi.apis.orders import OrderPage
from channels_amazon.spapi.orders import Order
from channels_amazon.sync.orders.sweep_cursor import Position, moment
from channels_amazon.sync.runtime.context import RunContext

# One page tells little of how many follow.
LEAST_PAGES = 2


def counted(position: Position, page: OrderPage) -> Position:
    """Return the position with the page's orders counted in."""
    times = [
        found.created_time.isoformat()
        for found in page.orders
        if isinstance(found, Order)
    ]
    seen = [time for time in (position.seen_from, position.seen_to, *times) if time]
    return replace(
        position,
        pages=position.pages + 1,
        seen_from=min(seen, key=moment, default=""),
        seen_to=max(seen, key=moment, default=""),
    )


def needs_report(position: Position, tokens: float) -> bool:
    """Tell whether more pages are coming than there are tokens for.

    `tokens` are those the sweep may use now.
    """
    if not position.is_pull or position.has_no_report or not position.token:
        return False
    if tokens < 1:
        return True
    if position.pages < LEAST_PAGES or not position.seen_from:
        return False
    covered = moment(position.seen_to) - moment(position.seen_from)
    span = moment(position.edge) - moment(position.after)
    return pages_left(position.pages, covered, span) > tokens


def hand_over(ctx: RunContext, position: Position) -> Position:
    """Want the report of the whole pull and end it; the same position if it can't be.

    The report is by last update, so that it has every order placed in the time.
    """
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.FIRST_PULL,
        starts_at=moment(position.after),
        ends_at=moment(position.edge),
    )
    if report is None:
        return replace(position, has_no_report=True)
    return Position(low_water=position.edge, report=report.pk)


def taken_back(position: Position) -> Position:
    """Return the position of a pull by pages, should its report have been given up."""
    if not position.report:
        return position
    report = OrderReport.objects.filter(pk=position.report).first()
    if report is not None and report.state in requests.OPEN:
        return position
    if report is not None and report.state != State.FAILED:
        return replace(position, report=0)
    return Position(has_no_report=True, silent_since=position.silent_since)
