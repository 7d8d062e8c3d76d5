"""Places MCF orders at Amazon, once each, and follows them; sync layer.

The order's own number is its id at Amazon, which takes no number twice. Where an
earlier attempt may have arrived we look before we send again; a number that Amazon
knows with the same goods is our order, with other goods it is somebody else's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, F, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import (
    AmazonAccount,
    FulfillmentLine,
    FulfillmentOrder,
    Permission,
    StoreOrder,
    SyncJob,
)
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    record_once,
)
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.jobs.backoff import unanswered_backoff
from channels_amazon.services.jobs.key_holders import RETRY, SecretUnreadable
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.mcf import commitments, results
from channels_amazon.services.mcf.destinations import destination_of
from channels_amazon.spapi.errors import (
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.outbound import OutboundOrder
from channels_amazon.spapi.outbound_versions import OutboundApi, outbound_api
from channels_amazon.sync.mcf import mapping
from channels_amazon.sync.mcf.decisions import decide_new, due_to_decide
from channels_amazon.sync.mcf.events import ask_for_events
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# While units wait to be freed by a report of FBA stock: it is asked for again.
REPORT_AGAIN = timedelta(minutes=5)
BATCH = 100
# So many attempts may find a number refused, and not shown, before that is final.
PATIENCE = 3
# Amazon takes a while until it shows an order that it has taken.
POLL_AGAIN = timedelta(seconds=15)
# Within this time an order whose answer was lost may still appear at Amazon.
LOST_ANSWER_OVER = timedelta(minutes=2)
# An order that Amazon took and does not show for so long is logged, once a day.
NOT_SHOWN_AFTER = timedelta(hours=1)
_LOG_AGAIN = timedelta(days=1)

State = FulfillmentOrder.State


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts with an order to decide, place, cancel, follow."""
    orders = FulfillmentOrder.objects.order_by()
    due = orders.filter(_to_cancel(now) | _to_place(now) | _to_follow(now))
    new = StoreOrder.objects.order_by().filter(due_to_decide(now))
    return AmazonAccount.objects.filter(
        Q(pk__in=due.values("account_id")) | Q(store__in=new.values("store_id"))
    ).values("pk")


@reconciler(
    SyncJob.Kind.MCF_ORDERS,
    title=_("MCF orders"),
    interval=HALF_A_DAY,
    permission=Permission.Name.FULFILLMENT_INVENTORY,
    due_accounts=due_accounts,
)
def reconcile(ctx: RunContext) -> Result:
    """Cancel what shall not be, decide what is new, place what waits, follow the rest.

    Each step has its own quota at Amazon: one that must wait does not hold up the
    others.
    """
    if not _has_open(ctx):
        return Result()
    outage = OutageDetector(ctx)
    held: Throttled | None = None
    for step in (_cancel_asked, _decide_new, _place_waiting, _follow):
        try:
            if not step(ctx, outage):
                outage.end()
                return Result(next_due=ctx.now(), is_complete=False)
        except Throttled as error:
            if held is None or error.retry_at < held.retry_at:
                held = error
    _ask_for_report(ctx)
    ask_for_events(ctx)
    if held is not None:
        raise held
    outage.end()
    return Result(next_due=_next_due(ctx))


def _decide_new(ctx: RunContext, outage: OutageDetector) -> bool:
    return decide_new(ctx, outage, limit=BATCH)


def _cancel_asked(ctx: RunContext, outage: OutageDetector) -> bool:
    return _each(ctx, outage, _mine(ctx, _to_cancel(ctx.now())), _cancel)


def _place_waiting(ctx: RunContext, outage: OutageDetector) -> bool:
    return _each(ctx, outage, _mine(ctx, _to_place(ctx.now())), _place)


def _follow(ctx: RunContext, outage: OutageDetector) -> bool:
    return _each(ctx, outage, _mine(ctx, _to_follow(ctx.now())), _poll)


def _mine(ctx: RunContext, condition: Q) -> QuerySet[FulfillmentOrder]:
    rows: QuerySet[FulfillmentOrder] = FulfillmentOrder.objects.filter(
        condition, account=ctx.account
    )
    return rows


def _to_cancel(now: datetime) -> Q:
    ends = (State.CANCELLING, State.COMPLETE, State.COMPLETE_PARTIAL)
    is_asked = Q(cancel_asked_at__isnull=False) & ~Q(error_code=results.CANCEL_REFUSED)
    return _is_open(now) & is_asked & ~Q(state__in=ends)


def _to_place(now: datetime) -> Q:
    may_go = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now)
    return may_go & Q(
        state=State.WAITING, cancel_asked_at__isnull=True, ended_at__isnull=True
    )


def _to_follow(now: datetime) -> Q:
    return _is_open(now) & ~Q(state=State.WAITING)


def _is_open(now: datetime) -> Q:
    """Return the condition of an order that is to be polled now."""
    may_poll = Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now)
    return may_poll & Q(ended_at__isnull=True)


def _has_open(ctx: RunContext) -> bool:
    """Tell whether there is anything to see to, in one query for the many with none."""
    mine = FulfillmentOrder.objects.filter(account=ctx.account, ended_at__isnull=True)
    held = FulfillmentLine.objects.filter(
        fulfillment__account=ctx.account, promised__gt=0
    )
    new = StoreOrder.objects.filter(store=ctx.account.store, state=StoreOrder.State.NEW)
    account = AmazonAccount.objects.filter(pk=ctx.account.pk)
    return bool(account.filter(Exists(mine) | Exists(held) | Exists(new)).exists())


def _each(
    ctx: RunContext,
    outage: OutageDetector,
    rows: QuerySet[FulfillmentOrder],
    step: Callable[[RunContext, FulfillmentOrder], bool],
) -> bool:
    """Take the step for each row; False when the time is up before all are done.

    One that fails is put off, and the rest go on.
    """
    ordered = rows.select_related("order__store", "account").order_by(
        "attempts", F("next_poll_at").asc(nulls_first=True), "pk"
    )
    taken = list(ordered[:BATCH])
    for row in taken:
        if not outage.has_time():
            return False
        ctx.keep_lease()
        before = copy(row)
        try:
            changed = step(ctx, row)
        except Throttled as error:
            commitments.postpone(row, error.retry_at)
            raise
        except SecretUnreadable as error:
            again_at = ctx.now() + RETRY
            commitments.wait_for_key(before, again_at, error=error.message)
            outage.key_missing(error)
            continue
        except (ServiceUnavailable, UnexpectedResponse) as error:
            again_at = ctx.now() + unanswered_backoff(row.attempts)
            commitments.postpone(row, again_at, error=error.message)
            if isinstance(error, ServiceUnavailable):
                take_back = partial(commitments.restore, before, again_at)
                outage.failed(error, take_back)
            continue
        outage.answered()
        ctx.progress(rows=1, changed=int(changed))
    return len(taken) < BATCH


def _place(ctx: RunContext, row: FulfillmentOrder) -> bool:
    """Place one order, or find that an earlier attempt has."""
    if not commitments.begin_attempt(row):
        return False
    if row.attempts > 1 and _found(ctx, row):
        return True
    parts = destination_of(row.order)
    try:
        _api(row).create(ctx.client, mapping.new_order(row, parts))
    except (InvalidRequest, NotFound) as error:
        # "The number exists" is what an earlier attempt of ours looks like, too.
        if _found(ctx, row):
            return True
        if 1 < row.attempts <= PATIENCE:
            commitments.postpone(row, ctx.now() + POLL_AGAIN, error=error.message)
            return False
        results.mark_refused(
            row, code=error.code, reason=error.message, request_id=error.request_id
        )
        return True
    return results.mark_placed(row)


def _found(ctx: RunContext, row: FulfillmentOrder) -> bool:
    """Tell whether Amazon knows the number; take over what it shows if it is ours."""
    shown = _get(ctx, row)
    if shown is None:
        return False
    if _is_ours(row, shown):
        results.take_shown(row, shown)
        return True
    results.mark_refused(
        row,
        code="fba_orders.number_taken",
        reason=sentence(
            "Amazon has another order with the number %(number)s already.",
            number=row.order.number,
        ),
    )
    return True


def _is_ours(row: FulfillmentOrder, shown: OutboundOrder) -> bool:
    ours: dict[str, int] = {}
    for sku, units in row.lines.values_list("listing__seller_sku", "quantity"):
        ours[sku] = ours.get(sku, 0) + units
    theirs: dict[str, int] = {}
    for line in shown.lines:
        theirs[line.sku] = theirs.get(line.sku, 0) + line.quantity
    return ours == theirs


def _cancel(ctx: RunContext, row: FulfillmentOrder) -> bool:
    """Ask Amazon for the end of one order, or end it here if Amazon never had it."""
    if row.state == State.WAITING:
        if not _found(ctx, row):
            asked_at = row.cancel_asked_at or ctx.now()
            if ctx.now() - asked_at >= LOST_ANSWER_OVER:
                return results.withdraw(row)
            commitments.postpone(row, ctx.now() + POLL_AGAIN)
            return False
        row.refresh_from_db()
        if row.ended_at is not None:
            return True
    try:
        _api(row).cancel(ctx.client, row.order.number)
    except (InvalidRequest, NotFound) as error:
        results.mark_cancel_refused(row, error.message)
        return True
    results.mark_cancel_sent(row)
    return True


def _poll(ctx: RunContext, row: FulfillmentOrder) -> bool:
    """Read one placed order back."""
    shown = _get(ctx, row)
    if shown is not None:
        return results.take_shown(row, shown)
    commitments.postpone(row, ctx.now() + POLL_AGAIN)
    if row.placed_at and ctx.now() - row.placed_at > NOT_SHOWN_AFTER:
        commitments.postpone(row, ctx.now() + NOT_SHOWN_AFTER)
        record_once(
            Entry(
                code="fba_orders.not_shown",
                level=Level.WARNING,
                account=ctx.account,
                reference=row.order.number,
                message=sentence(
                    "Amazon took order %(order)s and does not show it.",
                    order=row.order.number,
                ),
                fix=sentence("Look for it in Seller Central, under its own number."),
            ),
            _LOG_AGAIN,
        )
    return False


def _get(ctx: RunContext, row: FulfillmentOrder) -> OutboundOrder | None:
    try:
        return _api(row).get(ctx.client, row.order.number)
    except NotFound:
        return None


def _api(row: FulfillmentOrder) -> OutboundApi:
    return outbound_api(row.api_version)


def _ask_for_report(ctx: RunContext) -> None:
    """Have FBA stock read where that frees units we hold, not again and again."""
    if not commitments.awaits_report(ctx.account.pk, ctx.now()):
        return
    recently = SyncJob.objects.filter(
        account=ctx.account,
        kind=SyncJob.Kind.FBA_STOCK,
        last_started_at__gt=ctx.now() - commitments.SHOWN_AFTER,
    )
    if not recently.exists():
        lifecycle.wake(ctx.account.pk, SyncJob.Kind.FBA_STOCK)


def _next_due(ctx: RunContext) -> datetime | None:
    """Return when the next order wants to be taken up, None when none does."""
    now = ctx.now()
    mine = FulfillmentOrder.objects.filter(account=ctx.account, ended_at__isnull=True)
    new = StoreOrder.objects.filter(
        store=ctx.account.store, state=StoreOrder.State.NEW, decide_after__gt=now
    )
    held = FulfillmentLine.objects.filter(
        fulfillment__account=ctx.account,
        fulfillment__placed_at__gt=now - commitments.SHOWN_AFTER,
        promised__gt=0,
    )
    placed_at = held.aggregate(at=Min("fulfillment__placed_at"))["at"]
    times = [
        mine.filter(next_attempt_at__gt=now).aggregate(at=Min("next_attempt_at"))["at"],
        mine.filter(next_poll_at__gt=now).aggregate(at=Min("next_poll_at"))["at"],
        new.aggregate(at=Min("decide_after"))["at"],
        placed_at + commitments.SHOWN_AFTER if placed_at else None,
        now + REPORT_AGAIN if commitments.awaits_report(ctx.account.pk, now) else None,
    ]
    return min((time for time in times if time is not None), default=None)
