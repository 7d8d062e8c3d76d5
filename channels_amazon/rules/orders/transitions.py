"""What a change of an order means for its stock, as one table; pure, rules layer.

TRANSITIONS has a row for every (our state, what Amazon says, who ships). What becomes
of the units follows from what Amazon says alone, so that reconciling an order again
moves nothing; our state decides whether a person must look. An event that leads
backwards (`moves_back`) is late and does not count; a full order that is newer than
all we know is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from channels_amazon.rules.orders.statuses import Fulfiller, OrderStatus


class Effect(StrEnum):
    """What a change asks of the units that the order's lines need."""

    RESERVE = "reserve"
    KEEP = "keep"
    RELEASE = "release"
    SHIP = "ship"
    # The units are not ours: whatever is held goes back, and nothing leaves.
    NONE = "none"


class Flag(StrEnum):
    """Why a person must look at an order."""

    CANCELLED_AFTER_PACKING = "cancelled_after_packing"
    CANCEL_REQUESTED = "cancel_requested"
    UNFULFILLABLE = "unfulfillable"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_FULFILLER = "unknown_fulfiller"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: what becomes of the units, and why a person must look (None: no need).

    Where one must, `units` hold until then.
    """

    units: Effect
    flag: Flag | None = None


@dataclass(frozen=True, slots=True)
class AmazonFacts:
    """What Amazon says of an order, in our words."""

    status: str
    fulfilled_by: str
    channel_name: str = ""
    cancel_requested: bool = False


# Our states beside Amazon's: never seen, and packages of ours that Amazon accepts.
NEW, PACKED = "new", "packed"
# MCF orders of the merchant's own shop: never a sale at Amazon.
FOREIGN_CHANNEL = "NON_AMAZON"

# Amazon's words without case and separators, of both its order APIs and the events.
_STATUSES = {
    "pendingavailability": OrderStatus.PENDING_AVAILABILITY,
    "pending": OrderStatus.PENDING,
    # Brazil: paid, but not to be shipped before the invoice is confirmed.
    "invoiceunconfirmed": OrderStatus.PENDING,
    "unshipped": OrderStatus.UNSHIPPED,
    "partiallyshipped": OrderStatus.PARTIALLY_SHIPPED,
    "shipped": OrderStatus.SHIPPED,
    "canceled": OrderStatus.CANCELLED,
    "cancelled": OrderStatus.CANCELLED,
    "unfulfillable": OrderStatus.UNFULFILLABLE,
}
_FULFILLERS = {
    "afn": Fulfiller.AMAZON,
    "amazon": Fulfiller.AMAZON,
    "mfn": Fulfiller.MERCHANT,
    "merchant": Fulfiller.MERCHANT,
}

# How far along an order is: an event alone never takes it back.
_RANKS: dict[str, int] = {
    OrderStatus.PENDING_AVAILABILITY: 0,
    OrderStatus.PENDING: 1,
    OrderStatus.UNSHIPPED: 2,
    OrderStatus.PARTIALLY_SHIPPED: 3,
    OrderStatus.SHIPPED: 4,
    OrderStatus.UNFULFILLABLE: 4,
    OrderStatus.CANCELLED: 5,
}

# An open order whose buyer asks to cancel: honouring it is the merchant's act.
CANCEL_REQUESTED = "cancel_requested"
_MAY_BE_ASKED = frozenset(
    {OrderStatus.PENDING, OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED}
)

OURS: tuple[str, ...] = (NEW, *_RANKS, PACKED, OrderStatus.UNKNOWN)
THEIRS: tuple[str, ...] = (*_RANKS, CANCEL_REQUESTED, OrderStatus.UNKNOWN)
# Who ships; FOREIGN stands for the orders of another channel whoever ships them.
FOREIGN = "foreign"
WHO: tuple[str, ...] = (*Fulfiller, FOREIGN)

# The merchant's own orders, replacements among them: their units leave all the same.
_MERCHANT: dict[str, Transition] = {
    # Not paid, and may stay so for weeks.
    OrderStatus.PENDING_AVAILABILITY: Transition(Effect.KEEP),
    OrderStatus.PENDING: Transition(Effect.RESERVE),
    OrderStatus.UNSHIPPED: Transition(Effect.RESERVE),
    OrderStatus.PARTIALLY_SHIPPED: Transition(Effect.RESERVE),
    OrderStatus.SHIPPED: Transition(Effect.SHIP),
    OrderStatus.CANCELLED: Transition(Effect.RELEASE),
    CANCEL_REQUESTED: Transition(Effect.RESERVE, Flag.CANCEL_REQUESTED),
    # Amazon has it for its own orders only.
    OrderStatus.UNFULFILLABLE: Transition(Effect.KEEP, Flag.UNFULFILLABLE),
    OrderStatus.UNKNOWN: Transition(Effect.KEEP, Flag.UNKNOWN_STATUS),
}
# Units are on their way: they count as gone until a person books their return.
_AFTER_PACKING = Transition(Effect.RELEASE, Flag.CANCELLED_AFTER_PACKING)
_MERCHANT_AFTER: dict[tuple[str, str], Transition] = {
    (PACKED, OrderStatus.CANCELLED): _AFTER_PACKING,
    (OrderStatus.SHIPPED, OrderStatus.CANCELLED): _AFTER_PACKING,
}
# Amazon's stock, or no sale at Amazon: ours is never touched.
_NOT_OURS = Transition(Effect.NONE)
_UNKNOWN_STATUS = Transition(Effect.NONE, Flag.UNKNOWN_STATUS)
_UNKNOWN_FULFILLER = Transition(Effect.KEEP, Flag.UNKNOWN_FULFILLER)


@dataclass(frozen=True, slots=True)
class Units:
    """One line's units: ordered, shipped as far as known, held and shipped by us.

    `shipped` is the higher of Amazon's figure and that of our packages; `held` and
    `already_shipped` are what the reservation holds and has shipped so far.
    """

    ordered: int
    shipped: int
    held: int = 0
    already_shipped: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What a line's reservation should hold and have shipped."""

    held: int
    shipped: int


def status_of(word: str | None) -> OrderStatus:
    """Return our name for Amazon's status in any spelling, UNKNOWN for a new one."""
    return _STATUSES.get(_plain(word), OrderStatus.UNKNOWN)


def fulfiller_of(word: str | None) -> Fulfiller:
    """Return who ships; UNKNOWN, which is "", for a word never seen."""
    return _FULFILLERS.get(_plain(word), Fulfiller.UNKNOWN)


def state_of(status: str, *, is_packed: bool) -> str:
    """Return our state of an order; status "" is one never seen."""
    if is_packed and status not in (OrderStatus.SHIPPED, OrderStatus.CANCELLED):
        return PACKED
    return status or NEW


def transition_of(ours: str, facts: AmazonFacts) -> Transition:
    """Return the row for our state and what Amazon says; orders of others hold none."""
    asks = facts.cancel_requested and facts.status in _MAY_BE_ASKED
    who = FOREIGN if facts.channel_name == FOREIGN_CHANNEL else facts.fulfilled_by
    return TRANSITIONS[ours, CANCEL_REQUESTED if asks else facts.status, who]


def target_of(effect: Effect, units: Units) -> Target:
    """Return what the line's reservation should come to."""
    if effect is Effect.RESERVE:
        return Target(max(0, units.ordered - units.shipped), units.shipped)
    if effect is Effect.KEEP:
        # Units that left, or came back, change what is held and nothing else does.
        left = units.shipped - units.already_shipped
        return Target(max(0, units.held - left), units.shipped)
    if effect is Effect.NONE:
        return Target(0, units.already_shipped)
    return Target(0, units.shipped)


def rank_of(status: str) -> int | None:
    """Return how far along the status is, None for an unknown one."""
    return _RANKS.get(status)


def moves_back(current: str, new: str) -> bool:
    """Tell whether `new` lies before `current`; an unknown status never does."""
    before, after = rank_of(current), rank_of(new)
    return before is not None and after is not None and after < before


def is_news(
    event_at: datetime, status: str, known_at: datetime | None, is_at: str
) -> bool:
    """Tell whether an event says more than what is known since `known_at`.

    Amazon delivers late, twice and out of order. Two changes can bear one time: then
    the one that is further along counts.
    """
    if known_at is None or event_at > known_at:
        return True
    is_further = status != is_at and not moves_back(is_at, status)
    return event_at == known_at and is_further


def _plain(word: str | None) -> str:
    return "".join(letter for letter in (word or "").lower() if letter.isalpha())


def _row(ours: str, theirs: str, who: str) -> Transition:
    if who == Fulfiller.MERCHANT:
        return _MERCHANT_AFTER.get((ours, theirs), _MERCHANT[theirs])
    if who in (Fulfiller.AMAZON, FOREIGN):
        return _UNKNOWN_STATUS if theirs == OrderStatus.UNKNOWN else _NOT_OURS
    # Nobody said who ships; a status that is unknown too is the more urgent question.
    return _MERCHANT[theirs] if theirs == OrderStatus.UNKNOWN else _UNKNOWN_FULFILLER


TRANSITIONS: dict[tuple[str, str, str], Transition] = {
    (ours, theirs, who): _row(ours, theirs, who)
    for ours in OURS
    for theirs in THEIRS
    for who in WHO
}
