"""Counts the orders of each hour and marketplace, and what was not read; services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count
from django.db.models.functions import TruncHour

from channels_amazon.models import AmazonAccount, MarketplaceParticipation, Order
from channels_amazon.rules.orders.hours import (
    HOUR,
    Tail,
    hours_until,
    is_unread,
    tail_of,
    unread_since,
)
from channels_amazon.services.installation import catching_up

# The one that has begun, and those before it.
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
    """The last hours: when they began (UTC), and each marketplace's orders.

    `unread` says from when on which account is unread, by its key; those `waiting` are
    among them only until their next sweep, which is not overdue.
    """

    hours: tuple[datetime, ...]
    sites: tuple[SiteHours, ...]
    unread: Mapping[int, datetime]
    waiting: frozenset[int]

    @property
    def total(self) -> int:
        """Return how many orders are known, of all marketplaces."""
        return sum(site.total for site in self.sites)


def hourly_orders(
    accounts: Sequence[AmazonAccount],
    now: datetime,
    *,
    works: bool,
    told: Collection[int],
) -> HourlyOrders:
    """Return the orders placed in the last hours, in four queries for any number.

    Those of these accounts are counted, by an index of account and time. `works` says
    whether anybody reads Amazon at all, `told` of which accounts events are listened
    to. The busiest marketplace comes first.
    """
    hours = hours_until(now, HOURS)
    counted, sellers = _counted(accounts, hours[0], now)
    unread, waiting = _unread(accounts, now, works=works, told=told)
    for site, pks in _sellers(accounts).items():
        sellers[site] |= pks
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
    return HourlyOrders(hours, tuple(sites), unread, frozenset(waiting))


def _counted(
    accounts: Sequence[AmazonAccount], start: datetime, now: datetime
) -> tuple[defaultdict[str, defaultdict[datetime, int]], defaultdict[str, set[int]]]:
    """Return each marketplace's orders by the hour, and whose they are."""
    rows = (
        Order.objects.filter(account__in=[account.pk for account in accounts])
        .filter(ordered_at__gte=start, ordered_at__lt=now + HOUR)
        .order_by()
        .annotate(hour=TruncHour("ordered_at", tzinfo=UTC))
        .values_list("marketplace_id", "account_id", "hour")
        .annotate(orders=Count("pk"))
    )
    counted: defaultdict[str, defaultdict[datetime, int]]
    counted = defaultdict(lambda: defaultdict(int))
    owners: defaultdict[str, set[int]] = defaultdict(set)
    for site, pk, hour, orders in rows:
        counted[site][hour] += orders
        owners[site].add(pk)
    return counted, owners


def _unread(
    accounts: Sequence[AmazonAccount],
    now: datetime,
    *,
    works: bool,
    told: Collection[int],
) -> tuple[dict[int, datetime], set[int]]:
    known = catching_up.readings(accounts)
    found, waiting = {}, set()
    for account in accounts:
        reading = known.get(account.pk)
        up_to = reading.up_to if reading else None
        tail = tail_of(
            now,
            up_to,
            is_stopped=not works or reading is None or reading.is_stopped,
            is_told=account.pk in told,
        )
        since = unread_since(up_to, tail)
        if since is not None:
            found[account.pk] = since
        if tail == Tail.WAITING:
            waiting.add(account.pk)
    return found, waiting


def _sellers(accounts: Sequence[AmazonAccount]) -> defaultdict[str, set[int]]:
    """Return which of the accounts sell in each marketplace."""
    rows = MarketplaceParticipation.objects.filter(
        account__in=[account.pk for account in accounts], is_participating=True
    ).order_by()
    sellers: defaultdict[str, set[int]] = defaultdict(set)
    for site, pk in rows.values_list("marketplace_id", "account_id"):
        sellers[site].add(pk)
    return sellers
