"""Has Amazon send events of MCF orders, once there are any; sync layer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TypedDict, cast

from channels_amazon.models import FulfillmentOrder
from channels_amazon.rules.events.fulfillment_order_status import (
    FULFILLMENT_ORDER_STATUS,
)
from channels_amazon.services.accounts.subscriptions import subscribe_to
from channels_amazon.services.diagnostics.entries import entry_for, record_once
from channels_amazon.spapi.errors import (
    AccessDenied,
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.sync.runtime.context import RunContext

logger = logging.getLogger(__name__)

LOG_AGAIN = timedelta(days=1)
# Amazon refused to send events of the orders: so much later it is asked again.
ASK_AGAIN = timedelta(hours=1)


class _Cursor(TypedDict, total=False):
    """The job's cursor: the destination that the account's MCF events go to.

    `subscription` is the id that brings them there, "" where Amazon has none to give.
    Where Amazon refused it, `ask_again_at` is when to ask again (ISO).
    """

    destination: str
    subscription: str
    ask_again_at: str


def ask_for_events(ctx: RunContext) -> None:
    """Have Amazon send events of our orders, once it sends events of orders at all.

    Without these events the orders are read back more and more rarely.
    """
    destination_id = ctx.account.destination_id
    cursor = cast(_Cursor, ctx.cursor)
    if not destination_id or cursor == _asked_for(ctx):
        return
    refused_until = cursor.get("ask_again_at")
    if refused_until and ctx.now() < datetime.fromisoformat(refused_until):
        return
    if not FulfillmentOrder.objects.filter(account=ctx.account).exists():
        return
    try:
        if not subscribe_to(ctx.account, FULFILLMENT_ORDER_STATUS):
            return
    except AccessDenied as error:
        # A refusal may pass: it is no answer for good.
        record_once(entry_for(error, account=ctx.account, run=ctx.run), LOG_AGAIN)
        again_at = ctx.now() + ASK_AGAIN
        ctx.save_cursor(_Cursor(ask_again_at=again_at.isoformat()))
        return
    except (InvalidRequest, NotFound) as error:
        record_once(entry_for(error, account=ctx.account, run=ctx.run), LOG_AGAIN)
    except (Throttled, ServiceUnavailable, UnexpectedResponse) as error:
        # The next run asks again.
        logger.info("no events yet account=%s code=%s", ctx.account.pk, error.code)
        return
    ctx.save_cursor(_asked_for(ctx))


def _asked_for(ctx: RunContext) -> _Cursor:
    """Return the cursor of a job whose events come as the account's row says."""
    return _Cursor(
        destination=ctx.account.destination_id,
        subscription=ctx.account.subscriptions.get(FULFILLMENT_ORDER_STATUS, ""),
    )
