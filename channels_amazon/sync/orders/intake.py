"""Stores fetched orders: a bad one never stops the rest; sync layer."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from django.db import DataError, IntegrityError

from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs.backoff import item_backoff
from channels_amazon.services.order_reports import intake as report_intake
from channels_amazon.services.orders import intake
from channels_amazon.services.orders.changes import OrderResult
from channels_amazon.services.orders.intake import Origin
from channels_amazon.services.shipping import confirmations
from channels_amazon.spapi.order_report import ReportOrder
from channels_amazon.spapi.orders import AmazonOrder, UnreadableOrder
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# What cannot be read or stored is read again as after so many failures in a row.
_FIRST_RETRY = 4
# Errors that one order's own data may lead to; any other is a fault of ours.
_UNSTORABLE = (DataError, IntegrityError, ArithmeticError, ValueError)


def store_order(
    ctx: RunContext, data: AmazonOrder, *, source: Origin, is_final: bool = False
) -> OrderResult | None:
    """Store one order and count it; None when it had to be quarantined."""
    try:
        result = intake.apply_order(ctx.account, data, source=source, is_final=is_final)
    except _UNSTORABLE as error:
        _not_stored(ctx, data.order_id, error)
        return None
    confirmations.take_packages(result.order, data.packages)
    ctx.progress(rows=1, changed=0 if result.is_known else 1)
    return result


def store_reported(
    ctx: RunContext, reported: Sequence[ReportOrder], incomplete: Collection[str]
) -> int:
    """Store what a report says of these orders; return how many could be stored.

    `incomplete` are the ids of orders with a row that cannot be read.
    Those that cannot be stored are quarantined and counted. The caller counts the
    others: here it would cost more than the storing.
    """
    try:
        report_intake.apply_reported(ctx.account, reported, incomplete=incomplete)
    except _UNSTORABLE as error:
        if len(reported) > 1:
            logger.warning("orders are taken apart error=%s", type(error).__name__)
            return sum(store_reported(ctx, [one], incomplete) for one in reported)
        _not_stored(ctx, reported[0].order_id, error)
        return 0
    return len(reported)


def quarantine_unreadable(ctx: RunContext, found: UnreadableOrder) -> None:
    """Quarantine an order of a page that breaks Amazon's contract."""
    ctx.progress(rows=1, quarantined=1)
    if found.order_id:
        intake.quarantine_order(
            ctx.account,
            found.order_id,
            code="orders.unreadable",
            message=sentence(
                "The order %(order)s cannot be read: %(reason)s.",
                order=found.order_id,
                reason=found.reason,
            ),
            retry_at=ctx.now() + item_backoff(_FIRST_RETRY),
        )
        return
    record(
        Entry(
            code="orders.unreadable",
            level=Level.WARNING,
            account=ctx.account,
            run=ctx.run,
            message=sentence(
                "Amazon listed an order that has no id: %(reason)s.",
                reason=found.reason,
            ),
            fix=sentence("Compare the day's orders with Seller Central."),
        )
    )


def _not_stored(ctx: RunContext, order_id: str, error: Exception) -> None:
    logger.error("order not stored account=%s", ctx.account.pk, exc_info=error)
    intake.quarantine_order(
        ctx.account,
        order_id,
        code="orders.import_failed",
        message=sentence(
            "The order %(order)s could not be stored: %(error)s.",
            order=order_id,
            error=type(error).__name__,
        ),
        retry_at=ctx.now() + item_backoff(_FIRST_RETRY),
    )
    ctx.progress(rows=1, quarantined=1)
