"""Finds the time in which changes could go unseen, for a report; sync layer.

Two things say so: the sweep begins with a low-water mark that is old, or nobody read
Amazon's events for a while. Exactly that interval is reconciled once it is over.
A third one is that Amazon sends no more events, as when it dropped the subscription:
then sweeps bring the orders that no event told of, and come more often.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.rules.health.liveness import CONSUMER_OUTAGE_AFTER, Process
from channels_amazon.rules.order_reports.requesting import is_outage
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose
from channels_amazon.services.orders.changes import OrderResult
from channels_amazon.sync.orders.sweep_cursor import Interval, SweepCursor
from channels_amazon.sync.runtime.context import RunContext

# Amazon's events come within seconds, and in a rush within minutes: an order that
# changed longer ago, and that only the sweep brought, had none.
EVENT_COMES_WITHIN = timedelta(minutes=10)


def are_events_read(account: AmazonAccount, cursor: SweepCursor) -> bool:
    """Tell whether Amazon sends the account's events and somebody reads them."""
    if not account.subscription_id or _misses_events(account, cursor):
        return False
    return heartbeats.is_listening(CONSUMER_OUTAGE_AFTER)


def note_missed_event(
    cursor: SweepCursor, found: Iterable[OrderResult], now: datetime
) -> SweepCursor:
    """Return the cursor, which notes when one of `found` should have had an event."""
    before = now - EVENT_COMES_WITHIN
    is_missed = any(
        result.is_new
        and result.order.event_seen_at is None
        and result.order.last_updated_at is not None
        and result.order.last_updated_at < before
        for result in found
    )
    return replace(cursor, missed_event_since=now) if is_missed else cursor


def _misses_events(account: AmazonAccount, cursor: SweepCursor) -> bool:
    if cursor.missed_event_since is None:
        return False
    since = cursor.missed_event_since
    return not Order.objects.filter(account=account, event_seen_at__gt=since).exists()


def add_missed_intervals(
    ctx: RunContext, cursor: SweepCursor, *, low_water: datetime, upper_bound: datetime
) -> SweepCursor:
    """Return the cursor with what was missed until `upper_bound`, its report wanted.

    `low_water` is where the sweep before ended.
    """
    if not _misses_events(ctx.account, cursor):
        cursor = replace(cursor, missed_event_since=None)
    cursor = _add_silence(ctx, cursor, low_water, upper_bound)
    if is_outage(low_water, ctx.now()):
        cursor = _add(cursor, low_water, upper_bound)
    return _request_report(ctx, cursor)


def _add_silence(
    ctx: RunContext, cursor: SweepCursor, low_water: datetime, upper_bound: datetime
) -> SweepCursor:
    """Note since when no event is read, and what that missed once it is over."""
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
