"""Counts what could not be taken in, for pages and checks alike; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Min, Sum

from channels_amazon.models import (
    AmazonAccount,
    Notification,
    Order,
    OrderReport,
    Parcel,
)
from channels_amazon.models.scope import StoreQuerySet

# An order that a parcel was told of comes within minutes; after this time nobody seems
# to know its id.
ORDER_COMES_WITHIN = timedelta(hours=1)
# How long after it was read a report's unreadable rows count.
REPORT_FRESH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SetAside:
    """How much waits for a person, each counted up to COUNT_CAP.

    `oldest_at` is since when the oldest waits (UTC), None for nothing or not known.
    """

    orders: int
    messages: int
    report_rows: int
    parcels: int
    oldest_at: datetime | None = None

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


def ownerless_parcels(now: datetime) -> StoreQuerySet[Parcel]:
    """Return the parcels of orders that nobody seems to know."""
    rows: StoreQuerySet[Parcel] = Parcel.objects.filter(
        state=Parcel.State.WAITING,
        order__isnull=True,
        created_at__lt=now - ORDER_COMES_WITHIN,
    )
    return rows


def unread_reports(now: datetime) -> StoreQuerySet[OrderReport]:
    """Return the reports of late with rows that could not be read."""
    rows: StoreQuerySet[OrderReport] = OrderReport.objects.filter(
        rows_quarantined__gt=0, read_at__gt=now - REPORT_FRESH
    )
    return rows


def set_aside(accounts: Sequence[AmazonAccount], now: datetime) -> SetAside:
    """Return what of these accounts, and of their stores' parcels, was set aside.

    Parcels are told by store: those that name an order nobody knows count for each of
    its accounts.
    """
    orders = Order.objects.filter(account__in=accounts).in_quarantine()
    messages = quarantined_messages().filter(account__in=accounts)
    stores = {account.store_id for account in accounts}
    parcels = ownerless_parcels(now).filter(store__in=stores)
    reports = unread_reports(now).filter(account__in=accounts)
    found = SetAside(
        orders=orders.capped_count(),
        messages=messages.capped_count(),
        report_rows=reports.aggregate(n=Sum("rows_quarantined"))["n"] or 0,
        parcels=parcels.capped_count(),
    )
    if not found.total:
        return found
    oldest = [
        orders.aggregate(at=Min("stale_since"))["at"],
        messages.order_by("pk").values_list("received_at", flat=True).first(),
        parcels.order_by("pk").values_list("created_at", flat=True).first(),
        reports.aggregate(at=Min("read_at"))["at"],
    ]
    first = min((at for at in oldest if at is not None), default=None)
    return replace(found, oldest_at=first)
