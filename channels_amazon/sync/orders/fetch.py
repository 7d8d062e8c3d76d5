"""Fetches the orders of which events told, the most urgent first; sync layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Min, Q, QuerySet

from channels_amazon.models import Order, SyncJob
from channels_amazon.rules.order_fetch.planner import (
    SPARED_SEARCHES,
    GetEach,
    KnownOrder,
    Plan,
    Quota,
    RequestReport,
    SearchPages,
    StaleOrder,
    State,
    least_gain,
    plan,
)
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.orders import data_sets, intake
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
from channels_amazon.sync.orders import backlog_reports
from channels_amazon.sync.orders.intake import quarantine_unreadable, store_order
from channels_amazon.sync.runtime.backoff import Streak, put_off_by
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.sync.runtime.registry import reconciler
from channels_amazon.wording import sentence

# The net below: events wake the job.
EVERY = timedelta(seconds=60)
# More than that at once is left to the next look.
MOST = 20_000
ORDERED_BEFORE = timedelta(days=3)
# A search that was refused is not repeated before a token has grown back.
SEARCH_PAUSE = timedelta(seconds=179)
# So late may the sweep be for a backlog that borrows its token.
SWEEP_DELAY = timedelta(minutes=2)
# After so many readings that are older than the event, Amazon's own reading wins.
MOST_BEHIND = 6

_TO_SHIP = (
    *Order.TO_SHIP,
    Order.Status.UNFULFILLABLE,
    Order.Status.UNKNOWN,
)


@reconciler(SyncJob.Kind.ORDER_FETCH, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Fetch every stale order that is due, as far as quota and time go."""
    streak = Streak()
    wanted = data_sets.data_sets(ctx.account)
    while stale := _stale(ctx):
        chosen = _choose(ctx, stale)
        if not chosen.calls:
            return Outcome(next_due=_next_due(ctx, chosen.look_at))
        for call in chosen.calls:
            if not _make(ctx, call, streak, wanted):
                streak.hand_over()
                return Outcome(next_due=ctx.now(), is_complete=False)
    return Outcome(next_due=_next_due(ctx, None))


def _make(
    ctx: RunContext, call: object, streak: Streak, wanted: tuple[str, ...]
) -> bool:
    """Make one call of the plan; False when the time was up before it was done."""
    if isinstance(call, SearchPages):
        _search(ctx, call, wanted)
        return ctx.has_time()
    if isinstance(call, RequestReport):
        backlog_reports.want(ctx, call)
    if isinstance(call, GetEach):
        rows = _waiting(ctx).filter(amazon_order_id__in=call.order_ids)
        waiting = {order.amazon_order_id: order for order in rows}
        for order_id in call.order_ids:
            if not ctx.has_time():
                return False
            # Another source may have brought it since.
            if order_id in waiting:
                _fetch(ctx, waiting[order_id], streak, wanted)
    return True


def _waiting(ctx: RunContext) -> QuerySet[Order]:
    rows: QuerySet[Order] = Order.objects.filter(
        account=ctx.account, stale_since__isnull=False
    )
    return rows


def _stale(ctx: RunContext) -> list[StaleOrder]:
    """Return the orders to plan for; plain rows, since there may be thousands."""
    now = ctx.now()
    due = Q(fetch_after__isnull=True) | Q(fetch_after__lte=now)
    rows = (
        _waiting(ctx)
        .filter(due)
        .order_by(F("ship_by").asc(nulls_last=True), "stale_since")
        .values_list(
            "amazon_order_id",
            "status",
            "fulfilled_by",
            "ship_by",
            "last_event_at",
            "last_updated_at",
            "stale_since",
            "fetch_attempts",
        )
    )
    return [
        StaleOrder(
            order_id=order_id,
            changed_at=_changed_at(told_at, known_at),
            waits_since=stale_since or now,
            ship_by=ship_by,
            needs_address=_needs_address(status, fulfilled_by),
            is_pending=status == Order.Status.PENDING,
            attempts=attempts,
        )
        for (
            order_id,
            status,
            fulfilled_by,
            ship_by,
            told_at,
            known_at,
            stale_since,
            attempts,
        ) in rows[:MOST]
    ]


def _next_due(ctx: RunContext, look_at: datetime | None) -> datetime:
    regular = ctx.now() + EVERY
    first = (
        _waiting(ctx)
        .filter(fetch_after__gt=ctx.now())
        .aggregate(first=Min("fetch_after"))["first"]
    )
    return min(time for time in (regular, look_at, first) if time is not None)


def _choose(ctx: RunContext, stale: Sequence[StaleOrder]) -> Plan:
    now = ctx.now()
    buckets = {
        line.operation: line for line in quota_status.quota_lines(ctx.account, now)
    }

    def quota(operation: Operation) -> Quota:
        line = buckets.get(operation.name)
        if line is None:
            return Quota(float(operation.burst), operation.rate, operation.burst)
        tokens = 0.0 if line.hold_until else line.tokens
        return Quota(tokens, line.rate, line.burst)

    search = quota(operations.SEARCH_ORDERS)
    refused_at = ctx.cursor.get("search_refused_at")
    if refused_at and now - datetime.fromisoformat(refused_at) < SEARCH_PAUSE:
        search = Quota(0.0, search.rate, search.burst)
    get = quota(operations.GET_ORDER)
    # What else a page would hold matters only where a page may be read at all: this
    # looks at days of orders, too much for each single one that comes.
    may_search = len(stale) - get.whole >= least_gain(get.rate)
    state = State(
        stale=stale,
        get=get,
        search=search,
        known=_known(ctx, stale) if may_search else (),
        reports=backlog_reports.reports_of(ctx, quota(operations.CREATE_REPORT)),
        spared_searches=_spared(ctx, search, now) if may_search else SPARED_SEARCHES,
    )
    return plan(state, now)


def _spared(ctx: RunContext, search: Quota, now: datetime) -> float:
    """Return the tokens to leave to the sweep: none where another grows in time for it.

    A backlog may put the sweep off by SWEEP_DELAY, and not for ever: from then on the
    token is left alone until the sweep has run.
    """
    if search.rate <= 0:
        return SPARED_SEARCHES
    jobs = SyncJob.objects.filter(account=ctx.account, kind=SyncJob.Kind.ORDER_SWEEP)
    due_at = jobs.values_list("due_at", flat=True).first()
    grown_at = now + timedelta(seconds=1 / search.rate)
    is_free = due_at is not None and grown_at <= due_at + SWEEP_DELAY
    return 0.0 if is_free else SPARED_SEARCHES


def _needs_address(status: str, fulfilled_by: str) -> bool:
    """Tell whether we ship the order, or may have to: its status is a new one."""
    return fulfilled_by != Order.FulfilledBy.AMAZON and status in _TO_SHIP


def _known(ctx: RunContext, stale: Sequence[StaleOrder]) -> list[KnownOrder]:
    """Return the orders that a page would bring although nobody asks for them."""
    times = [order.changed_at for order in stale if order.changed_at is not None]
    if not times:
        return []
    oldest = min(times)
    # Older orders change too, but too few to matter, and this is by an index.
    rows = Order.objects.filter(
        account=ctx.account,
        ordered_at__gte=oldest - ORDERED_BEFORE,
        last_updated_at__gte=oldest,
        stale_since__isnull=True,
    ).values_list("last_updated_at", "status", "fulfilled_by", "reported_at")
    known = []
    for changed_at, status, fulfilled_by, reported_at in rows[:MOST]:
        if changed_at is not None:
            is_to_ship = _needs_address(status, fulfilled_by)
            # What is to be shipped is never complete by a report alone.
            by_report = reported_at is not None and not is_to_ship
            known.append(KnownOrder(changed_at, is_to_ship, by_report))
    return known


def _changed_at(told_at: datetime | None, known_at: datetime | None) -> datetime | None:
    """Return when Amazon changed the order; None when it may not have changed at all.

    A search by last update brings only what an event told of.
    """
    if told_at is None or (known_at is not None and told_at <= known_at):
        return None
    return told_at


def _search(ctx: RunContext, call: SearchPages, wanted: tuple[str, ...]) -> None:
    """Bring many orders by few pages; what they do not hold is fetched one by one."""
    search = OrderSearch(
        last_updated_after=call.after,
        last_updated_before=call.before,
        statuses=("UNSHIPPED", "PARTIALLY_SHIPPED") if call.to_ship_only else (),
        fulfilled_by=("MERCHANT",) if call.to_ship_only else (),
        included_data=wanted,
    )
    is_whole, began = False, ctx.now()
    try:
        for number, page in enumerate(iterate_orders(ctx.client, search), start=1):
            for found in page.orders:
                if isinstance(found, UnreadableOrder):
                    quarantine_unreadable(ctx, found)
                else:
                    store_order(ctx, found, source=intake.SWEEP)
            is_whole = page.next_token is None
            if number >= call.pages or not ctx.has_time():
                break
    except (Throttled, InvalidRequest):
        # A shortcut only: getOrder brings the same orders.
        ctx.save_cursor({"search_refused_at": ctx.now().isoformat()})
        return
    if is_whole:
        # Amazon does not show these where events said: only getOrder brings them.
        _waiting(ctx).filter(
            amazon_order_id__in=call.order_ids, stale_since__lte=began, fetch_attempts=0
        ).update(fetch_attempts=1)


def _fetch(
    ctx: RunContext, order: Order, streak: Streak, wanted: tuple[str, ...]
) -> None:
    """Fetch one order; one that cannot be had is put off, and the rest go on."""
    asked = data_sets.data_sets_for(order, wanted)
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
    result = store_order(ctx, data, source=intake.FETCH, is_final=is_final)
    if result is None:
        return
    if result.is_behind or result.is_known:
        _put_off(ctx, order)
    elif order.stale_since is not None:
        intake.mark_fetched(order.pk, order.stale_since)


def _put_off(ctx: RunContext, order: Order) -> None:
    until = ctx.now() + put_off_by(order.fetch_attempts)
    Order.objects.filter(pk=order.pk, stale_since=order.stale_since).update(
        fetch_after=until, fetch_attempts=F("fetch_attempts") + 1
    )


def _put_aside(ctx: RunContext, order: Order, error: SpApiError) -> None:
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
        retry_at=ctx.now() + put_off_by(order.fetch_attempts + 2),
    )
    ctx.progress(rows=1, aside=1)
