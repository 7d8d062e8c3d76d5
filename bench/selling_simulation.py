"""Plays buyers, Amazon's delays and our services against each other, in virtual time.

What is played is what ships: orders are reconciled, numbers computed, acknowledged and
read back by the services, on a database; only Amazon and the network are played. A unit
is oversold when a buyer gets one that is not there any more.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

# Seconds from a sale until its event is here: most take a few, some take minutes.
USUAL_EVENT, LATE_EVENT, LATE_SHARE = 3.0, 120.0, 0.02
# Seconds until Amazon has a number that was sent, and until a reading shows it.
ACCEPTED_AFTER, SHOWN_AFTER = 0.3, 20.0
# Seconds between two looks of an account's jobs.
LOOKS_EVERY = 1.0
UNITS = 12


@dataclass(frozen=True)
class Play:
    """How much is played: buyers a second over all accounts, for so many seconds."""

    accounts: int = 20
    skus: int = 500
    seconds: float = 3600.0
    buyers: float = 2.0
    store_orders: float = 0.1
    restocks: float = 0.05
    seed: int = 1


@dataclass
class Outcome:
    """What came of it, in units."""

    sold: int = 0
    oversold: int = 0
    turned_away: int = 0
    pushes: int = 0


@dataclass
class Selling:
    """One play; `terms` are those of each account's stock rule."""

    play: Play
    terms: dict[str, Any]
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        from django.utils import timezone

        self.random = random.Random(self.play.seed)
        self.start = timezone.now()
        self.now = 0.0
        self._numbers = count()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        # By variant: the units that are there.
        self.units: dict[int, int] = {}
        # By listing: what buyers can get, and what a reading shows.
        self.offered: dict[int, int] = {}
        self.shown: dict[int, int] = {}

    def run(self) -> Outcome:
        """Play it to its end."""
        self._make()
        for rate, happens in (
            (self.play.buyers, self._buy),
            (self.play.store_orders, self._sell_in_store),
            (self.play.restocks, self._restock),
        ):
            self._again(rate, happens)
        self._after(0.0, self._look)
        while self._waiting:
            at, _number, happens = heapq.heappop(self._waiting)
            if at > self.play.seconds:
                break
            self.now = at
            happens()
        return self.outcome

    @property
    def time(self) -> Any:
        """Return the moment of the play, as the services take it."""
        return self.start + timedelta(seconds=self.now)

    def _after(self, seconds: float, happens: Callable[[], None]) -> None:
        entry = (self.now + seconds, next(self._numbers), happens)
        heapq.heappush(self._waiting, entry)

    def _again(self, rate: float, happens: Callable[[], None]) -> None:
        """Let it happen again and again, so many times a second."""
        if rate <= 0:
            return

        def once() -> None:
            happens()
            self._again(rate, happens)

        self._after(self.random.expovariate(rate), once)

    def _make(self) -> None:
        """Make the store, its accounts, variants and rules; nothing is offered yet."""
        from bench.selling_rows import make_store

        rows = make_store(self.play.accounts, self.play.skus, UNITS, self.terms)
        self.store, self.accounts = rows.store, rows.accounts
        self.warehouse = rows.warehouse
        self.listings = rows.listings
        self.units = dict.fromkeys(rows.variants, UNITS)
        self.variants = list(rows.variants)

    def _buy(self) -> None:
        listing = self.random.choice(self.listings)
        if self.offered.get(listing.pk, 0) < 1:
            self.outcome.turned_away += 1
            return
        self.offered[listing.pk] -= 1
        self.shown[listing.pk] = max(0, self.shown.get(listing.pk, 0) - 1)
        self._take(listing.variant_id or 0)
        sold_at = self.time
        is_late = self.random.random() < LATE_SHARE
        mean = LATE_EVENT if is_late else USUAL_EVENT
        self._after(
            self.random.expovariate(1 / mean),
            lambda: self._take_in(listing, sold_at),
        )

    def _take(self, variant_id: int) -> None:
        self.outcome.sold += 1
        self.units[variant_id] -= 1
        if self.units[variant_id] < 0:
            self.outcome.oversold += 1

    def _take_in(self, listing: Any, sold_at: Any) -> None:
        from bench.selling_rows import make_order
        from channels_amazon.services.stock.reservations import reconcile_order

        reconcile_order(make_order(listing, sold_at))

    def _sell_in_store(self) -> None:
        """Sell a unit in the store itself, of what no account publishes."""
        from bench.selling_rows import move, unpublished

        variant_id = self.random.choice(self.variants)
        if unpublished(variant_id) < 1:
            return
        self._take(variant_id)
        move(variant_id, self.warehouse, -1, f"store-{next(self._numbers)}")

    def _restock(self) -> None:
        from bench.selling_rows import move

        variant_id = self.random.choice(self.variants)
        self.units[variant_id] += UNITS
        move(variant_id, self.warehouse, UNITS, f"more-{next(self._numbers)}")

    def _look(self) -> None:
        """Send what is due and read back what is due, as the jobs would."""
        from channels_amazon.models import Listing

        for listing in Listing.objects.filter(
            push_due=True, desired_quantity__isnull=False
        ):
            self._send(listing)
        due = Listing.objects.filter(read_back_at__lte=self.time, push_due=False)
        self._read_back(list(due.select_related("account")))
        self._after(LOOKS_EVERY, self._look)

    def _send(self, listing: Any) -> None:
        self.outcome.pushes += 1
        units = listing.desired_quantity

        def accept() -> None:
            from channels_amazon.services.stock.push_state import mark_acknowledged

            self.offered[listing.pk] = units
            mark_acknowledged(listing, self.time)
            self._after(self.random.expovariate(1 / SHOWN_AFTER), show)

        def show() -> None:
            self.shown[listing.pk] = self.offered[listing.pk]

        # Not sent twice while it is on its way.
        type(listing).objects.filter(pk=listing.pk).update(push_due=False)
        self._after(ACCEPTED_AFTER, accept)

    def _read_back(self, listings: list[Any]) -> None:
        from channels_amazon.services.stock.drift import take_readings

        for listing in listings:
            listing.observed_quantity = self.shown.get(listing.pk, 0)
            listing.observed_at = self.time
            listing.save(update_fields=["observed_quantity", "observed_at"])
        # A lower number is never sent again here: its sale's event is on its way.
        take_readings(listings, None, self.time)
