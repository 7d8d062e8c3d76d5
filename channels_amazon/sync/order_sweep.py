"""Proves that no order was missed: the first pull, then a sweep; sync layer.

searchOrders grows one token in 179 s for all marketplaces of an account. So all of
them are asked in one call, and a few tokens always stay for a flash sale. That holds
for the sites that are not selected too: the merchant's stock is one for all of them.
The cursor is a low-water mark: it moves when the last page of a pass is stored.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from channels_amazon.models import SyncJob
from channels_amazon.services import backorders, figures, jobs, order_data, orders
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.orders import OrderPage, OrderSearch, search_orders
from channels_amazon.spapi.errors import Evidence, InvalidRequest, Throttled
from channels_amazon.spapi.orders import UnreadableOrder
from channels_amazon.sync.context import Outcome, RunContext
from channels_amazon.sync.registry import reconciler
from channels_amazon.sync.storing import store_order, unreadable
from channels_amazon.wording import sentence

EVERY = timedelta(minutes=5)
FIRST_PULL = timedelta(days=30)
# Amazon's data settles late: what was read is read again this far back.
OVERLAP = timedelta(minutes=15)
# The newest that a search shows.
EDGE = timedelta(minutes=2)
TOKEN_LIVES = timedelta(hours=23)
SPARED_TOKENS = 3.0
PENDING_REREAD = timedelta(minutes=30)
PENDING_BATCH = 25


@dataclass(frozen=True)
class Position:
    """Where the pass stands, as kept in the job's cursor; times are ISO texts.

    `low_water` is up to when everything was read, "" before the first pull ended.
    `after` is since when the present pass reads ("" between two passes), `edge` up to
    when it answers, `token` its next page and `token_at` since when it has that.
    """

    low_water: str = ""
    after: str = ""
    edge: str = ""
    token: str = ""
    token_at: str = ""

    @property
    def is_pull(self) -> bool:
        """Tell whether the pass is the first, by when orders were placed."""
        return not self.low_water


@reconciler(SyncJob.Kind.ORDER_SWEEP, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Read what changed since the low-water mark, page by page."""
    position = _start(_read(ctx.cursor), ctx.now())
    ctx.save_cursor(asdict(position))
    while position.after:
        _spare_tokens(ctx)
        position = _take_page(ctx, position)
        ctx.save_cursor(asdict(position))
        if position.after and not ctx.has_time():
            return Outcome(next_due=ctx.now(), is_complete=False)
    _mend(ctx)
    return Outcome()


def _read(cursor: dict[str, Any]) -> Position:
    known = {name: cursor[name] for name in Position.__match_args__ if name in cursor}
    return Position(**known)


def _start(position: Position, now: datetime) -> Position:
    """Return the pass to go on with, or a new one."""
    if position.after:
        return position if _has_token(position, now) else replace(position, token="")
    if position.is_pull:
        after = now - FIRST_PULL
    else:
        after = datetime.fromisoformat(position.low_water) - OVERLAP
    edge = now - EDGE
    return Position(
        low_water=position.low_water,
        after=after.isoformat(),
        edge=edge.isoformat(),
    )


def _has_token(position: Position, now: datetime) -> bool:
    if not position.token or not position.token_at:
        return False
    return now - datetime.fromisoformat(position.token_at) < TOKEN_LIVES


def _spare_tokens(ctx: RunContext) -> None:
    """Wait, as for quota, when a call would take one of the spared tokens."""
    now = ctx.now()
    name = operations.SEARCH_ORDERS.name
    lines = figures.quota_lines(ctx.account, now)
    line = next((line for line in lines if line.operation == name), None)
    if line is None:
        return
    missing = min(SPARED_TOKENS + 1, line.burst) - line.tokens
    if missing <= 0:
        return
    raise Throttled(
        sentence(
            "The quota of %(operation)s is kept for urgent orders until it has grown.",
            operation=name,
        ),
        Evidence(name),
        retry_at=now + timedelta(seconds=missing / line.rate),
    )


def _take_page(ctx: RunContext, position: Position) -> Position:
    """Read and store one page; return where to go on."""
    called_at = ctx.now()
    try:
        # A page's token allows other data sets than the page before had.
        search = replace(
            _search(position), included_data=order_data.data_sets(ctx.account)
        )
        page = search_orders(ctx.client, search, position.token or None)
    except InvalidRequest:
        if not position.token:
            raise
        # The page's token is void: the pass begins anew, which stores nothing twice.
        return replace(position, token="", token_at="")
    for found in page.orders:
        if isinstance(found, UnreadableOrder):
            unreadable(ctx, found)
        else:
            store_order(ctx, found, source=orders.SWEEP)
    if not position.token:
        position = replace(position, edge=_edge(page, position).isoformat())
    if page.next_token:
        return replace(position, token=page.next_token, token_at=called_at.isoformat())
    return Position(low_water=position.edge)


def _search(position: Position) -> OrderSearch:
    after = datetime.fromisoformat(position.after)
    if position.is_pull:
        return OrderSearch(created_after=after)
    return OrderSearch(last_updated_after=after)


def _edge(page: OrderPage, position: Position) -> datetime:
    """Return up to when the pass answers, never later than when it began."""
    stated = page.created_before if position.is_pull else page.last_updated_before
    ours = datetime.fromisoformat(position.edge)
    return min(stated, ours) if stated else ours


def _mend(ctx: RunContext) -> None:
    """Look after what neither an event nor a search is sure to tell."""
    before = ctx.now() - PENDING_REREAD
    if orders.mark_pending_stale(ctx.account, before, PENDING_BATCH):
        jobs.wake(ctx.account.pk, SyncJob.Kind.ORDER_FETCH)
    backorders.refresh_account(ctx.account)
