"""What the rows say of each order's way: when it was told, held, pushed, complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.farm import Farm


@dataclass(frozen=True)
class Way:
    """Seconds from the first event of an order on the queue; None: not yet."""

    account_id: int
    reserved: float | None
    pushed: float | None
    complete: float | None


def ways(farm: Farm, order_ids: Iterable[str]) -> dict[str, Way]:
    """Return the way of each of these orders by its id."""
    wanted = set(order_ids)
    told = _first(
        farm,
        "SELECT amazon_order_id, MIN(published_at) FROM channels_amazon_notification "
        "GROUP BY amazon_order_id",
    )
    held = _first(
        farm,
        "SELECT reference, MIN(created_at) FROM channels_amazon_stockmovement "
        "WHERE reason = 'reserved' GROUP BY reference",
    )
    orders = farm.rows(
        "SELECT amazon_order_id, account_id, completed_at FROM channels_amazon_order"
    )
    pushes = _pushes(farm)
    skus = _skus(farm)
    found = {}
    for order_id, account_id, completed_at in orders:
        if order_id not in wanted or order_id not in told:
            continue
        began, reserved = told[order_id], held.get(order_id)
        pushed = None
        if reserved is not None:
            pushed = _pushed(pushes, account_id, skus[order_id], reserved)
        found[order_id] = Way(
            account_id=account_id,
            reserved=_after(began, reserved),
            pushed=_after(began, pushed),
            complete=_after(began, moment(completed_at)),
        )
    return found


def moment(value: Any) -> datetime | None:
    """Return a time of the database, which SQLite keeps as text."""
    if value is None or isinstance(value, datetime):
        return value.replace(tzinfo=None) if value else None
    return datetime.fromisoformat(value).replace(tzinfo=None)


def _first(farm: Farm, sql: str) -> dict[str, datetime]:
    found = {}
    for key, value in farm.rows(sql):
        at = moment(value)
        if at is not None:
            found[key] = at
    return found


def _skus(farm: Farm) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    rows = farm.rows(
        "SELECT o.amazon_order_id, l.seller_sku FROM channels_amazon_orderline l "
        "JOIN channels_amazon_order o ON o.id = l.order_id"
    )
    for order_id, sku in rows:
        found.setdefault(order_id, set()).add(sku)
    return found


def _pushes(farm: Farm) -> dict[tuple[int, str], list[datetime]]:
    """Return when quantities were sent and accepted, by account and SKU."""
    found: dict[tuple[int, str], list[datetime]] = {}
    rows = farm.rows(
        "SELECT account_id, reference, started_at FROM channels_amazon_apicall "
        "WHERE operation = 'patchListingsItem' AND status = 200 ORDER BY id"
    )
    for account_id, sku, started_at in rows:
        at = moment(started_at)
        if at is not None:
            found.setdefault((account_id, sku), []).append(at)
    return found


def _pushed(
    pushes: dict[tuple[int, str], list[datetime]],
    account_id: int,
    skus: set[str],
    reserved: datetime,
) -> datetime | None:
    """Return when the last of the order's SKUs was sent with the units held.

    The quantity is read from its row just before the call, so a call that began after
    the units were held carries them.
    """
    last = None
    for sku in skus:
        later = [at for at in pushes.get((account_id, sku), []) if at >= reserved]
        if not later:
            return None
        first = min(later)
        last = first if last is None else max(last, first)
    return last


def _after(began: datetime, at: datetime | None) -> float | None:
    return None if at is None else (at - began).total_seconds()
