"""Counts what could not be taken in, for pages and checks alike; services layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q, QuerySet

from channels_amazon.models import (
    AmazonAccount,
    Notification,
    Order,
    OrderReport,
    Parcel,
)
from channels_amazon.models.scope import COUNT_CAP, StoreQuerySet

# An order that a parcel was told of comes within minutes; after this time nobody seems
# to know its id.
ORDER_COMES_WITHIN = timedelta(hours=1)
# How long after it was read a report's unreadable rows count.
REPORT_FRESH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SetAside:
    """How much waits for a person, each counted up to COUNT_CAP.

    `report_rows` is how many there are at least: a row that two reports hold counts
    once. Each of the times says since when the oldest waits (UTC), None for nothing or
    not known.
    """

    orders: int
    messages: int
    report_rows: int
    parcels: int
    quarantined_at: datetime | None = None
    report_read_at: datetime | None = None
    parcel_at: datetime | None = None

    @property
    def total(self) -> int:
        """Return how much it is altogether."""
        return self.orders + self.messages + self.report_rows + self.parcels


def quarantined_messages() -> StoreQuerySet[Notification]:
    """Return Amazon's messages that could not be read."""
    rows: StoreQuerySet[Notification] = Notification.objects.filter(
        state=Notification.State.QUARANTINED
    )
    return rows


def ownerless_parcels(now: Any) -> StoreQuerySet[Parcel]:
    """Return the parcels of orders that nobody seems to know."""
    rows: StoreQuerySet[Parcel] = Parcel.objects.filter(
        state=Parcel.State.WAITING,
        order__isnull=True,
        created_at__lt=now - ORDER_COMES_WITHIN,
    )
    return rows


def unread_reports(now: Any) -> StoreQuerySet[OrderReport]:
    """Return the reports of late with rows that could not be read."""
    rows: StoreQuerySet[OrderReport] = OrderReport.objects.filter(
        rows_quarantined__gt=0, read_at__gt=now - REPORT_FRESH
    )
    return rows


@dataclass(frozen=True, slots=True)
class SetAsideRows:
    """The rows of each kind that wait for a person."""

    orders: QuerySet[Order]
    messages: QuerySet[Notification]
    reports: QuerySet[OrderReport]
    parcels: QuerySet[Parcel]


def rows_set_aside(of_account: Q, of_store: Q, now: Any) -> SetAsideRows:
    """Return what waits; `now` is a time, or an expression that stands for one.

    Parcels are told by store: those that name an order nobody knows count for each of
    its accounts.
    """
    return SetAsideRows(
        orders=Order.objects.filter(of_account).in_quarantine(),
        messages=quarantined_messages().filter(of_account),
        reports=unread_reports(now).filter(of_account),
        parcels=ownerless_parcels(now).filter(of_store),
    )


def set_aside(accounts: Sequence[AmazonAccount], now: datetime) -> SetAside:
    """Return how much of these accounts and of their stores' parcels was set aside."""
    stores = {account.store_id for account in accounts}
    rows = rows_set_aside(Q(account__in=accounts), Q(store__in=stores), now)
    orders, messages = _capped(rows.orders), _capped(rows.messages)
    unread = unread_rows(rows.reports).values()
    parcels = _capped(rows.parcels)
    waiting = []
    if orders:
        waiting.append(rows.orders.aggregate(at=Min("stale_since"))["at"])
    if messages:
        waiting.append(_oldest(rows.messages, "received_at"))
    return SetAside(
        orders=orders,
        messages=messages,
        report_rows=min(sum(one.rows for one in unread), COUNT_CAP),
        parcels=parcels,
        quarantined_at=min((at for at in waiting if at is not None), default=None),
        report_read_at=min((one.met_at for one in unread), default=None),
        parcel_at=_oldest(rows.parcels, "created_at") if parcels else None,
    )


def _capped(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:COUNT_CAP].count()


def _oldest(rows: QuerySet[Any], column: str) -> datetime | None:
    at: datetime | None = rows.order_by("pk").values_list(column, flat=True).first()
    return at


@dataclass(frozen=True, slots=True)
class UnreadRows:
    """How many rows of an account's reports could not be read, and since when."""

    rows: int
    met_at: datetime


def unread_rows(reports: QuerySet[OrderReport]) -> dict[int, UnreadRows]:
    """Return what could not be read of these reports, by account, up to COUNT_CAP.

    A report names its rows by no key. Of reports whose spans overlap the one with the
    most counts alone: the others may tell of the same rows.
    """
    counted: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    found: dict[int, UnreadRows] = {}
    for account, start, end, unread, read_at in reports.order_by(
        "-rows_quarantined", "pk"
    ).values_list("account", "starts_at", "ends_at", "rows_quarantined", "read_at")[
        :COUNT_CAP
    ]:
        if read_at is None:
            continue
        spans = counted[account]
        is_told = any(start < until and since < end for since, until in spans)
        spans.append((start, end))
        so_far = found.get(account, UnreadRows(0, read_at))
        found[account] = UnreadRows(
            min(so_far.rows + (0 if is_told else unread), COUNT_CAP),
            min(so_far.met_at, read_at),
        )
    return found
