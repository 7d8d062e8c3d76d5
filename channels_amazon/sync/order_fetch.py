"""Fetches the orders of which events told, the most urgent first; sync layer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Min, Q, QuerySet

from channels_amazon.models import Order, SyncJob
from channels_amazon.rules.fetch_planner import (
    Plan,
    Quota,
    SearchPages,
    StaleOrder,
    plan,
)
from channels_amazon.services import figures, order_data, orders
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.orders import OrderSearch, get_order, iterate_orders
from channels_amazon.spapi.errors import (
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    SpApiError,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.operations import Operation
from channels_amazon.spapi.orders import UnreadableOrder
from channels_amazon.sync.context import Outcome, RunContext
from channels_amazon.sync.registry import reconciler
from channels_amazon.sync.storing import store_order, unreadable
from channels_amazon.sync.streak import Streak, put_off_by
from channels_amazon.wording import sentence

# The net below: events wake the job.
EVERY = timedelta(seconds=60)
BATCH = 200
# A page that helped little is not asked for again before a token has grown back.
SEARCH_PAUSE = timedelta(seconds=179)
# After so many readings that are older than the event, Amazon's own reading wins.
MOST_BEHIND = 6


@reconciler(SyncJob.Kind.ORDER_FETCH, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Fetch every stale order that is due, as far as quota and time go."""
    streak = Streak()
    wanted = order_data.data_sets(ctx.account)
    while stale := _stale(ctx):
        chosen = _choose(ctx, stale)
        if isinstance(chosen, SearchPages):
            _search(ctx, chosen)
            continue
        for order in stale:
            if not ctx.has_time():
                streak.hand_over()
                return Outcome(next_due=ctx.now(), is_complete=False)
            _fetch(ctx, order, streak, wanted)
    return Outcome(next_due=_next_due(ctx))


def _waiting(ctx: RunContext) -> QuerySet[Order]:
    rows: QuerySet[Order] = Order.objects.filter(
        account=ctx.account, stale_since__isnull=False
    )
    return rows


def _stale(ctx: RunContext) -> list[Order]:
    due = Q(fetch_after__isnull=True) | Q(fetch_after__lte=ctx.now())
    rows = _waiting(ctx).filter(due)
    return list(rows.order_by(F("ship_by").asc(nulls_last=True), "stale_since")[:BATCH])


def _next_due(ctx: RunContext) -> datetime:
    regular = ctx.now() + EVERY
    first = _waiting(ctx).aggregate(first=Min("fetch_after"))["first"]
    return min(first, regular) if first else regular


def _choose(ctx: RunContext, stale: list[Order]) -> Plan:
    now = ctx.now()
    listed = [
        StaleOrder(order.amazon_order_id, _changed_at(order) or now) for order in stale
    ]
    buckets = {line.operation: line for line in figures.quota_lines(ctx.account, now)}

    def quota(operation: Operation) -> Quota:
        line = buckets.get(operation.name)
        if line is None:
            return Quota(float(operation.burst), operation.rate)
        return Quota(0.0 if line.hold_until else line.tokens, line.rate)

    search = quota(operations.SEARCH_ORDERS)
    searched_at = ctx.cursor.get("searched_at")
    if searched_at and now - datetime.fromisoformat(searched_at) < SEARCH_PAUSE:
        search = Quota(0.0, search.rate)
    return plan(listed, now, quota(operations.GET_ORDER), search)


def _changed_at(order: Order) -> datetime | None:
    """Return when Amazon changed the order; None when it may not have changed at all.

    A search by last update brings only what an event told of.
    """
    told_at, known_at = order.last_event_at, order.last_updated_at
    if told_at is None or (known_at is not None and told_at <= known_at):
        return None
    return told_at


def _search(ctx: RunContext, chosen: SearchPages) -> None:
    """Bring many orders by few pages; what they do not hold is fetched one by one."""
    ctx.save_cursor({"searched_at": ctx.now().isoformat()})
    search = OrderSearch(
        last_updated_after=chosen.after,
        included_data=order_data.data_sets(ctx.account),
    )
    try:
        for number, page in enumerate(iterate_orders(ctx.client, search), start=1):
            for found in page.orders:
                if isinstance(found, UnreadableOrder):
                    unreadable(ctx, found)
                else:
                    store_order(ctx, found, source=orders.SWEEP)
            if number >= chosen.pages:
                break
    except (Throttled, InvalidRequest):
        # A shortcut only: getOrder brings the same orders.
        return


def _fetch(
    ctx: RunContext, order: Order, streak: Streak, wanted: tuple[str, ...]
) -> None:
    """Fetch one order; one that cannot be had is put off, and the rest go on."""
    asked = order_data.data_sets_for(order, wanted)
    try:
        data = get_order(ctx.client, order.amazon_order_id, asked)
    except (NotFound, InvalidRequest, UnexpectedResponse) as error:
        streak.end()
        _put_aside(ctx, order, error)
        return
    except ServiceUnavailable as error:
        _put_off(ctx, order)
        streak.add(error)
        return
    streak.end()
    is_final = order.fetch_attempts >= MOST_BEHIND
    result = store_order(ctx, data, source=orders.FETCH, is_final=is_final)
    if result is None:
        return
    if result.is_behind or result.is_older:
        _put_off(ctx, order)
    elif order.stale_since is not None:
        orders.mark_fetched(order.pk, order.stale_since)


def _put_off(ctx: RunContext, order: Order) -> None:
    until = ctx.now() + put_off_by(order.fetch_attempts)
    Order.objects.filter(pk=order.pk, stale_since=order.stale_since).update(
        fetch_after=until, fetch_attempts=F("fetch_attempts") + 1
    )


def _put_aside(ctx: RunContext, order: Order, error: SpApiError) -> None:
    codes = {NotFound: "orders.not_found", UnexpectedResponse: "orders.unreadable"}
    code = codes.get(type(error), "orders.refused")
    orders.set_aside(
        ctx.account,
        order.amazon_order_id,
        code=code,
        message=sentence(
            "Amazon did not give the order %(order)s: %(reason)s",
            order=order.amazon_order_id,
            reason=error.message,
        ),
        retry_at=ctx.now() + put_off_by(order.fetch_attempts + 2),
    )
    ctx.progress(rows=1, aside=1)
