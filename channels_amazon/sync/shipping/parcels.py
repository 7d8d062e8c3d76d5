"""Makes shipments of the store's parcels; sync layer.

It makes no call to Amazon: `shipments.py` confirms what is packed here.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import AmazonAccount, Order, Parcel, SyncJob
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.shipping import packing, parcels
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# Parcels loaded at once; a pass that loads so many runs again at once.
BATCH = 200
# So long after it came, the order of a parcel without one is looked for each minute.
LOOSE_FOR = timedelta(hours=1)

State = Parcel.State


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a parcel to pack now.

    These are parcels whose time has come, and parcels without an order whose order is
    here after all: stored at the same moment, neither found the other. The second kind
    is looked for during LOOSE_FOR; after that the order finds its parcel when it comes.
    """
    due = Parcel.objects.filter(state=State.WAITING, try_after__lte=now)
    loose = Parcel.objects.filter(
        state=State.WAITING,
        order=None,
        created_at__gte=now - LOOSE_FOR,
        amazon_order_id=OuterRef("amazon_order_id"),
        store_id=OuterRef("account__store_id"),
    )
    without_order = Parcel.objects.filter(
        state=State.WAITING, order=None, created_at__gte=now - LOOSE_FOR
    )
    found = Order.objects.filter(
        Exists(loose), amazon_order_id__in=without_order.values("amazon_order_id")
    )
    return AmazonAccount.objects.filter(
        Q(pk__in=due.values("order__account_id"))
        | Q(pk__in=found.order_by().values("account_id"))
    ).values("pk")


@reconciler(
    SyncJob.Kind.PARCELS,
    title=_("Parcels of the store"),
    interval=HALF_A_DAY,
    # Without a package there is nothing to confirm.
    head_start=timedelta(minutes=1),
    due_accounts=due_accounts,
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


def _next_due(ctx: RunContext) -> datetime | None:
    """Return when the next parcel is due, None when none waits for its time."""
    soonest: datetime | None = _waiting(ctx).aggregate(at=Min("try_after"))["at"]
    return None if soonest is None else max(soonest, ctx.now())
