"""The queue of orders that are to be read again at Amazon; services layer.

An order waits in it while its `stale_since` is set. `fetch_after` puts it off, and
`fetch_attempts` counts the reads that did not bring it. Whoever takes an order out of
the queue states the mark that it had seen: a newer event sets a new one, which then
stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Min, Q, QuerySet

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.rules.order_fetch.state import FreshOrder, StaleOrder

# Orders planned for at once; what is beyond it waits for the next plan.
MOST_ORDERS = 20_000
# Orders that were placed earlier than so long before the oldest change are not looked
# for among those that a page would show: they change too, but too few to matter, and
# the index is by the time of the order.
ORDERED_BEFORE = timedelta(days=3)
# What we ship, or may have to: the status may be one that we do not know.
_MAY_BE_TO_SHIP = (*Order.TO_SHIP, Order.Status.UNFULFILLABLE, Order.Status.UNKNOWN)


def due(now: datetime) -> QuerySet[Order]:
    """Return the orders of all accounts that may be read now."""
    rows: QuerySet[Order] = Order.objects.filter(
        Q(fetch_after__isnull=True) | Q(fetch_after__lte=now),
        stale_since__isnull=False,
    )
    return rows


def stale_orders(account: AmazonAccount, now: datetime) -> list[StaleOrder]:
    """Return the orders that may be read now, those to be shipped soonest first.

    Plain values of the rows that are needed: there may be thousands.
    """
    rows = (
        due(now)
        .filter(account=account)
        .order_by(F("ship_by").asc(nulls_last=True), "stale_since")
        .values_list(
            "amazon_order_id",
            "status",
            "fulfilled_by",
            "ship_by",
            "last_event_at",
            "last_updated_at",
            "stale_since",
            "fetch_attempts",
        )
    )
    return [
        StaleOrder(
            order_id=order_id,
            changed_at=_changed_at(event_at, updated_at),
            waits_since=stale_since or now,
            ship_by=ship_by,
            needs_address=_needs_address(status, fulfilled_by),
            is_pending=status == Order.Status.PENDING,
            attempts=attempts,
        )
        for (
            order_id,
            status,
            fulfilled_by,
            ship_by,
            event_at,
            updated_at,
            stale_since,
            attempts,
        ) in rows[:MOST_ORDERS]
    ]


def fresh_orders(
    account: AmazonAccount, stale: Sequence[StaleOrder]
) -> list[FreshOrder]:
    """Return the orders that a page of the stale ones would show beside them."""
    times = [order.changed_at for order in stale if order.changed_at is not None]
    if not times:
        return []
    oldest = min(times)
    rows = Order.objects.filter(
        account=account,
        ordered_at__gte=oldest - ORDERED_BEFORE,
        last_updated_at__gte=oldest,
        stale_since__isnull=True,
    ).values_list("last_updated_at", "status", "fulfilled_by", "reported_at")
    fresh = []
    for changed_at, status, fulfilled_by, reported_at in rows[:MOST_ORDERS]:
        if changed_at is not None:
            is_to_ship = _needs_address(status, fulfilled_by)
            # What is to be shipped is never complete by a report alone.
            by_report = reported_at is not None and not is_to_ship
            fresh.append(FreshOrder(changed_at, is_to_ship, by_report))
    return fresh


def rows_waiting(account: AmazonAccount, ids: Collection[str]) -> dict[str, Order]:
    """Return the rows of these orders by Amazon's id, without those that came since."""
    rows = _waiting(account).filter(amazon_order_id__in=ids)
    return {order.amazon_order_id: order for order in rows}


def next_retry_at(account: AmazonAccount, now: datetime) -> datetime | None:
    """Return when the first of the orders that were put off may be read again."""
    postponed = _waiting(account).filter(fetch_after__gt=now)
    first: datetime | None = postponed.aggregate(first=Min("fetch_after"))["first"]
    return first


def mark_fetched(order_id: int, stale_since: datetime) -> bool:
    """Take the stale mark off, unless a newer event has set it anew meanwhile.

    The order is no longer in quarantine either: it could be read and stored.
    """
    seen = Order.objects.filter(pk=order_id, stale_since=stale_since)
    return bool(
        seen.update(
            stale_since=None,
            fetch_after=None,
            fetch_attempts=0,
            quarantine_code="",
            quarantine_message="",
        )
    )


def postpone(order: Order, until: datetime) -> bool:
    """Have the order read again at that time, unless a newer event wants it sooner."""
    seen = Order.objects.filter(pk=order.pk, stale_since=order.stale_since)
    return bool(seen.update(fetch_after=until, fetch_attempts=F("fetch_attempts") + 1))


def restore(order: Order, until: datetime) -> bool:
    """Take back that `order` was put off `until` then: it was not the order's fault.

    The order is as it was read; an event or another run that came since stays.
    """
    put_off = Order.objects.filter(
        pk=order.pk, stale_since=order.stale_since, fetch_after=until
    )
    return bool(
        put_off.update(
            fetch_after=order.fetch_after, fetch_attempts=order.fetch_attempts
        )
    )


def mark_not_paged(
    account: AmazonAccount, ids: Collection[str], began_at: datetime
) -> int:
    """Note which of these orders a search did not show that began at `began_at`.

    Amazon does not show them where their events said: only getOrder brings them. One
    that became stale later may have changed after the search. Returns how many.
    """
    missing = _waiting(account).filter(
        amazon_order_id__in=ids, stale_since__lte=began_at, fetch_attempts=0
    )
    return int(missing.update(fetch_attempts=1))


def _waiting(account: AmazonAccount) -> QuerySet[Order]:
    rows: QuerySet[Order] = Order.objects.filter(
        account=account, stale_since__isnull=False
    )
    return rows


def _changed_at(
    event_at: datetime | None, updated_at: datetime | None
) -> datetime | None:
    """Return when Amazon changed the order; None when it may not have changed at all.

    Without an event that is newer than what we have, a search by last update is not
    sure to show the order.
    """
    if event_at is None or (updated_at is not None and event_at <= updated_at):
        return None
    return event_at


def _needs_address(status: str, fulfilled_by: str) -> bool:
    """Tell whether we ship the order, or may have to: its status is a new one."""
    return fulfilled_by != Order.FulfilledBy.AMAZON and status in _MAY_BE_TO_SHIP
