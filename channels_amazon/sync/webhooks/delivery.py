"""Tells the store of its orders by signed messages; sync layer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Min, Prefetch, Q, QuerySet

from channels_amazon.errors import NeedsMerchant, Recoverable
from channels_amazon.models import Order, OrderLine, StoreEndpoint, SyncJob
from channels_amazon.services.diagnostics.entries import Entry, Level, record_once
from channels_amazon.services.webhooks import endpoints, messages
from channels_amazon.services.webhooks.endpoints import Outcome as Delivery
from channels_amazon.sync.runtime.backoff import put_off_by
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.sync.runtime.registry import reconciler
from channels_amazon.wording import sentence

# The net below: a change of an order wakes the job.
EVERY = timedelta(minutes=5)
BATCH = 50
# So many refused in a row are the server's fault, not the messages'.
MOST_REFUSED = 3
_LONGEST_WAIT = 3600
_SAY_AGAIN = timedelta(hours=1)
_LONGEST_REST = timedelta(minutes=10)


@reconciler(SyncJob.Kind.WEBHOOK_DELIVERY, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Send every order of which the store knows less than we do, oldest first."""
    endpoint = StoreEndpoint.objects.select_related("store").filter(
        store=ctx.account.store_id, is_active=True
    )
    row = endpoint.first()
    if row is None:
        return Outcome()
    # A server that was down already is asked once, not three times.
    refused = MOST_REFUSED - 1 if row.failing_since else 0
    while batch := list(_due(ctx)[:BATCH]):
        for order in batch:
            if not ctx.has_time():
                return Outcome(next_due=ctx.now(), is_complete=False)
            ctx.keep_lease()
            outcome = _tell(ctx, row, order)
            if not outcome.code:
                refused = 0
                continue
            if outcome.is_of_message:
                continue
            refused += 1
            if refused >= MOST_REFUSED:
                raise _trouble(ctx, outcome)
    return Outcome(next_due=_next_due(ctx))


def _waiting(ctx: RunContext) -> QuerySet[Order]:
    rows: QuerySet[Order] = Order.objects.filter(
        account=ctx.account, webhook_pending_since__isnull=False
    )
    return rows


def _due(ctx: RunContext) -> QuerySet[Order]:
    may_go = Q(webhook_retry_at__isnull=True) | Q(webhook_retry_at__lte=ctx.now())
    lines = OrderLine.objects.select_related("variant")
    rows = _waiting(ctx).filter(may_go).select_related("account")
    return rows.prefetch_related(Prefetch("lines", lines), "shipments").order_by(
        "webhook_pending_since"
    )


def _next_due(ctx: RunContext) -> datetime:
    regular = ctx.now() + EVERY
    first = _waiting(ctx).aggregate(first=Min("webhook_retry_at"))["first"]
    return min(first, regular) if first else regular


def _tell(ctx: RunContext, endpoint: StoreEndpoint, order: Order) -> Delivery:
    """Send the order's present state; one that is refused is tried again later."""
    since = order.webhook_pending_since
    if since is None:
        return Delivery()
    content = messages.order_message(order, since)
    message_id = messages.message_id(order, since)
    outcome = endpoints.deliver(endpoint, message_id, content)
    if outcome.code:
        rest = put_off_by(order.webhook_attempts)
        if outcome.code == "store.endpoint_unreachable":
            # The server's fault: its first message after an outage must not be late.
            rest = min(rest, _LONGEST_REST)
        messages.put_off(order.pk, since, ctx.now() + rest)
        ctx.progress(rows=1, aside=1)
        if outcome.is_of_message:
            _say_refused(ctx, order, outcome)
    else:
        messages.mark_told(order.pk, since)
        ctx.progress(rows=1, changed=1)
    return outcome


def _say_refused(ctx: RunContext, order: Order, outcome: Delivery) -> None:
    entry = Entry(
        code=outcome.code,
        level=Level.WARNING,
        account=ctx.account,
        run=ctx.run,
        message=sentence(
            "The store refused the message about order %(order)s: %(reason)s",
            order=order.amazon_order_id,
            reason=outcome.message,
        ),
        fix=sentence(
            "Look into the store's own log. The message is sent again more and more "
            "rarely; this is said once an hour."
        ),
    )
    record_once(entry, _SAY_AGAIN)


def _trouble(ctx: RunContext, outcome: Delivery) -> Recoverable | NeedsMerchant:
    fix = sentence(
        "Look at the store's server and its address under Settings → API and "
        "webhooks. What was not told is told as soon as it answers."
    )
    if outcome.code in {"store.endpoint_gone", "store.endpoint_refused"}:
        return NeedsMerchant(outcome.code, outcome.message, fix=fix)
    retry_at = None
    if outcome.retry_after:
        wait = min(outcome.retry_after, _LONGEST_WAIT)
        retry_at = ctx.now() + timedelta(seconds=wait)
    return Recoverable(outcome.code, outcome.message, fix=fix, retry_at=retry_at)
