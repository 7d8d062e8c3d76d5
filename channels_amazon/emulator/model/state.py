"""The whole state of the emulated Amazon, in memory under one lock; emulator."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum

from .buckets import Buckets
from .clock import Clock
from .entities import (
    Application,
    Authorization,
    AuthorizationCode,
    EmulatedAccessToken,
    EmulatedDestination,
    EmulatedFbaStock,
    EmulatedListing,
    EmulatedOrder,
    EmulatedReport,
    EmulatedReportDocument,
    EmulatedSubscription,
    Seller,
    SignedUrl,
)
from .faults import Faults
from .feeds import EmulatedFeed, EmulatedFeedDocument, FeedSwitches
from .mcf_orders import McfOrder
from .places import PLACES

Action = Callable[[], None]

# Sent through the outbox in place of a message body: the publisher then empties the
# queue. SQS forbids U+0000, so no real body can equal it.
EMPTY_QUEUE = "\x00"
# Seconds from step to step of an MCF order in the demo world: a visitor sees it change.
DEMO_STEP_SECONDS = 20.0


@dataclass
class ReportSwitches:
    """How reports are made and what they look like; seconds are simulated."""

    # how long an empty report takes; ROWS_FOR_DOUBLE rows take twice as long
    seconds: float = 20.0
    encoding: str = "utf-8"
    gzip: bool = True
    # whether the content type of a document names the encoding
    charset: bool = True
    # columns in random order
    shuffle: bool = False
    # one more column, which no documentation names
    extra_column: bool = False
    # without the columns that real reports have in some marketplaces only
    sparse: bool = False
    # how many of the next reports end FATAL
    fail_next: int = 0
    # how many orders are missing from each report
    omit_orders: int = 0


@dataclass
class OutboundSwitches:
    """How MCF orders progress; seconds are simulated."""

    # how long validating an order takes, and a change by version 2026-07-04
    accept_seconds: float = 0.3
    # from step to step; 0: an order waits for the control `outbound_step`
    step_seconds: float = 0.0
    # whether the Orders API lists them too, as NON_AMAZON
    listed_as_orders: bool = True
    # createOrder answers 200 with the order instead of 202
    synchronous: bool = False


class RatesContent(StrEnum):
    """What is in place of the file of exchange rates: itself, or something else."""

    FILE = "file"
    HTML = "html"
    UNREADABLE = "unreadable"


@dataclass
class RatesSwitches:
    """What the European Central Bank's address answers."""

    # of so many working days ago
    days_behind: int = 0
    content: str = RatesContent.FILE


@dataclass
class Switches:
    """How this Amazon behaves where the real one may differ; seconds are simulated."""

    # a new order stays PENDING this long; 0: UNSHIPPED at once
    pending_seconds: float = 0.0
    # whether a new order raises an event while it is still PENDING
    pending_event: bool = True
    # from ACCEPTED until a listing patch shows
    accept_seconds: float = 0.3
    # from 204 until a confirmed parcel shows in PACKAGES
    package_seconds: float = 0.3
    # each event is delivered 1 + duplicates times
    duplicates: int = 0
    # this share of the events is delivered once more, 0 to 1
    duplicate_share: float = 0.0
    # how late events arrive
    delay: float = 0.0
    # every event is delayed by up to REORDER_SECONDS, so that neighbours swap
    reorder: bool = False
    # or only this share of the events, 0 to 1
    reorder_share: float = 0.0
    # nothing arrives, as if the queue's policy no longer let Amazon write to it
    silent: bool = False
    # the consent page's visitor is the primary user
    primary_user: bool = True
    # the limit of 25 sellers of an unlisted public application is reached
    consent_limit: bool = False
    reports: ReportSwitches = field(default_factory=ReportSwitches)
    feeds: FeedSwitches = field(default_factory=FeedSwitches)
    rates: RatesSwitches = field(default_factory=RatesSwitches)
    outbound: OutboundSwitches = field(default_factory=OutboundSwitches)


@dataclass
class CallCount:
    """How often an operation was called and how often refused for quota."""

    calls: int = 0
    throttled: int = 0
    statuses: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RequestRecord:
    """One request as it was answered; kept for tests to assert on."""

    at: datetime
    operation: str
    method: str
    path: str
    query: str
    status: int
    seller_id: str | None


@dataclass
class World:
    """Everything Amazon knows. Hold `lock` while reading or changing it."""

    clock: Clock
    application: Application
    seed: int = 1
    name: str = "small"
    sellers: dict[str, Seller] = field(default_factory=dict)
    # by (seller_id, sku)
    listings: dict[tuple[str, str], EmulatedListing] = field(default_factory=dict)
    # by (seller_id, sku, pool)
    fba: dict[tuple[str, str, str], EmulatedFbaStock] = field(default_factory=dict)
    orders: dict[str, EmulatedOrder] = field(default_factory=dict)
    # by (seller_id, the seller's own order id)
    mcf_orders: dict[tuple[str, str], McfOrder] = field(default_factory=dict)
    # by (seller_id, report id), by document id
    reports: dict[tuple[str, str], EmulatedReport] = field(default_factory=dict)
    report_documents: dict[str, EmulatedReportDocument] = field(default_factory=dict)
    # by (seller_id, feed id), in the order they were submitted; by document id
    feeds: dict[tuple[str, str], EmulatedFeed] = field(default_factory=dict)
    feed_documents: dict[str, EmulatedFeedDocument] = field(default_factory=dict)
    # addresses of documents, by signature
    signed_urls: dict[str, SignedUrl] = field(default_factory=dict)
    # by refresh token, by access token, by code, by id
    authorizations: dict[str, Authorization] = field(default_factory=dict)
    access_tokens: dict[str, EmulatedAccessToken] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    destinations: dict[str, EmulatedDestination] = field(default_factory=dict)
    subscriptions: dict[str, EmulatedSubscription] = field(default_factory=dict)
    switches: Switches = field(init=False)
    buckets: Buckets = field(default_factory=Buckets)
    faults: Faults = field(default_factory=Faults)
    calls: dict[str, CallCount] = field(default_factory=dict)
    requests: deque[RequestRecord] = field(default_factory=lambda: deque(maxlen=5000))
    random: random.Random = field(init=False)
    lock: threading.RLock = field(default_factory=threading.RLock)
    # queue ARN -> queue URL, of the local SQS
    queues: dict[str, str] = field(default_factory=dict)
    # bodies for the publisher thread: (queue URL, JSON text)
    outbox: deque[tuple[str, str]] = field(default_factory=deque)
    # set when there is something new for the publisher thread
    wake: threading.Event = field(default_factory=threading.Event)
    _due: list[tuple[datetime, int, Action]] = field(default_factory=list)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """Seed the random generator, and let the demo's orders take time."""
        self.random = random.Random(self.seed)
        if self.name == "demo":
            going_on = OutboundSwitches(step_seconds=DEMO_STEP_SECONDS)
            self.switches = Switches(pending_seconds=1.0, outbound=going_on)
        else:
            self.switches = Switches()

    def now(self) -> datetime:
        """Return the simulated time in UTC."""
        return self.clock.now()

    def serial(self) -> int:
        """Return the next number of this world, for ids."""
        return next(self._serial)

    def token_text(self, length: int = 48) -> str:
        """Return random letters and digits, the same for the same seed."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(self.random.choices(alphabet, k=length))

    def uuid(self) -> str:
        """Return a random UUID, the same for the same seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def seller_of_region(self, region: str) -> Seller:
        """Return the first seller of a region; raises KeyError when there is none."""
        for seller in self.sellers.values():
            if seller.region == region:
                return seller
        raise KeyError(region)

    def seller_listings(self, seller_id: str) -> list[EmulatedListing]:
        """Return a seller's listings in SKU order."""
        found = [item for item in self.listings.values() if item.seller_id == seller_id]
        return sorted(found, key=lambda item: item.sku)

    def seller_orders(self, seller_id: str) -> list[EmulatedOrder]:
        """Return a seller's orders."""
        return [order for order in self.orders.values() if order.seller_id == seller_id]

    def stock_for(
        self, seller_id: str, sku: str, marketplace_id: str
    ) -> EmulatedFbaStock | None:
        """Return the FBA units a marketplace draws on, or None."""
        pool = PLACES[marketplace_id].fba_pool
        return self.fba.get((seller_id, sku, pool))

    def add_listing(self, listing: EmulatedListing) -> None:
        """Keep a listing under its seller and SKU."""
        self.listings[(listing.seller_id, listing.sku)] = listing

    def add_stock(self, stock: EmulatedFbaStock) -> None:
        """Keep FBA units under seller, SKU and pool."""
        self.fba[(stock.seller_id, stock.sku, stock.pool)] = stock

    def authorize(
        self, seller_id: str, *, refresh_token: str | None = None
    ) -> Authorization:
        """Grant the application the roles it has now, for 365 days."""
        now = self.now()
        grant = Authorization(
            refresh_token=refresh_token or f"Atzr|{self.token_text(180)}",
            application_id=self.application.application_id,
            seller_id=seller_id,
            roles=set(self.application.roles),
            granted_at=now,
            expires_at=now + timedelta(days=365),
        )
        self.authorizations[grant.refresh_token] = grant
        return grant

    def schedule(self, seconds: float, action: Action) -> None:
        """Run an action under the lock after that many simulated seconds."""
        due_at = self.now() + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due_at, self.serial(), action))
        self.wake.set()

    def run_due(self) -> None:
        """Run the scheduled actions that are due by now, oldest first."""
        with self.lock:
            while self._due and self._due[0][0] <= self.now():
                heapq.heappop(self._due)[2]()

    def next_due_at(self) -> datetime | None:
        """Return when the next scheduled action is due, or None."""
        with self.lock:
            return self._due[0][0] if self._due else None

    def replace_with(self, fresh: World, *, keep: frozenset[str] = frozenset()) -> None:
        """Take over the contents of a newly built world; lock, clock and queues stay.

        `keep` names further fields that stay, e.g. authorizations.
        """
        stays = {"lock", "clock", "queues", "wake"} | keep
        fresh.application.redirect_uris = self.application.redirect_uris
        fresh.application.login_uri = self.application.login_uri
        with self.lock:
            for item in fields(self):
                if item.name not in stays:
                    setattr(self, item.name, getattr(fresh, item.name))
