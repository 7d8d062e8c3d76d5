"""Proves that no order was missed: the first pull, then a sweep; sync layer.

searchOrders grows one token in 179 s for all marketplaces of an account. So all of
them are asked in one call, and a few tokens always stay for a flash sale. That holds
for the sites that are not selected too: the merchant's stock is one for all of them.
The cursor is a low-water mark: it moves when the last page of a pass is stored.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from channels_amazon.models import SyncJob
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.orders import data_sets, intake
from channels_amazon.services.stock import backorders
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.orders import OrderPage, OrderSearch, search_orders
from channels_amazon.spapi.errors import Evidence, InvalidRequest, Throttled
from channels_amazon.spapi.orders import UnreadableOrder
from channels_amazon.sync.orders.first_pull import (
    counted,
    hand_over,
    needs_report,
    taken_back,
)
from channels_amazon.sync.orders.intake import quarantine_unreadable, store_order
from channels_amazon.sync.orders.missed_intervals import noticed
from channels_amazon.sync.orders.sweep_cursor import Position, moment, read_position
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.sync.runtime.registry import reconciler
from channels_amazon.wording import sentence

EVERY = timedelta(minutes=5)
FIRST_PULL = timedelta(days=30)
# Amazon's data settles late: what was read is read again this far back.
OVERLAP = timedelta(minutes=15)
# The newest that a search shows.
EDGE = timedelta(minutes=2)
TOKEN_LIVES = timedelta(hours=23)
SPARED_TOKENS = 3.0
# A long backlog takes all but the last token: a sweep so late may take that one.
OVERDUE_AFTER = timedelta(minutes=20)
PENDING_REREAD = timedelta(minutes=30)
PENDING_BATCH = 25


@reconciler(SyncJob.Kind.ORDER_SWEEP, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Read what changed since the low-water mark, page by page."""
    position = _start(ctx, taken_back(read_position(ctx.cursor)))
    ctx.save_cursor(asdict(position))
    while position.after:
        tokens = _usable_tokens(ctx, position)
        if needs_report(position, tokens):
            position = hand_over(ctx, position)
            ctx.save_cursor(asdict(position))
            continue
        _spare_tokens(ctx, tokens)
        position = _take_page(ctx, position)
        ctx.save_cursor(asdict(position))
        if position.after and not ctx.has_time():
            return Outcome(next_due=ctx.now(), is_complete=False)
    _mend(ctx)
    return Outcome()


def _start(ctx: RunContext, position: Position) -> Position:
    """Return the pass to go on with, or a new one."""
    now = ctx.now()
    if position.after:
        return position if _has_token(position, now) else replace(position, token="")
    edge = now - EDGE
    if position.is_pull:
        after = now - FIRST_PULL
    else:
        after = moment(position.low_water) - OVERLAP
        position = noticed(ctx, position, edge)
    return replace(position, after=after.isoformat(), edge=edge.isoformat())


def _has_token(position: Position, now: datetime) -> bool:
    if not position.token or not position.token_at:
        return False
    return now - moment(position.token_at) < TOKEN_LIVES


def _usable_tokens(ctx: RunContext, position: Position) -> float:
    """Return how many tokens the sweep may take, without those it spares."""
    low_water = position.low_water
    is_overdue = bool(low_water) and ctx.now() - moment(low_water) > OVERDUE_AFTER
    spared = 0.0 if is_overdue else SPARED_TOKENS
    line = _quota(ctx)
    if line is None:
        return float(operations.SEARCH_ORDERS.burst) - spared
    return line.tokens - min(spared, line.burst - 1)


def _quota(ctx: RunContext) -> quota_status.QuotaLine | None:
    name = operations.SEARCH_ORDERS.name
    lines = quota_status.quota_lines(ctx.account, ctx.now())
    return next((line for line in lines if line.operation == name), None)


def _spare_tokens(ctx: RunContext, tokens: float) -> None:
    """Wait, as for quota, when a call would take one of the spared tokens."""
    line = _quota(ctx) if tokens < 1 else None
    if line is None:
        return
    name = operations.SEARCH_ORDERS.name
    raise Throttled(
        sentence(
            "The quota of %(operation)s is kept for urgent orders until it has grown.",
            operation=name,
        ),
        Evidence(name),
        retry_at=ctx.now() + timedelta(seconds=(1 - tokens) / line.rate),
    )


def _take_page(ctx: RunContext, position: Position) -> Position:
    """Read and store one page; return where to go on."""
    called_at = ctx.now()
    try:
        # A page's token allows other data sets than the page before had.
        search = replace(
            _search(position), included_data=data_sets.data_sets(ctx.account)
        )
        page = search_orders(ctx.client, search, position.token or None)
    except InvalidRequest:
        if not position.token:
            raise
        # The page's token is void: the pass begins anew, which stores nothing twice.
        position = replace(position, pages=0, seen_from="", seen_to="")
        return replace(position, token="", token_at="")
    for found in page.orders:
        if isinstance(found, UnreadableOrder):
            quarantine_unreadable(ctx, found)
        else:
            store_order(ctx, found, source=intake.SWEEP)
    if not position.token:
        position = replace(position, edge=_edge(page, position).isoformat())
    if page.next_token:
        position = counted(position, page)
        return replace(position, token=page.next_token, token_at=called_at.isoformat())
    return _ended(position)


def _ended(position: Position) -> Position:
    """Return the position between this pass and the next."""
    return Position(
        low_water=position.edge,
        report=position.report,
        silent_since=position.silent_since,
        missed_from=position.missed_from,
        missed_until=position.missed_until,
    )


def _search(position: Position) -> OrderSearch:
    after = moment(position.after)
    if position.is_pull:
        return OrderSearch(created_after=after)
    return OrderSearch(last_updated_after=after)


def _edge(page: OrderPage, position: Position) -> datetime:
    """Return up to when the pass answers, never later than when it began."""
    stated = page.created_before if position.is_pull else page.last_updated_before
    ours = moment(position.edge)
    return min(stated, ours) if stated else ours


def _mend(ctx: RunContext) -> None:
    """Look after what neither an event nor a search is sure to tell."""
    before = ctx.now() - PENDING_REREAD
    if intake.mark_pending_stale(ctx.account, before, PENDING_BATCH):
        lifecycle.wake(ctx.account.pk, SyncJob.Kind.ORDER_FETCH)
    backorders.refresh_account(ctx.account)
