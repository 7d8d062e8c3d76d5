"""Buyers of a chaos run: orders at a steady rate, and what becomes of each."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.whole.installation import Installation

# What becomes of an order, and how often of a hundred.
SHIP, SHIP_IN_PARTS, LEAVE = "shipped", "shipped in parts", "left open"
CANCEL, ASK, ASK_AND_CANCEL = "cancelled", "asked to cancel", "asked and cancelled"
AMAZON, UNKNOWN = "shipped by Amazon", "of an unknown SKU"
FATES = {
    SHIP: 36,
    SHIP_IN_PARTS: 14,
    LEAVE: 10,
    CANCEL: 12,
    ASK: 4,
    ASK_AND_CANCEL: 6,
    AMAZON: 10,
    UNKNOWN: 8,
}
# Longer than an order stays pending: only then may its buyer ask.
ASKS_AFTER = 1.5


@dataclass
class Buyers:
    """Place about `rate` orders a second until told to stop; repeatable by the seed.

    They hold back while `is_behind` says so: the local queue's server becomes slow
    once a thousand messages lie in it.
    """

    product: Installation
    seed: int
    rate: float
    wants_shipment: Callable[[str, str], None]
    is_behind: Callable[[], bool]
    placed: list[str] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)
    failed: list[BaseException] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _later: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Repeatable; nothing secret comes from it.
        self._chance = random.Random(f"{self.seed} buyers")  # noqa: S311
        self._count = itertools.count()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to buy in a thread of its own."""
        self._thread.start()

    def finish(self) -> None:
        """Place no more, and wait until what was begun has happened."""
        self._stopping.set()
        self._thread.join(timeout=60)
        if self.failed:
            raise self.failed[0]

    def _run(self) -> None:
        try:
            next_at = time.monotonic()
            while not self._stopping.is_set():
                if time.monotonic() >= next_at:
                    if not self.is_behind():
                        self._buy()
                    next_at = time.monotonic()
                    next_at += self._chance.expovariate(self.rate)
                self._do_due()
                self._stopping.wait(0.05)
            while self._later:
                self._do_due()
                time.sleep(0.05)
        except BaseException as error:  # noqa: BLE001 - told by `finish`
            self.failed.append(error)

    def _do_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        due_at = time.monotonic() + seconds
        heapq.heappush(self._later, (due_at, next(self._count), action))

    def _buy(self) -> None:
        chance = self._chance
        fate = chance.choices(list(FATES), weights=list(FATES.values()))[0]
        wish = {
            "region": "na",
            "seed": chance.randrange(2**31),
            "fulfilled_by": "AMAZON" if fate == AMAZON else "MERCHANT",
            "unknown_sku": fate == UNKNOWN,
            "ignore_stock": True,
        }
        if fate == SHIP_IN_PARTS:
            wish["quantity"] = chance.randint(2, 4)
        order_id = self.product.control("orders", **wish)["order_ids"][0]
        self.placed.append(order_id)
        self.fates[fate] += 1
        self._go_on(order_id, fate)

    def _go_on(self, order_id: str, fate: str) -> None:
        chance = self._chance
        soon, later = chance.uniform(0.1, 4), ASKS_AFTER + chance.uniform(0, 3)
        if fate in {SHIP, SHIP_IN_PARTS}:
            self.wants_shipment(order_id, fate)
        elif fate == CANCEL:
            self._in(soon, lambda: self._cancel(order_id, "buyer"))
        elif fate in {ASK, ASK_AND_CANCEL}:
            self._in(later, lambda: self._cancel(order_id, "request"))
            if fate == ASK_AND_CANCEL:
                self._in(later + soon, lambda: self._cancel(order_id, "merchant"))
        elif fate == AMAZON:
            self._in(later, lambda: self._ship_by_amazon(order_id))

    def _cancel(self, order_id: str, kind: str) -> None:
        self.product.control("cancel", order_id=order_id, kind=kind)

    def _ship_by_amazon(self, order_id: str) -> None:
        self.product.control("ship_fba", order_id=order_id)
