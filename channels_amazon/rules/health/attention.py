"""What needs a person, from the facts of all accounts; pure, rules layer.

Every page that says whether anything is needed asks here: overview, connection status,
accounts, side bar and health report. So none of them is calm while another one is not.

A need belongs to an account, to a store (its accounts share the stock and the parcels)
or to the whole installation. What a page shows of one account is what belongs to it, to
its store and to the installation; a need that several accounts share counts once where
they stand together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Level(StrEnum):
    """How bad a need is: an error costs orders or money while nobody acts."""

    ERROR = "error"
    WARNING = "warning"


class Standing(StrEnum):
    """Whether an account works; the values are those of the stored column."""

    CONNECTED = "connected"
    NEEDS_AUTHORIZATION = "needs_authorization"
    DISCONNECTED = "disconnected"


class Need(StrEnum):
    """What can need a person, of each level the most pressing first."""

    PAUSED = "paused"
    REVOKED = "revoked"
    NO_WORKER = "no_worker"
    CONSUMER_DOWN = "consumer_down"
    KEYS_DIFFER = "keys_differ"
    JOB_BLOCKED = "job_blocked"
    LATE = "late"
    SHIPMENT_REFUSED = "shipment_refused"
    ORDER_QUARANTINED = "order_quarantined"
    SHORTAGE = "shortage"
    DRIFT = "drift"
    CANCEL_ASKED = "cancel_asked"
    DUE_SOON = "due_soon"
    UNMATCHED = "unmatched"
    BELOW_ZERO = "below_zero"
    PARCEL_REFUSED = "parcel_refused"
    PARCEL_UNKNOWN = "parcel_unknown"
    NOT_SHOWN = "not_shown"
    PUSH_REFUSED = "push_refused"
    MESSAGE_QUARANTINED = "message_quarantined"
    REPORT_ROWS = "report_rows"
    NOT_SUBSCRIBED = "not_subscribed"
    NOT_LIVE = "not_live"
    AUTHORIZATION_ENDS = "authorization_ends"
    PERMISSION_MISSING = "permission_missing"
    JOB_FAILING = "job_failing"
    UNREAD = "unread"
    SEARCH_REFUSED = "search_refused"
    BEHIND = "behind"
    ENDPOINT_FAILING = "endpoint_failing"
    CHECK = "check"


# While one of these holds, nobody knows how fast an order comes that is placed now.
LATE_ORDERS = frozenset(
    {
        Need.PAUSED,
        Need.REVOKED,
        Need.NO_WORKER,
        Need.CONSUMER_DOWN,
        Need.KEYS_DIFFER,
        Need.JOB_BLOCKED,
        Need.JOB_FAILING,
        Need.UNREAD,
        Need.SEARCH_REFUSED,
        Need.BEHIND,
    }
)

# The others are warnings, unless the facts say that one is worse.
ERRORS = frozenset(
    {
        Need.PAUSED,
        Need.REVOKED,
        Need.NO_WORKER,
        Need.CONSUMER_DOWN,
        Need.KEYS_DIFFER,
        Need.JOB_BLOCKED,
        Need.LATE,
        Need.SHIPMENT_REFUSED,
        Need.ORDER_QUARANTINED,
        Need.SHORTAGE,
        Need.DRIFT,
    }
)

# What goes on by itself and ends by itself: it is told, and counted for no need, since
# there is nothing that a person could do.
ENDS_BY_ITSELF = frozenset({Need.BEHIND})
# Without an authorisation nobody can do anything about these.
_OF_CONNECTED = (
    Need.JOB_BLOCKED,
    Need.JOB_FAILING,
    Need.NOT_LIVE,
    Need.AUTHORIZATION_ENDS,
)

# The codes under which the health check finds the same. What it finds besides these is
# the need CHECK.
FOUND_AS: Mapping[Need, tuple[str, ...]] = {
    Need.PAUSED: ("installation.copy",),
    Need.REVOKED: ("token.revoked",),
    Need.NO_WORKER: ("queue.no_worker",),
    Need.CONSUMER_DOWN: ("notifications.consumer_down",),
    Need.KEYS_DIFFER: ("host.keys_differ",),
    Need.JOB_BLOCKED: ("job.failing",),
    Need.JOB_FAILING: ("job.failing",),
    Need.LATE: ("orders.ship_late",),
    Need.DUE_SOON: ("orders.ship_late",),
    Need.CANCEL_ASKED: ("orders.cancel_requested",),
    Need.SHORTAGE: ("stock.oversold",),
    Need.UNMATCHED: ("orders.unmatched_sku",),
    Need.BELOW_ZERO: ("stock.below_zero",),
    Need.SHIPMENT_REFUSED: ("shipment.refused",),
    Need.NOT_SHOWN: ("shipment.not_shown",),
    Need.PARCEL_REFUSED: ("parcel.refused",),
    Need.PARCEL_UNKNOWN: ("orders.set_aside",),
    Need.ORDER_QUARANTINED: ("orders.set_aside",),
    Need.MESSAGE_QUARANTINED: ("orders.set_aside",),
    Need.REPORT_ROWS: ("orders.set_aside",),
    Need.DRIFT: ("stock.drift",),
    Need.PUSH_REFUSED: ("stock.push_refused",),
    Need.NOT_LIVE: ("stock.not_live",),
    Need.AUTHORIZATION_ENDS: ("token.expiring",),
    Need.SEARCH_REFUSED: ("orders.search_refused",),
    Need.BEHIND: ("installation.behind",),
    Need.ENDPOINT_FAILING: ("webhook.failing",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """One account: how it stands, and how often each need of it was counted.

    `errors` are those of its needs that are worse than usual. `is_pulling` says that
    not everything was read once.
    """

    account_id: int
    store_id: int
    standing: Standing
    is_subscribed: bool = True
    is_pulling: bool = False
    counts: Mapping[Need, int] = field(default_factory=dict)
    errors: frozenset[Need] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All accounts that a person sees, what their stores share, and our processes."""

    accounts: tuple[AccountFacts, ...]
    stores: Mapping[int, Mapping[Need, int]] = field(default_factory=dict)
    is_paused: bool = False
    is_worker_alive: bool = True
    is_consumer_alive: bool = True
    is_queue_configured: bool = True
    have_keys_differ: bool = False

    def of(self, account_id: int) -> Facts:
        """Return the facts of one account, of its store and of the installation."""
        return replace(
            self,
            accounts=tuple(
                one for one in self.accounts if one.account_id == account_id
            ),
        )


@dataclass(frozen=True, slots=True)
class Needed:
    """One need with its number; of a store or the installation without an account."""

    need: Need
    level: Level
    count: int
    account_id: int | None = None
    store_id: int | None = None


class Said(StrEnum):
    """Which sentence says it; of several that hold the first one."""

    NONE_CONNECTED = "none_connected"
    DISCONNECTED = "disconnected"
    NEEDED = "needed"
    PULLING = "pulling"
    CATCHING_UP = "catching_up"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Attention:
    """What is needed, worst first; `pulling` are the accounts not read once yet.

    `passing` is what nobody is needed for, though not all is well while it lasts.
    """

    said: Said
    needed: tuple[Needed, ...] = ()
    pulling: tuple[int, ...] = ()
    passing: tuple[Needed, ...] = ()

    @property
    def told(self) -> tuple[Needed, ...]:
        """Return all that a page names: what is needed, then what ends by itself."""
        return self.needed + self.passing

    @property
    def total(self) -> int:
        """Return the number that every page gives."""
        return sum(one.count for one in self.needed)

    def count(self, need: Need) -> int:
        """Return how often one need was counted."""
        return sum(one.count for one in self.needed if one.need == need)


def attention(facts: Facts) -> Attention:
    """Return what of these facts needs a person.

    A disconnected account needs nothing, nor do a store and an installation without
    any other.
    """
    live = [one for one in facts.accounts if one.standing != Standing.DISCONNECTED]
    if not live:
        is_empty = not facts.accounts
        return Attention(Said.NONE_CONNECTED if is_empty else Said.DISCONNECTED)
    found = [*_of_installation(facts, live), *_of_stores(facts, live)]
    for account in live:
        found += _of_account(facts, account)
    order = list(Need)
    found.sort(key=lambda one: (one.level != Level.ERROR, order.index(one.need)))
    needed = tuple(one for one in found if one.need not in ENDS_BY_ITSELF)
    passing = tuple(one for one in found if one.need in ENDS_BY_ITSELF)
    pulling = tuple(one.account_id for one in live if one.is_pulling)
    return Attention(_said(needed, pulling, passing), needed, pulling, passing)


def _said(
    needed: tuple[Needed, ...], pulling: tuple[int, ...], passing: tuple[Needed, ...]
) -> Said:
    if needed:
        return Said.NEEDED
    if pulling:
        return Said.PULLING
    return Said.CATCHING_UP if passing else Said.WELL


def shared(facts: Facts) -> frozenset[Needed]:
    """Return the needs that several accounts have in common.

    The numbers of all accounts add up to that of the whole once each of these is
    counted a single time.
    """
    seen = Counter(
        one
        for account in facts.accounts
        for one in attention(facts.of(account.account_id)).needed
        if one.account_id is None
    )
    return frozenset(one for one, accounts in seen.items() if accounts > 1)


def _of_installation(facts: Facts, live: list[AccountFacts]) -> list[Needed]:
    holds = {
        Need.PAUSED: facts.is_paused,
        Need.NO_WORKER: not facts.is_worker_alive,
        Need.CONSUMER_DOWN: not facts.is_consumer_alive
        and any(one.is_subscribed for one in live),
        Need.KEYS_DIFFER: facts.have_keys_differ,
    }
    return [Needed(need, Level.ERROR, 1) for need, is_so in holds.items() if is_so]


def _of_stores(facts: Facts, live: list[AccountFacts]) -> list[Needed]:
    return [
        Needed(need, _level(need), count, store_id=store_id)
        for store_id in dict.fromkeys(one.store_id for one in live)
        for need, count in facts.stores.get(store_id, {}).items()
        if count
    ]


def _of_account(facts: Facts, account: AccountFacts) -> list[Needed]:
    is_connected = account.standing == Standing.CONNECTED
    counts = {
        Need.REVOKED: int(not is_connected),
        Need.NOT_SUBSCRIBED: int(
            is_connected and facts.is_queue_configured and not account.is_subscribed
        ),
        **account.counts,
    }
    if not is_connected:
        # A lost authorisation stops every job, and has its own sentence.
        for need in _OF_CONNECTED:
            counts.pop(need, None)
    if account.is_pulling:
        # Nobody can go live before all was read once.
        counts.pop(Need.NOT_LIVE, None)
    if facts.is_paused:
        counts.pop(Need.BEHIND, None)
    return [
        Needed(
            need,
            Level.ERROR if need in account.errors else _level(need),
            count,
            account.account_id,
            account.store_id,
        )
        for need, count in counts.items()
        if count
    ]


def _level(need: Need) -> Level:
    return Level.ERROR if need in ERRORS else Level.WARNING
