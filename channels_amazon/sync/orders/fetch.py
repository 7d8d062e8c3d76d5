"""Fetches the orders that changed at Amazon, the most urgent first; sync layer.

What to call is the planner's decision (`rules/order_fetch`), and what a call brings is
written by the services. Of a report only the row is made here that says which one is
needed: the job `order_reports` requests and reads it, and wakes this one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any, assert_never

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import Order, Permission, SyncJob
from channels_amazon.rules.order_fetch.calls import (
    FetchCall,
    GetEach,
    RequestReport,
    SearchPages,
)
from channels_amazon.rules.order_fetch.planner import plan
from channels_amazon.rules.order_reports.requesting import BACKLOG_AGAIN_AFTER
from channels_amazon.rules.orders.transitions import status_of
from channels_amazon.services.jobs.backoff import item_backoff, unanswered_backoff
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.orders import data_sets, fetch_queue, intake
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.orders import (
    FulfilledBy,
    FulfillmentStatus,
    OrderSearch,
    get_order,
)
from channels_amazon.spapi.errors import (
    AccessDenied,
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    SpApiError,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.sync.orders import backlog_reports
from channels_amazon.sync.orders.fetch_state import FetchCursor, fetch_state
from channels_amazon.sync.orders.intake import store_order
from channels_amazon.sync.orders.pages import OrderPages
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from channels_amazon.sync.runtime.page_trail import PageTrail, Standstill
from channels_amazon.sync.runtime.site_reading import SiteReading
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# After so many readings that are older than the event, Amazon's own reading wins.
MOST_OLDER_READS = 6

# Amazon's words for what we have to ship, as a search filters by them.
_TO_SHIP = tuple(word for word in FulfillmentStatus if status_of(word) in Order.TO_SHIP)


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a stale order to fetch now."""
    return fetch_queue.due(now).order_by().values("account_id")


@reconciler(
    SyncJob.Kind.ORDER_FETCH,
    title=_("Orders by event"),
    interval=HALF_A_DAY,
    # A buyer waits for the order.
    head_start=timedelta(minutes=1),
    permission=Permission.Name.ORDERS,
    due_accounts=due_accounts,
    net_pause=timedelta(minutes=1),
)
def reconcile(ctx: RunContext) -> Result:
    """Fetch every stale order that is due, as far as quota and time go."""
    outage = OutageDetector(ctx)
    while stale := fetch_queue.stale_orders(ctx.account, ctx.now()):
        now = ctx.now()
        state = fetch_state(ctx.account, stale, FetchCursor.read(ctx.cursor), now)
        chosen = plan(state, now)
        if not chosen.calls:
            outage.end()
            return Result(next_due=_next_due(ctx, chosen.replan_at))
        wanted = data_sets.data_sets(ctx.account)
        requested = [one for one in chosen.calls if isinstance(one, RequestReport)]
        is_wanted = all(backlog_reports.want(ctx.account, one) for one in requested)
        for call in chosen.calls:
            if not _make(ctx, call, outage, wanted):
                outage.end()
                return Result(next_due=ctx.now(), is_complete=False)
        if not is_wanted:
            # Planned again at once, the same report would be refused again.
            again_at = ctx.now() + BACKLOG_AGAIN_AFTER
            return Result(next_due=again_at, is_complete=False)
    outage.end()
    return Result(next_due=_next_due(ctx, None))


def _next_due(ctx: RunContext, replan_at: datetime | None) -> datetime | None:
    """Return when the first order or quota is due, None when none is waited for."""
    first = fetch_queue.next_retry_at(ctx.account, ctx.now())
    return min((time for time in (replan_at, first) if time is not None), default=None)


def _make(
    ctx: RunContext, call: FetchCall, outage: OutageDetector, wanted: tuple[str, ...]
) -> bool:
    """Make one call of the plan; False when the time was up before it was done."""
    match call:
        case GetEach():
            return _get_each(ctx, call, outage, wanted)
        case SearchPages():
            _search(ctx, call, wanted)
            return ctx.has_time()
        case RequestReport():
            # `reconcile` has seen to it, before any call is made.
            return True
        case _:
            assert_never(call)


def _get_each(
    ctx: RunContext, call: GetEach, outage: OutageDetector, wanted: tuple[str, ...]
) -> bool:
    """Read the orders one by one; False when the time was up before the last."""
    waiting = fetch_queue.rows_waiting(ctx.account, call.order_ids)
    for order_id in call.order_ids:
        if not outage.has_time():
            return False
        # The sweep or a report may have brought it since the plan was made.
        if order_id in waiting:
            _fetch(ctx, waiting[order_id], outage, wanted)
    return True


def _search(ctx: RunContext, call: SearchPages, wanted: tuple[str, ...]) -> None:
    """Bring many orders by few pages; what they do not hold is fetched one by one."""
    search = OrderSearch(
        last_updated_after=call.after,
        last_updated_before=call.before,
        statuses=_TO_SHIP if call.to_ship_only else (),
        fulfilled_by=(FulfilledBy.MERCHANT,) if call.to_ship_only else (),
        included_data=wanted,
    )
    began_at, before = ctx.now(), FetchCursor.read(ctx.cursor)
    pages = OrderPages(ctx, search, PageTrail(restarts=before.refusals))
    reading = SiteReading(ctx, operations.SEARCH_ORDERS)
    # A shortcut only: where it does not serve, getOrder brings the same orders.
    try:
        while pages.has_next and pages.read < call.pages and ctx.has_time():
            pages.take()
    except (
        Throttled,
        InvalidRequest,
        AccessDenied,
        ServiceUnavailable,
        UnexpectedResponse,
    ) as error:
        logger.info("no pages account=%s code=%s", ctx.account.pk, error.code)
        paused = FetchCursor(ctx.now(), refusals=pages.trail.restarts)
        ctx.save_cursor(paused.stored())
        return
    except Standstill as found:
        again_at = reading.note_standstill(found)
        ctx.save_cursor(FetchCursor(ctx.now(), again_at).stored())
        return
    is_of_use = bool(pages.order_ids & call.order_ids)
    if not pages.has_next:
        fetch_queue.mark_not_paged(ctx.account, call.order_ids, began_at)
    elif not is_of_use and pages.read >= call.pages:
        # The same search would bring the same pages, a token each.
        ctx.save_cursor(FetchCursor(ctx.now()).stored())
        return
    if is_of_use or not pages.has_next:
        reading.note_read()
        if before != FetchCursor():
            ctx.save_cursor(FetchCursor().stored())


def _fetch(
    ctx: RunContext, order: Order, outage: OutageDetector, wanted: tuple[str, ...]
) -> None:
    """Fetch one order; one that cannot be had is put off, and the rest go on."""
    asked = data_sets.data_sets_for(order, wanted)
    try:
        data = get_order(ctx.client, order.amazon_order_id, asked)
    except (NotFound, InvalidRequest, UnexpectedResponse) as error:
        outage.answered()
        _quarantine(ctx, order, error)
        return
    except ServiceUnavailable as error:
        until = ctx.now() + unanswered_backoff(order.fetch_attempts)
        fetch_queue.postpone(order, until)
        outage.failed(error, partial(fetch_queue.restore, order, until))
        return
    outage.answered()
    is_final = order.fetch_attempts >= MOST_OLDER_READS
    result = store_order(ctx, data, source=intake.FETCH, is_final=is_final)
    if result is None:
        return
    if result.is_behind or result.is_known:
        _postpone(ctx, order)
    elif order.stale_since is not None:
        fetch_queue.mark_fetched(order.pk, order.stale_since)


def _postpone(ctx: RunContext, order: Order) -> None:
    fetch_queue.postpone(order, ctx.now() + item_backoff(order.fetch_attempts))


def _quarantine(ctx: RunContext, order: Order, error: SpApiError) -> None:
    codes = {NotFound: "orders.not_found", UnexpectedResponse: "orders.unreadable"}
    code = codes.get(type(error), "orders.refused")
    intake.quarantine_order(
        ctx.account,
        order.amazon_order_id,
        code=code,
        message=sentence(
            "Amazon did not give the order %(order)s: %(reason)s",
            order=order.amazon_order_id,
            reason=error.message,
        ),
        retry_at=ctx.now() + item_backoff(order.fetch_attempts + 2),
    )
    ctx.progress(rows=1, quarantined=1)
