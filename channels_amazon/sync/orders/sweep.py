"""Proves that no order was missed: the first pull, then a sweep; sync layer.

searchOrders grows one token in 179 s for all marketplaces of an account. So all of
them are asked in one call, and a few tokens always stay for a flash sale. That holds
for the sites that are not selected too: the merchant's stock is one for all of them.
The cursor is a low-water mark: it moves when the last page of a pass is stored.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Mod
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import AmazonAccount, Permission, SyncJob
from channels_amazon.rules.health.liveness import CONSUMER_OUTAGE_AFTER
from channels_amazon.rules.order_reports.requesting import OUTAGE_AGAIN_AFTER
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.installation import catching_up
from channels_amazon.services.jobs import heartbeats, lifecycle
from channels_amazon.services.jobs.cadence import longest_gap, next_slot
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.services.orders import data_sets, intake
from channels_amazon.services.orders.refused_search import REFUSED
from channels_amazon.services.stock import backorders
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.orders import OrderSearch
from channels_amazon.spapi.errors import (
    AccessDenied,
    Evidence,
    InvalidRequest,
    Throttled,
)
from channels_amazon.sync.orders.first_pull import (
    add_page,
    needs_report,
    request_report,
    restart_without_report,
)
from channels_amazon.sync.orders.missed_intervals import (
    add_silence,
    are_events_read,
    note_activity,
    want_report,
)
from channels_amazon.sync.orders.pages import OrderPages
from channels_amazon.sync.orders.stand_in import (
    NEWEST_SHOWN,
    pages_work,
    stand_in,
    take_up,
    want_instead,
)
from channels_amazon.sync.orders.sweep_cursor import (
    SweepCursor,
    SweepPass,
    read_cursor,
)
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.page_trail import PageTrail, Standstill
from channels_amazon.sync.runtime.site_reading import SiteReading
from channels_amazon.wording import sentence

# While Amazon's events arrive, the sweep only proves that none was missed; where they
# do not, nothing else brings the orders.
INTERVAL = timedelta(minutes=30)
WITHOUT_EVENTS = timedelta(minutes=5)
FIRST_PULL = timedelta(days=30)
# Amazon's data settles late: what was read is read again this far back.
OVERLAP = timedelta(minutes=15)
_MARGIN = timedelta(seconds=1)
# Amazon lets a page's token live for 24 hours; less, for clocks that differ.
TOKEN_LIVES = timedelta(hours=23)
# searchOrders tokens that are left to a flash sale.
RESERVED_TOKENS = 3.0
# The fetch of a long backlog leaves one token alone: a sweep that is overdue for so
# long takes that one, and those in reserve.
OVERDUE_AFTER = timedelta(minutes=15)
# Amazon's search may lag behind. Where it has stood still for so long, it does not
# tell of what changes any more.
STANDS_STILL_AFTER = timedelta(minutes=15)
# While an account is behind and Amazon's search lags, a pass costs a token and brings
# nothing: so much later it is asked again.
LAGS_AGAIN_AFTER = timedelta(minutes=1)
# Pending orders not written for so long are read again, so many in a run.
PENDING_REREAD = timedelta(minutes=30)
PENDING_BATCH = 25


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts to sweep sooner, since nobody reads events.

    Each account has its turn once in WITHOUT_EVENTS, a part of them each minute.
    """
    accounts = AmazonAccount.objects.order_by()
    if heartbeats.is_listening(CONSUMER_OUTAGE_AFTER):
        return accounts.none().values("pk")
    turns = WITHOUT_EVENTS // timedelta(minutes=1)
    turn = int(now.timestamp() // 60) % turns
    return accounts.annotate(turn=Mod("pk", turns)).filter(turn=turn).values("pk")


@reconciler(
    SyncJob.Kind.ORDER_SWEEP,
    title=_("Order sweep"),
    interval=INTERVAL,
    permission=Permission.Name.ORDERS,
    first_pull=5,
    is_regular=True,
    due_accounts=due_accounts,
    net_pause=WITHOUT_EVENTS - timedelta(minutes=1),
)
def reconcile(ctx: RunContext) -> Result:
    """Read what changed since the low-water mark, page by page."""
    reading = SiteReading(ctx, operations.SEARCH_ORDERS)
    cursor = take_up(restart_without_report(read_cursor(ctx.cursor)))
    if catching_up.is_behind(ctx.account):
        cursor = _pass_over_reported(ctx, cursor)
    if reading.resting:
        cursor = _without_new_pages(ctx, cursor)
    else:
        cursor = _begin(ctx, cursor)
    _save(ctx, cursor)
    while cursor.under_way is not None and not reading.resting:
        current = cursor.under_way
        try:
            cursor = _advance(ctx, cursor, current, reading)
        except AccessDenied as error:
            return _refused(ctx, cursor, current, error)
        _save(ctx, cursor)
        if cursor.under_way is not None and not ctx.has_time():
            return Result(next_due=ctx.now(), is_complete=False)
    has_more = _mend(ctx)
    reading.stop_if_faulty()
    return Result(next_due=_next_due(ctx, cursor, has_more=has_more))


def _save(ctx: RunContext, cursor: SweepCursor) -> None:
    """Store where to go on; the further it is, the less the account is behind."""
    has_moved = cursor.low_water != read_cursor(ctx.cursor).low_water
    ctx.save_cursor(cursor.stored())
    if has_moved:
        catching_up.end_of(ctx.account)


def _refused(
    ctx: RunContext, cursor: SweepCursor, current: SweepPass, error: AccessDenied
) -> Result:
    """Go on by a report; a page is tried again where one is next due without events."""
    cursor = want_instead(ctx, _active(ctx, cursor, ctx.now()), current, error)
    _save(ctx, cursor)
    _mend(ctx)
    again = next_slot(ctx.job.kind, ctx.account.pk, WITHOUT_EVENTS, ctx.now())
    return Result(next_due=again, message=REFUSED)


def _advance(
    ctx: RunContext, cursor: SweepCursor, current: SweepPass, reading: SiteReading
) -> SweepCursor:
    """Read one page, or have a report bring the rest; return where to go on.

    Raises AccessDenied where Amazon refuses the page.
    """
    tokens = _usable_tokens(ctx, cursor)
    if needs_report(cursor, current, tokens):
        return request_report(ctx, cursor, current)
    try:
        _keep_reserve(ctx, tokens)
        cursor = _active(ctx, cursor, ctx.now())
        cursor = pages_work(ctx, _take_page(ctx, cursor, current))
    except Throttled as error:
        cursor = want_report(ctx, _active(ctx, cursor, error.retry_at))
        _save(ctx, cursor)
        raise
    except Standstill as found:
        reading.note_standstill(found)
        return _without_pages(ctx, cursor, current)
    if cursor.under_way is None:
        reading.note_read()
    return want_report(ctx, cursor)


def _without_pages(
    ctx: RunContext, cursor: SweepCursor, current: SweepPass
) -> SweepCursor:
    """Return the cursor of a sweep whose pages go round: a report brings the orders.

    What was read of the pass counts for nothing: so far reached the one before.
    """
    if cursor.low_water is None:
        if not cursor.has_no_report:
            cursor = request_report(ctx, cursor, current)
        return replace(cursor, under_way=None)
    return stand_in(ctx, cursor, current)


def _without_new_pages(ctx: RunContext, cursor: SweepCursor) -> SweepCursor:
    """Return the cursor of a sweep whose pages rest, which may be for hours.

    One report after the other brings what changed meanwhile.
    """
    if cursor.low_water is None or cursor.stand_in or cursor.under_way is not None:
        return cursor
    after = cursor.low_water - OVERLAP
    return stand_in(ctx, cursor, SweepPass(after, ctx.now() - NEWEST_SHOWN))


def _interval(ctx: RunContext) -> timedelta:
    """Return how far apart the account's sweeps are now."""
    return INTERVAL if are_events_read(ctx.account, ctx.now()) else WITHOUT_EVENTS


def _next_due(
    ctx: RunContext, cursor: SweepCursor, *, has_more: bool
) -> datetime | None:
    """Return when to sweep again, None for the next slot of INTERVAL.

    `has_more` says that one run could not look after all orders.
    """
    times: list[datetime] = []
    if has_more or _interval(ctx) == WITHOUT_EVENTS:
        times.append(next_slot(ctx.job.kind, ctx.account.pk, WITHOUT_EVENTS, ctx.now()))
    late = catching_up.catch_up(ctx.account)
    if late is not None:
        # Only a pass that begins then answers up to what has to be read.
        answers_from = late.until + NEWEST_SHOWN + _MARGIN
        is_early = ctx.now() < answers_from
        times.append(answers_from if is_early else ctx.now() + LAGS_AGAIN_AFTER)
    if cursor.missed is not None:
        # The report of an earlier outage is under way: this one's comes after it.
        times.append(ctx.now() + OUTAGE_AGAIN_AFTER)
    return min(times, default=None)


def _begin(ctx: RunContext, cursor: SweepCursor) -> SweepCursor:
    """Return the cursor with the pass to go on with, or a new one."""
    now = ctx.now()
    current = cursor.under_way
    if current is not None:
        if current.token_at and now - current.token_at < TOKEN_LIVES:
            return cursor
        return _go_on(cursor, replace(current, token="", trail=PageTrail()))
    low_water, upper_bound = cursor.low_water, now - NEWEST_SHOWN
    if low_water is None:
        return _go_on(cursor, SweepPass(now - FIRST_PULL, upper_bound))
    cursor = add_silence(ctx, cursor, low_water, upper_bound)
    return _go_on(cursor, SweepPass(low_water - OVERLAP, upper_bound))


def _pass_over_reported(ctx: RunContext, cursor: SweepCursor) -> SweepCursor:
    """Return the cursor without the time that a report has brought meanwhile."""
    if cursor.low_water is None:
        return cursor
    reached = catching_up.read_up_to(ctx.account, cursor.low_water)
    current = cursor.under_way
    if reached == cursor.low_water or (current and current.upper_bound > reached):
        return cursor
    return replace(cursor, low_water=reached, under_way=None)


def _go_on(cursor: SweepCursor, current: SweepPass) -> SweepCursor:
    return replace(cursor, under_way=current)


def _active(ctx: RunContext, cursor: SweepCursor, until: datetime) -> SweepCursor:
    """Note that the sweep reads a page now, or waits for quota `until` then."""
    now = ctx.now()
    return note_activity(cursor, now=now, until=until, upper_bound=now - NEWEST_SHOWN)


def _usable_tokens(ctx: RunContext, cursor: SweepCursor) -> float:
    """Return how many tokens the sweep may take: the reserve too, when overdue.

    While the account is behind, nothing is kept for later.
    """
    line = _quota(ctx)
    if line is None:
        return float(operations.SEARCH_ORDERS.burst) - RESERVED_TOKENS
    if catching_up.is_behind(ctx.account):
        return line.tokens
    tokens = line.tokens - min(RESERVED_TOKENS, line.burst - 1)
    return line.tokens if tokens < 1 and _is_overdue(ctx, cursor) else tokens


def _is_overdue(ctx: RunContext, cursor: SweepCursor) -> bool:
    if cursor.low_water is None:
        return False
    allowed = longest_gap(_interval(ctx)) + OVERDUE_AFTER
    return ctx.now() - cursor.low_water > allowed


def _quota(ctx: RunContext) -> quota_status.QuotaLine | None:
    name = operations.SEARCH_ORDERS.name
    lines = quota_status.quota_lines(ctx.account, ctx.now())
    return next((line for line in lines if line.operation == name), None)


def _keep_reserve(ctx: RunContext, tokens: float) -> None:
    """Wait, as for quota, when a call would take one of the tokens in reserve."""
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


def _take_page(ctx: RunContext, cursor: SweepCursor, current: SweepPass) -> SweepCursor:
    """Read and store one page; return where to go on."""
    called_at = ctx.now()
    is_first_pull = cursor.low_water is None
    search = _search(ctx, current, is_first_pull)
    pages = OrderPages(ctx, search, current.trail, current.token or None)
    try:
        page = pages.take()
    except InvalidRequest:
        if not current.token:
            raise
        # The page's token is void: the pass begins anew, which stores nothing twice.
        anew = SweepPass(current.after, current.upper_bound, trail=pages.trail)
        return _go_on(cursor, anew)
    if not current.token:
        stated = page.created_before if is_first_pull else page.last_updated_before
        # Up to when the pass answers, never later than when it began.
        bound = min(stated, current.upper_bound) if stated else current.upper_bound
        current = replace(current, upper_bound=bound)
    if page.next_token:
        current = replace(
            current, token=page.next_token, token_at=called_at, trail=pages.trail
        )
        return _go_on(cursor, add_page(current, page))
    return replace(
        cursor,
        low_water=_moved(ctx, cursor, current),
        under_way=None,
        has_no_report=False,
    )


def _moved(ctx: RunContext, cursor: SweepCursor, current: SweepPass) -> datetime:
    """Return the low water behind a pass that was read to its end.

    Raises Standstill where Amazon says again and again that its search answers no
    further than before: it would be read as "nothing has changed".
    """
    bound, low_water = current.upper_bound, cursor.low_water
    known = low_water or current.after
    if bound > known:
        return bound
    newest = ctx.now() - NEWEST_SHOWN
    if newest <= known and low_water is not None:
        # This machine's clock was set back.
        return bound
    if newest - known < STANDS_STILL_AFTER:
        return known
    raise Standstill(
        sentence(
            "Amazon says that its search answers up to %(time)s only, which was "
            "read before.",
            time=bound,
        ),
        current.trail.asked + 1,
    )


def _search(ctx: RunContext, current: SweepPass, is_first_pull: bool) -> OrderSearch:
    # Asked anew for each page: a page's token allows other data sets.
    wanted = data_sets.data_sets(ctx.account)
    if is_first_pull:
        return OrderSearch(created_after=current.after, included_data=wanted)
    return OrderSearch(last_updated_after=current.after, included_data=wanted)


def _mend(ctx: RunContext) -> bool:
    """Look after what neither an event nor a search is sure to show.

    These are pending orders that were quiet for long, and orders that wait for stock.
    Returns whether more is left than one batch: quota is shared with new orders.
    """
    before = ctx.now() - PENDING_REREAD
    marked = intake.mark_pending_stale(ctx.account, before, PENDING_BATCH)
    if marked:
        lifecycle.wake(ctx.account.pk, SyncJob.Kind.ORDER_FETCH)
    backorders.refresh_account(ctx.account)
    return marked >= PENDING_BATCH
