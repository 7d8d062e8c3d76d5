"""Binds FBA units to MCF orders, and frees them again; services layer.

`FbaStock.promised` is the sum of the units that lines of MCF orders hold of a pool. It
goes up when an order is made, before Amazon hears of it. It goes down when the order
ends without taking the units, else with the first inventory report of the pool that was
asked for SHOWN_AFTER the order was placed: that report counts them as gone. Both change
only under the lock of the pool's row; locks are taken in the order StoreOrder,
FulfillmentOrder, FbaStock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from channels_amazon.models import (
    FbaStock,
    FulfillmentLine,
    FulfillmentOrder,
    Order,
    StoreOrder,
    StoreOrderLine,
    SyncJob,
)
from channels_amazon.rules.events.fulfillment_order_status import OutboundEvent
from channels_amazon.rules.mcf.terms import McfDecision
from channels_amazon.rules.orders.transitions import FOREIGN_CHANNEL
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps

State = FulfillmentOrder.State

# Amazon's inventory report may miss an order for so long after it was placed.
SHOWN_AFTER = timedelta(minutes=2)


def promise(
    order: StoreOrder,
    *,
    decision: McfDecision,
    listings: Mapping[int, int],
    version: str,
) -> FulfillmentOrder | None:
    """Bind the pool's units to the order, and have it placed at Amazon at once.

    `listings` names the listing of each line. Returns None, and changes nothing, when
    the pool no longer holds them all beside what the rule keeps. The caller holds the
    order's row.
    """
    candidate, offer, rule = decision.candidate, decision.offer, decision.rule
    if candidate is None or offer is None or rule is None:
        raise ValueError("Only a decision for MCF can be promised.")
    lines = list(StoreOrderLine.objects.filter(order=order).order_by("pk"))
    wanted: dict[int, int] = {}
    for line in lines:
        listing_id = listings[line.pk]
        wanted[listing_id] = wanted.get(listing_id, 0) + line.quantity
    with transaction.atomic():
        pools = lock_pools(wanted, candidate.pool)
        for listing_id, units in wanted.items():
            pool = pools.get(listing_id)
            if pool is None or pool.sellable - rule.kept_units < units:
                return None
        made: FulfillmentOrder = FulfillmentOrder.objects.create(
            order=order,
            account_id=candidate.account_id,
            api_version=version,
            marketplace_id=candidate.marketplace_id,
            pool=candidate.pool,
            speed=offer.speed,
            fee=offer.fee,
            fee_currency=offer.currency,
        )
        FulfillmentLine.objects.bulk_create(
            [
                FulfillmentLine(
                    fulfillment=made,
                    line=line,
                    listing_id=listings[line.pk],
                    quantity=line.quantity,
                    promised=line.quantity,
                )
                for line in lines
            ]
        )
        _recount(pools.values())
        lifecycle.wake(candidate.account_id, SyncJob.Kind.MCF_ORDERS)
    return made


def release(fulfillment: FulfillmentOrder) -> int:
    """Free the units of an order that ended without taking them; return how many."""
    with transaction.atomic():
        lines = FulfillmentLine.objects.filter(fulfillment=fulfillment)
        listing_ids = set(lines.values_list("listing_id", flat=True))
        pools = lock_pools(listing_ids, fulfillment.pool)
        held = lines.aggregate(units=Sum("promised"))["units"] or 0
        lines.filter(promised__gt=0).update(promised=0)
        _recount(pools.values())
    return int(held)


def release_shown(
    account_id: int, pool: str, listing_ids: Collection[int], *, asked_at: datetime
) -> int:
    """Free what a report of the pool, asked for at `asked_at`, counts as gone.

    Call it in the transaction that stores the report, once for the listings whose
    figures it changed or confirmed. Returns how many lines held units until now.
    """
    shown = FulfillmentLine.objects.filter(
        fulfillment__account_id=account_id,
        fulfillment__pool=pool,
        fulfillment__placed_at__lte=asked_at - SHOWN_AFTER,
        listing__in=listing_ids,
        promised__gt=0,
    )
    if not shown.exists():
        return 0
    with transaction.atomic():
        pools = lock_pools(listing_ids, pool)
        freed = shown.update(promised=0)
        _recount(pools.values())
    return int(freed)


def awaits_report(account_id: int, now: datetime) -> bool:
    """Tell whether the next report of the account's pools would free units."""
    held = FulfillmentLine.objects.filter(
        fulfillment__account_id=account_id,
        fulfillment__placed_at__lte=now - SHOWN_AFTER,
        promised__gt=0,
    )
    return bool(held.exists())


def begin_attempt(fulfillment: FulfillmentOrder) -> bool:
    """Count one more attempt to place it; False if somebody else has, or it ended."""
    waiting = FulfillmentOrder.objects.filter(
        pk=fulfillment.pk,
        state=State.WAITING,
        attempts=fulfillment.attempts,
        cancel_asked_at__isnull=True,
    )
    if not waiting.update(attempts=F("attempts") + 1):
        return False
    fulfillment.attempts += 1
    return True


def postpone(
    fulfillment: FulfillmentOrder, until: datetime, *, error: str = ""
) -> None:
    """Try the order again at `until` (UTC); `error` says what hindered it."""
    FulfillmentOrder.objects.filter(pk=fulfillment.pk, ended_at__isnull=True).update(
        next_attempt_at=until, next_poll_at=until, error_message=error
    )


def restore(before: FulfillmentOrder, until: datetime) -> None:
    """Take back that the order was put off `until` then: it was not its fault.

    `before` is the order as it was read; what another process wrote since stays. An
    attempt may have arrived, so that one is kept: the next looks before it sends.
    """
    as_put_off = FulfillmentOrder.objects.filter(
        pk=before.pk, ended_at__isnull=True, next_attempt_at=until
    )
    as_put_off.update(
        next_attempt_at=before.next_attempt_at,
        next_poll_at=before.next_poll_at,
        attempts=max(before.attempts, 1),
        error_message=before.error_message,
    )


def wait_for_key(before: FulfillmentOrder, until: datetime, *, error: str) -> None:
    """Place the order at `until`: its address cannot be read, so nothing was sent.

    `before` is the order as it was read: the attempt that has begun was none.
    """
    FulfillmentOrder.objects.filter(pk=before.pk, ended_at__isnull=True).update(
        next_attempt_at=until,
        next_poll_at=until,
        attempts=before.attempts,
        error_message=error,
    )


def poll_now(event: OutboundEvent, follow_ups: FollowUps = AT_ONCE) -> bool:
    """Have the order that Amazon's event names read back now; False if we have none.

    An order that is still to be placed keeps the time of its next attempt. Where the
    event names no seller, all our orders of that number are looked at: each is read by
    its own account, so none learns of another's.
    """
    open_orders = FulfillmentOrder.objects.filter(
        order__number=event.order_id, ended_at__isnull=True
    )
    if event.seller_id:
        open_orders = open_orders.filter(account__seller_id=event.seller_id)
    account_ids = list(open_orders.values_list("account_id", flat=True))
    open_orders.update(next_poll_at=timezone.now())
    for account_id in account_ids:
        follow_ups.wake(account_id, SyncJob.Kind.MCF_ORDERS)
    return bool(account_ids)


def link_amazon_order(account_id: int, number: str, amazon_order_id: str) -> bool:
    """Keep the id under which Amazon lists an MCF order; False if that was known."""
    placed = FulfillmentOrder.objects.filter(
        account_id=account_id, order__number=number
    ).exclude(amazon_order_id=amazon_order_id[:40])
    # By their keys, since an UPDATE cannot join the store order.
    pks = list(placed.values_list("pk", flat=True))
    rows = FulfillmentOrder.objects.filter(pk__in=pks)
    return bool(pks and rows.update(amazon_order_id=amazon_order_id[:40]))


def placed_by_us(orders: Sequence[Order]) -> dict[int, StoreOrder]:
    """Return the store order behind each of Amazon's orders that we placed."""
    foreign = [order for order in orders if order.channel_name == FOREIGN_CHANNEL]
    if not foreign:
        return {}
    rows = FulfillmentOrder.objects.filter(
        amazon_order_id__in=[order.amazon_order_id for order in foreign]
    ).select_related("order")
    found = {(row.account_id, row.amazon_order_id): row.order for row in rows}
    return {
        order.pk: found[key]
        for order in foreign
        if (key := (order.account_id, order.amazon_order_id)) in found
    }


def lock_fulfillment(pk: int) -> FulfillmentOrder:
    """Lock a placed order, its store order first; call it inside a transaction."""
    order_id = FulfillmentOrder.objects.values_list("order_id", flat=True).get(pk=pk)
    list(StoreOrder.objects.select_for_update(no_key=True).filter(pk=order_id))
    row: FulfillmentOrder = (
        FulfillmentOrder.objects.select_for_update(of=("self",), no_key=True)
        .select_related("order__store", "account")
        .get(pk=pk)
    )
    return row


def lock_pools(listing_ids: Iterable[int], pool: str) -> dict[int, FbaStock]:
    """Lock the pool's rows of these listings in pk order; return them by listing."""
    rows = (
        FbaStock.objects.select_for_update()
        .filter(listing__in=set(listing_ids), pool=pool)
        .order_by("pk")
    )
    return {row.listing_id: row for row in rows}


def _recount(pools: Iterable[FbaStock]) -> None:
    """Write what the lines hold of each pool, whose rows the caller has locked."""
    for row in pools:
        held = FulfillmentLine.objects.filter(
            listing_id=row.listing_id, fulfillment__pool=row.pool
        )
        units = held.aggregate(units=Sum("promised"))["units"] or 0
        FbaStock.objects.filter(pk=row.pk).update(promised=units)
