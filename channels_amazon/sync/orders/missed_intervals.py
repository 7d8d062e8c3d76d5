"""Finds the time in which changes could go unseen, for a report; sync layer.

Two things say so: the sweep begins with a mark that is old, or nobody read Amazon's
events for a while. Exactly that interval is reconciled once it is over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from channels_amazon.models import Heartbeat
from channels_amazon.rules.order_reports.comparison import OUTAGE_AFTER
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose
from channels_amazon.sync.orders.sweep_cursor import Position, moment
from channels_amazon.sync.runtime.context import RunContext

# The reader of events shows life every 20 s; a restart is no outage.
SILENT_AFTER = timedelta(minutes=5)


def noticed(ctx: RunContext, position: Position, edge: datetime) -> Position:
    """Return the position with what was missed, up to `edge`, added to it."""
    if position.is_pull:
        return position
    position = _with_silence(ctx, position, edge)
    low_water = moment(position.low_water)
    if ctx.now() - low_water > OUTAGE_AFTER:
        position = _missed(position, low_water, edge)
    return _told(ctx, position)


def _with_silence(ctx: RunContext, position: Position, edge: datetime) -> Position:
    """Note since when no event is read, and what that missed once it is over."""
    beat = heartbeats.latest(Heartbeat.Kind.CONSUMER)
    if beat is None or not ctx.account.subscription_id:
        return replace(position, silent_since="")
    if ctx.now() - beat.beat_at > SILENT_AFTER:
        return replace(
            position, silent_since=position.silent_since or beat.beat_at.isoformat()
        )
    if not position.silent_since:
        return position
    position = _missed(position, moment(position.silent_since), edge)
    return replace(position, silent_since="")


def _missed(position: Position, start: datetime, end: datetime) -> Position:
    if start >= end:
        return position
    if position.missed_from:
        start = min(start, moment(position.missed_from))
        end = max(end, moment(position.missed_until))
    return replace(
        position, missed_from=start.isoformat(), missed_until=end.isoformat()
    )


def _told(ctx: RunContext, position: Position) -> Position:
    """Want the report of what was missed; keep it until the wish is taken."""
    if not position.missed_from:
        return position
    report = requests.want_report(
        ctx.account,
        purpose=Purpose.OUTAGE,
        starts_at=moment(position.missed_from),
        ends_at=moment(position.missed_until),
    )
    if report is None:
        return position
    return replace(position, missed_from="", missed_until="")
