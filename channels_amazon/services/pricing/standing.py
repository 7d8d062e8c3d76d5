"""Which exchange rates a store needs, and how those stand; services layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.db.models import QuerySet

from channels_amazon.models import AmazonAccount, MarketplaceParticipation, Store
from channels_amazon.rules.pricing.rates import (
    NoRate,
    Rate,
    RateTable,
    rate_between,
)
from channels_amazon.services.pricing.rates import rate_table


@dataclass(frozen=True, slots=True)
class NeededRate:
    """What one unit of the store's currency is in another one, or why it is not known.

    `countries` are the codes of the marketplaces that sell in it.
    """

    currency: str
    countries: tuple[str, ...]
    rate: Rate | NoRate

    @property
    def is_known(self) -> bool:
        """Tell whether prices may go by it."""
        return isinstance(self.rate, Rate)


@dataclass(frozen=True, slots=True)
class RateStanding:
    """The rates that a store's marketplaces need, and where they come from."""

    currency: str
    needed: tuple[NeededRate, ...]
    table: RateTable
    now: datetime

    @property
    def missing(self) -> tuple[NeededRate, ...]:
        """Return those without a rate to go by."""
        return tuple(one for one in self.needed if not one.is_known)

    @property
    def bank_day(self) -> date | None:
        """Return the day of the bank's newest rates."""
        return self.table.euro.day if self.table.euro else None

    def rate_to(self, currency: str) -> Rate | NoRate:
        """Return what one unit of the store's currency is in another one."""
        return rate_between(self.currency, currency, self.table, self.now)

    def days_since(self, day: date) -> int:
        """Return how many days ago a day was, as the rule of ages counts."""
        return max((self.now.astimezone(UTC).date() - day).days, 0)


def active_marketplaces(store: Store) -> QuerySet[MarketplaceParticipation]:
    """Return the marketplaces in which the store's accounts are synchronised."""
    rows: QuerySet[MarketplaceParticipation] = MarketplaceParticipation.objects.filter(
        account__store=store, is_participating=True, is_selected=True
    ).exclude(account__state=AmazonAccount.State.DISCONNECTED)
    return rows


def standing_of_rates(store: Store, now: datetime) -> RateStanding:
    """Return how the rates stand that the store needs at `now`: three queries."""
    pairs = (
        active_marketplaces(store).order_by().values_list("currency", "country_code")
    )
    countries: dict[str, set[str]] = defaultdict(set)
    for currency, country in pairs:
        countries[currency].add(country)
    return _standing(store, countries, now)


def _standing(
    store: Store, countries: Mapping[str, set[str]], now: datetime
) -> RateStanding:
    empty = RateStanding(store.currency, (), rate_table(store), now)
    needed = tuple(
        NeededRate(
            currency, tuple(sorted(countries[currency])), empty.rate_to(currency)
        )
        for currency in sorted(countries)
        if currency != store.currency
    )
    return replace(empty, needed=needed)
