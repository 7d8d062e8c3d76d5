"""Makes shipments of the store's parcels; sync layer.

It makes no call to Amazon: `shipments.py` confirms what is packed here.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError
from django.db.models import Min, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Parcel, SyncJob
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.services.shipping import packing, parcels
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# A parcel or an order wakes the job at once; this is for a wake-up that was lost.
EVERY = timedelta(minutes=5)
# Parcels loaded at once; a pass that loads so many runs again at once.
BATCH = 200

State = Parcel.State


@reconciler(
    SyncJob.Kind.PARCELS,
    title=_("Parcels of the store"),
    interval=EVERY,
    # Without a package there is nothing to confirm.
    head_start=timedelta(minutes=1),
)
def reconcile(ctx: RunContext) -> Result:
    """Link parcels that came before their order, then pack the due ones."""
    parcels.link_orders(ctx.account)
    waiting = _waiting(ctx).filter(try_after__lte=ctx.now())
    found = list(waiting.order_by("try_after", "pk").values_list("order_id")[:BATCH])
    # A parcel's order is packed once, however many of its parcels are due.
    for order_id in dict.fromkeys(order_id for (order_id,) in found):
        if not ctx.has_time():
            return Result(next_due=ctx.now(), is_complete=False)
        _pack(ctx, order_id)
    if len(found) == BATCH:
        return Result(next_due=ctx.now(), is_complete=False)
    return Result(next_due=_next_due(ctx))


def _waiting(ctx: RunContext) -> QuerySet[Parcel]:
    rows: QuerySet[Parcel] = Parcel.objects.filter(
        store_id=ctx.account.store_id, state=State.WAITING, order__account=ctx.account
    )
    return rows


def _pack(ctx: RunContext, order_id: int) -> None:
    try:
        rows = packing.pack_order(order_id)
    except (DataError, IntegrityError, ArithmeticError, ShoplinkError) as error:
        # The next order's parcels must not wait for this one.
        logger.exception("parcels not packed order=%s", order_id)
        packing.quarantine_parcels(
            order_id,
            code="parcel.failed",
            message=sentence(
                "The parcel could not be made a package: %(error)s.",
                error=type(error).__name__,
            ),
        )
        ctx.progress(rows=1, quarantined=1)
        return
    states = [row.state for row in rows]
    ctx.progress(
        rows=len(rows),
        changed=states.count(State.APPLIED),
        quarantined=states.count(State.REFUSED),
    )


def _next_due(ctx: RunContext) -> datetime:
    regular = ctx.now() + EVERY
    soonest: datetime | None = _waiting(ctx).aggregate(at=Min("try_after"))["at"]
    return regular if soonest is None else min(max(soonest, ctx.now()), regular)
