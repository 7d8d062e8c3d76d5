"""Flags what was promised beyond the units on hand; services layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from channels_amazon.models import AmazonAccount, Order, Reservation, StockLevel
from channels_amazon.rules.stock.allocation import Hold, short_holds

_BATCH = 500


def flag_shortages(levels: Collection[StockLevel]) -> None:
    """Mark which reservations of the locked levels are short of units.

    Their orders follow after commit: an order's row is locked before its levels, so
    locking it now could make two changes wait for each other.
    """
    changed: set[int] = set()
    flagged = _flagged(levels)
    for level in levels:
        known = flagged.get((level.variant_id, level.warehouse_id), {})
        if known or level.available < 0:
            changed |= _flag(level, known)
    if changed:
        transaction.on_commit(partial(refresh_orders, changed), robust=True)


def refresh_orders(order_ids: Collection[int]) -> int:
    """Set these orders' backorder flag to what their lines say; return how many."""
    short = Exists(
        Reservation.objects.filter(line__order=OuterRef("pk"), is_short=True)
    )
    changed = 0
    for is_short in (True, False):
        rows = Order.objects.filter(pk__in=order_ids, has_shortage=not is_short)
        rows = rows.filter(short if is_short else ~short)
        with transaction.atomic():
            # The same order as a batch of events takes, so that they do not deadlock.
            locked = rows.select_for_update(of=("self",), no_key=True)
            locked = locked.order_by("account_id", "amazon_order_id")
            pks = list(locked.values_list("pk", flat=True))
            changed += Order.objects.filter(pk__in=pks).update(has_shortage=is_short)
    return changed


def refresh_account(account: AmazonAccount) -> int:
    """Correct the account's backorder flags that a dead process left wrong."""
    lines = Reservation.objects.filter(line__order__account=account, is_short=True)
    short = set(lines.values_list("line__order_id", flat=True))
    flagged = Order.objects.filter(account=account, has_shortage=True)
    wrong = short ^ set(flagged.values_list("pk", flat=True))
    return refresh_orders(sorted(wrong)[:_BATCH]) if wrong else 0


def _flagged(
    levels: Collection[StockLevel],
) -> dict[tuple[int, int], dict[int, int]]:
    """Return the orders of the reservations that are flagged now, by level."""
    rows = _holding(
        variant__in={level.variant_id for level in levels},
        warehouse__in={level.warehouse_id for level in levels},
        is_short=True,
    ).values_list("variant_id", "warehouse_id", "pk", "line__order_id")
    found: dict[tuple[int, int], dict[int, int]] = {}
    for variant_id, warehouse_id, pk, order_id in rows:
        found.setdefault((variant_id, warehouse_id), {})[pk] = order_id
    return found


def _flag(level: StockLevel, flagged: Mapping[int, int]) -> set[int]:
    """Return the orders of which a reservation's flag changed."""
    rows = _holding(variant=level.variant_id, warehouse=level.warehouse_id)
    if level.available >= 0:
        short: set[int] = set()
    else:
        held = rows.order_by("pk").values_list("pk", "quantity")
        short = short_holds(level.on_hand, [Hold(*row) for row in held])
    fresh = short - flagged.keys()
    new = (
        dict(rows.filter(pk__in=fresh).values_list("pk", "line__order_id"))
        if fresh
        else {}
    )
    gone = {pk: order_id for pk, order_id in flagged.items() if pk not in short}
    if new:
        Reservation.objects.filter(pk__in=new).update(is_short=True)
    if gone:
        Reservation.objects.filter(pk__in=gone).update(is_short=False)
    return {*new.values(), *gone.values()}


def _holding(**condition: Any) -> QuerySet[Reservation]:
    """Return the reservations that hold units; emptied ones are never short."""
    rows: QuerySet[Reservation] = Reservation.objects.filter(quantity__gt=0)
    return rows.filter(**condition).order_by()
