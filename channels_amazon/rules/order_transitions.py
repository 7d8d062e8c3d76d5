"""What an order's status means for its stock, as one table; pure, rules layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Effect(StrEnum):
    """What a status asks of the units that the order's lines need."""

    RESERVE = "reserve"
    KEEP = "keep"
    RELEASE = "release"
    SHIP = "ship"
    # The units are not ours: whatever is held goes back, and nothing leaves.
    NONE = "none"


UNKNOWN = "unknown"
AMAZON, MERCHANT = "amazon", "merchant"
# MCF orders of the merchant's own shop: never a sale at Amazon.
FOREIGN_CHANNEL = "NON_AMAZON"

# Amazon's words without case and separators, of both its order APIs and the events.
_STATUSES = {
    "pendingavailability": "pending_availability",
    "pending": "pending",
    # Brazil: paid, but not to be shipped before the invoice is confirmed.
    "invoiceunconfirmed": "pending",
    "unshipped": "unshipped",
    "partiallyshipped": "partially_shipped",
    "shipped": "shipped",
    "canceled": "cancelled",
    "cancelled": "cancelled",
    "unfulfillable": "unfulfillable",
}
_FULFILLERS = {"afn": AMAZON, "amazon": AMAZON, "mfn": MERCHANT, "merchant": MERCHANT}

# The merchant's own orders. Amazon's ship from Amazon's stock: they never hold ours.
_MERCHANT_EFFECTS = {
    # Not paid, and may stay so for weeks.
    "pending_availability": Effect.KEEP,
    "pending": Effect.RESERVE,
    "unshipped": Effect.RESERVE,
    "partially_shipped": Effect.RESERVE,
    "shipped": Effect.SHIP,
    "cancelled": Effect.RELEASE,
    # Amazon has it for its own orders only: a person decides.
    "unfulfillable": Effect.KEEP,
    UNKNOWN: Effect.KEEP,
}
TRANSITIONS: dict[tuple[str, str], Effect] = {
    **{(status, MERCHANT): effect for status, effect in _MERCHANT_EFFECTS.items()},
    **{(status, AMAZON): Effect.NONE for status in _MERCHANT_EFFECTS},
    **{(status, ""): Effect.KEEP for status in _MERCHANT_EFFECTS},
}

# How far along an order is: an event alone never takes it back.
_RANKS = {
    "pending_availability": 0,
    "pending": 1,
    "unshipped": 2,
    "partially_shipped": 3,
    "shipped": 4,
    "unfulfillable": 4,
    "cancelled": 5,
}


@dataclass(frozen=True, slots=True)
class Units:
    """One line's units: ordered, shipped as far as known, held and shipped by us.

    `shipped` is the higher of Amazon's figure and that of our packages; `held` and
    `settled` are what the reservation holds and has shipped so far.
    """

    ordered: int
    shipped: int
    held: int = 0
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What a line's reservation should hold and have shipped."""

    held: int
    shipped: int


def status_of(word: str | None) -> str:
    """Return our name for Amazon's status in any spelling, `unknown` for a new one."""
    return _STATUSES.get(_plain(word), UNKNOWN)


def fulfiller_of(word: str | None) -> str:
    """Return who ships, `amazon` or `merchant`; "" for a word never seen."""
    return _FULFILLERS.get(_plain(word), "")


def effect_of(status: str, fulfilled_by: str, channel_name: str = "") -> Effect:
    """Return what the status asks for; orders of another channel hold nothing."""
    if channel_name == FOREIGN_CHANNEL:
        return Effect.NONE
    return TRANSITIONS.get((status, fulfilled_by), Effect.KEEP)


def target_of(effect: Effect, units: Units) -> Target:
    """Return what the line's reservation should come to."""
    if effect is Effect.RESERVE:
        return Target(max(0, units.ordered - units.shipped), units.shipped)
    if effect is Effect.KEEP:
        # Units that left, or came back, change what is held and nothing else does.
        left = units.shipped - units.settled
        return Target(max(0, units.held - left), units.shipped)
    if effect is Effect.NONE:
        return Target(0, units.settled)
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
