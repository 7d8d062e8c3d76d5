"""Tells stores of their orders by webhook, start reading here; sync layer.

The way of one message: whoever changes an order marks it as pending and wakes this job
(`messages.mark_webhook_pending`). Here its present state becomes a message
(`messages.order_message`), which is signed and sent (`endpoints.deliver`, then
`storefronts/webhook.py`). It is then marked as sent, or due again (`retry.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Min, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record_once
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.webhooks import endpoints, messages
from channels_amazon.storefronts.webhook_failures import WebhookError
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.webhooks import retry
from channels_amazon.wording import sentence

BATCH = 50
# A refused message is written to the log at most so often.
_SAY_AGAIN = timedelta(hours=1)


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts with a message to a store that wants them."""
    waiting = messages.due(now).filter(account=OuterRef("pk"))
    listening = StoreEndpoint.objects.filter(is_active=True).values("store_id")
    return AmazonAccount.objects.filter(Exists(waiting), store__in=listening).values(
        "pk"
    )


@reconciler(
    SyncJob.Kind.WEBHOOK_DELIVERY,
    title=_("Messages to the store"),
    interval=HALF_A_DAY,
    due_accounts=due_accounts,
)
def reconcile(ctx: RunContext) -> Result:
    """Send every order of which the store knows less than we do, oldest first."""
    endpoint: StoreEndpoint | None = (
        StoreEndpoint.objects.select_related("store")
        .defer("secret")
        .filter(store=ctx.account.store_id, is_active=True)
        .first()
    )
    if endpoint is None:
        return Result()
    failures = retry.ServerFailures.of(endpoint)
    while batch := _due(ctx):
        for order in batch:
            if not ctx.has_time():
                return Result(next_due=ctx.now(), is_complete=False)
            ctx.keep_lease()
            try:
                _send(ctx, endpoint, order)
            except WebhookError as error:
                failures.add(error, ctx.now())
            else:
                failures.end()
    return Result(next_due=_next_due(ctx))


def _due(ctx: RunContext) -> list[Order]:
    lines = OrderLine.objects.select_related("variant")
    rows = messages.due(ctx.now()).filter(account=ctx.account).select_related("account")
    rows = rows.prefetch_related(Prefetch("lines", lines), "shipments")
    return list(rows.order_by("webhook_pending_since")[:BATCH])


def _send(ctx: RunContext, endpoint: StoreEndpoint, order: Order) -> None:
    """Send the order's present state; one that fails is due again later.

    Raises WebhookError.
    """
    since = order.webhook_pending_since
    if since is None:
        raise ValueError(f"Nothing of order {order.pk} is pending.")
    content = messages.order_message(order, since)
    try:
        endpoints.deliver(endpoint, messages.message_id(order, since), content)
    except WebhookError as error:
        at = retry.next_attempt_at(error, order.webhook_attempts, ctx.now())
        messages.postpone(order.pk, since, at)
        ctx.progress(rows=1, quarantined=1)
        if error.is_of_message:
            _record_refused(ctx, order, error)
        raise
    messages.mark_sent(order.pk, since)
    ctx.progress(rows=1, changed=1)


def _next_due(ctx: RunContext) -> datetime | None:
    """Return when the next message is due, None when none waits for its time."""
    pending = Order.objects.filter(
        account=ctx.account, webhook_pending_since__isnull=False
    )
    first: datetime | None = pending.aggregate(at=Min("webhook_retry_at"))["at"]
    return first


def _record_refused(ctx: RunContext, order: Order, error: WebhookError) -> None:
    entry = Entry(
        code=error.code,
        level=Level.WARNING,
        account=ctx.account,
        run=ctx.run,
        message=sentence(
            "The store refused the message about order %(order)s: %(reason)s",
            order=order.amazon_order_id,
            reason=error.message,
        ),
        fix=sentence(
            "Look into the store's own log. The message is sent again more and more "
            "rarely; this is said once an hour."
        ),
    )
    record_once(entry, _SAY_AGAIN)
