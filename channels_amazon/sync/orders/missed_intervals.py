"""Finds the time in which changes could go unseen, for a report; sync layer.

There are two such times: while the sweep was out of action, and while nobody read
Amazon's events. Exactly that interval is proven by a report once it is over. Where
Amazon itself sends no events any more, no report is needed: sweeps come more often.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from channels_amazon.models import AmazonAccount
from channels_amazon.rules.health.liveness import CONSUMER_OUTAGE_AFTER, Process
from channels_amazon.rules.order_reports.requesting import is_outage
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.notifications.arrival import orders_without_event
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose
from channels_amazon.sync.orders.sweep_cursor import Interval, SweepCursor
from channels_amazon.sync.runtime.context import RunContext


def are_events_read(account: AmazonAccount, now: datetime) -> bool:
    """Tell whether Amazon sends the account's events and somebody reads them."""
    if not account.subscription_id or not heartbeats.is_listening(
        CONSUMER_OUTAGE_AFTER
    ):
        return False
    return not orders_without_event(account, now).exists()


def add_silence(
    ctx: RunContext, cursor: SweepCursor, low_water: datetime, upper_bound: datetime
) -> SweepCursor:
    """Note since when nobody reads events, and what that missed once it is over.

    `low_water` is where the pass before ended, `upper_bound` where this one will.
    """
    has_consumer = heartbeats.latest(Process.CONSUMER) is not None
    if not has_consumer or not ctx.account.subscription_id:
        return replace(cursor, silent_since=None)
    if not heartbeats.is_listening(CONSUMER_OUTAGE_AFTER):
        # A consumer that began with a trouble cannot say when it listened last.
        last = heartbeats.last_listening() or low_water
        return replace(cursor, silent_since=cursor.silent_since or last)
    if cursor.silent_since is None:
        return cursor
    cursor = _add(cursor, cursor.silent_since, upper_bound)
    return replace(cursor, silent_since=None)


def note_activity(
    cursor: SweepCursor, *, now: datetime, until: datetime, upper_bound: datetime
) -> SweepCursor:
    """Return the cursor of a sweep that reads a page at `now`, or waits for quota.

    If it was out of action before, that was missed up to `upper_bound`, the newest
    change that Amazon shows at `now`. `until` is when its wait for quota ends.
    """
    low_water = cursor.low_water
    if low_water is not None and is_outage(cursor.active_until or low_water, now):
        cursor = _add(cursor, low_water, upper_bound)
    return replace(cursor, active_until=until)


def want_report(ctx: RunContext, cursor: SweepCursor) -> SweepCursor:
    """Have a report made of what was missed; keep the interval until that is done."""
    if cursor.missed is None:
        return cursor
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.OUTAGE,
        starts_at=cursor.missed.start,
        ends_at=cursor.missed.end,
    )
    return cursor if report is None else replace(cursor, missed=None)


def _add(cursor: SweepCursor, start: datetime, end: datetime) -> SweepCursor:
    if start >= end:
        return cursor
    if cursor.missed is not None:
        start, end = min(start, cursor.missed.start), max(end, cursor.missed.end)
    return replace(cursor, missed=Interval(start, end))
