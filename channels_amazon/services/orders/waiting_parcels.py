"""Has parcels tried again that wait for an order which changed; services layer."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import Order, Parcel, SyncJob
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps

# Why a parcel was refused whose buyer had asked to cancel; a decline takes it up again.
CANCEL_REQUESTED = "parcel.cancel_requested"


def wake_for(orders: Sequence[Order], follow_ups: FollowUps = AT_ONCE) -> None:
    """Have the parcels that wait for these orders tried again: the orders changed.

    Call it where the orders' rows are locked, so that no parcel is missed. One query,
    by index, where there are none.
    """
    waiting = Parcel.objects.filter(
        state__in=Parcel.OPEN,
        amazon_order_id__in=[order.amazon_order_id for order in orders],
        store_id__in={order.account.store_id for order in orders},
    ).order_by()
    expected = set(waiting.values_list("store_id", "amazon_order_id"))
    for order in orders:
        if (order.account.store_id, order.amazon_order_id) in expected:
            _wake_for(order, follow_ups)


def _wake_for(order: Order, follow_ups: FollowUps) -> None:
    held = Q(state=Parcel.State.WAITING)
    if not order.asks_to_cancel:
        held |= Q(state=Parcel.State.REFUSED, code=CANCEL_REQUESTED)
    waiting = Parcel.objects.filter(
        held,
        amazon_order_id=order.amazon_order_id,
        store_id=order.account.store_id,
    )
    if waiting.update(
        order=order, state=Parcel.State.WAITING, try_after=timezone.now()
    ):
        follow_ups.wake(order.account_id, SyncJob.Kind.PARCELS)
