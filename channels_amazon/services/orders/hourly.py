"""Counts the orders of each hour and marketplace, and what was not read; services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count
from django.db.models.functions import TruncHour

from channels_amazon.models import AmazonAccount, MarketplaceParticipation, Order
from channels_amazon.rules.orders.hours import (
    HOUR,
    hours_until,
    is_unread,
    unread_since,
)
from channels_amazon.services.installation import catching_up

HOURS = 24


@dataclass(frozen=True, slots=True)
class SiteHours:
    """A marketplace's orders by the hour, the oldest first.

    `unread` says for each hour whether Amazon has not been read up to its end: then its
    count is what is known so far.
    """

    marketplace_id: str
    counts: tuple[int, ...]
    unread: tuple[bool, ...]

    @property
    def total(self) -> int:
        """Return how many orders are known."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class HourlyOrders:
    """The last day: when its hours began (UTC), and each marketplace's orders.

    `unread` says from when on which account is unread, by its key.
    """

    hours: tuple[datetime, ...]
    sites: tuple[SiteHours, ...]
    unread: Mapping[int, datetime]

    @property
    def total(self) -> int:
        """Return how many orders are known, of all marketplaces."""
        return sum(site.total for site in self.sites)


def hourly_orders(
    accounts: Sequence[AmazonAccount], now: datetime, *, works: bool
) -> HourlyOrders:
    """Return the orders placed in the last day, in four queries for any number of them.

    Those of these accounts are counted, by an index of account and time. `works` says
    whether anybody reads Amazon at all. The busiest marketplace comes first.
    """
    hours = hours_until(now, HOURS)
    counted = _counted(accounts, hours[0], now)
    unread = _unread(accounts, now, works=works)
    sellers = _sellers(accounts)
    sites = [
        SiteHours(
            marketplace_id=site,
            counts=tuple(counted[site].get(hour, 0) for hour in hours),
            unread=tuple(
                any(is_unread(hour, unread.get(pk)) for pk in sellers[site])
                for hour in hours
            ),
        )
        for site in {*counted, *sellers}
    ]
    sites.sort(key=lambda one: (-one.total, one.marketplace_id))
    return HourlyOrders(hours, tuple(sites), unread)


def _counted(
    accounts: Sequence[AmazonAccount], start: datetime, now: datetime
) -> defaultdict[str, dict[datetime, int]]:
    rows = (
        Order.objects.filter(account__in=[account.pk for account in accounts])
        .filter(ordered_at__gte=start, ordered_at__lt=now + HOUR)
        .order_by()
        .annotate(hour=TruncHour("ordered_at", tzinfo=UTC))
        .values_list("marketplace_id", "hour")
        .annotate(orders=Count("pk"))
    )
    counted: defaultdict[str, dict[datetime, int]] = defaultdict(dict)
    for site, hour, orders in rows:
        counted[site][hour] = orders
    return counted


def _unread(
    accounts: Sequence[AmazonAccount], now: datetime, *, works: bool
) -> dict[int, datetime]:
    known = catching_up.readings(accounts)
    found = {}
    for account in accounts:
        reading = known.get(account.pk)
        since = unread_since(
            now,
            reading.up_to if reading else None,
            is_stopped=not works or reading is None or reading.is_stopped,
        )
        if since is not None:
            found[account.pk] = since
    return found


def _sellers(accounts: Sequence[AmazonAccount]) -> defaultdict[str, list[int]]:
    """Return which of the accounts sell in each marketplace."""
    rows = MarketplaceParticipation.objects.filter(
        account__in=[account.pk for account in accounts], is_participating=True
    ).order_by()
    sellers: defaultdict[str, list[int]] = defaultdict(list)
    for site, pk in rows.values_list("marketplace_id", "account_id"):
        sellers[site].append(pk)
    return sellers
