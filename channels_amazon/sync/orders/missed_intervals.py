"""Finds the time in which changes could go unseen, for a report; sync layer.

Two things say so: the sweep begins with a low-water mark that is old, or nobody read
Amazon's events for a while. Exactly that interval is reconciled once it is over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from channels_amazon.models import AmazonAccount, Heartbeat
from channels_amazon.rules.health.liveness import CONSUMER_OUTAGE_AFTER
from channels_amazon.rules.order_reports.requesting import is_outage
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose
from channels_amazon.sync.orders.sweep_cursor import Interval, SweepCursor
from channels_amazon.sync.runtime.context import RunContext


def are_events_read(account: AmazonAccount) -> bool:
    """Tell whether Amazon sends the account's events and somebody reads them."""
    is_subscribed = bool(account.subscription_id)
    return is_subscribed and heartbeats.is_listening(CONSUMER_OUTAGE_AFTER)


def add_missed_intervals(
    ctx: RunContext, cursor: SweepCursor, *, low_water: datetime, upper_bound: datetime
) -> SweepCursor:
    """Return the cursor with what was missed until `upper_bound`, its report wanted.

    `low_water` is where the sweep before ended.
    """
    cursor = _add_silence(ctx, cursor, upper_bound)
    if is_outage(low_water, ctx.now()):
        cursor = _add(cursor, low_water, upper_bound)
    return _request_report(ctx, cursor)


def _add_silence(
    ctx: RunContext, cursor: SweepCursor, upper_bound: datetime
) -> SweepCursor:
    """Note since when no event is read, and what that missed once it is over."""
    beat = heartbeats.latest(Heartbeat.Kind.CONSUMER)
    if beat is None or not ctx.account.subscription_id:
        return replace(cursor, silent_since=None)
    if ctx.now() - beat.beat_at > CONSUMER_OUTAGE_AFTER:
        return replace(cursor, silent_since=cursor.silent_since or beat.beat_at)
    if cursor.silent_since is None:
        return cursor
    cursor = _add(cursor, cursor.silent_since, upper_bound)
    return replace(cursor, silent_since=None)


def _add(cursor: SweepCursor, start: datetime, end: datetime) -> SweepCursor:
    if start >= end:
        return cursor
    if cursor.missed is not None:
        start, end = min(start, cursor.missed.start), max(end, cursor.missed.end)
    return replace(cursor, missed=Interval(start, end))


def _request_report(ctx: RunContext, cursor: SweepCursor) -> SweepCursor:
    """Want the report of what was missed; keep the interval until one is wanted."""
    if cursor.missed is None:
        return cursor
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.OUTAGE,
        starts_at=cursor.missed.start,
        ends_at=cursor.missed.end,
    )
    return cursor if report is None else replace(cursor, missed=None)
