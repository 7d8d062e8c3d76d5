"""How many units of a variant each account publishes; pure, rules layer.

What is available is shared out in two ways. A `split` account has a part of its own,
which no other account sees: where all parts together ask for more than there is, each
is scaled down, so that their sum never exceeds it. A `shared` account sees what the
split ones leave, and so do the other shared ones: a buffer, sized by how fast it sells
and how long our numbers take to arrive, stands for what two of them could sell at
once. Then, in this order: buffer, cap, floor.

A fixed quantity is a person's promise beside the stock: it is published as it is, and
takes nothing from the others. Where no rule holds, all that is left is published.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from channels_amazon.rules.stock.allocation import LARGEST_QUANTITY
from channels_amazon.rules.stock.terms import WHOLE, ShareMode, StockTerms

# Seconds. What takes longer was an outage: a buffer for it would hide the whole stock.
LONGEST_PROPAGATION = 3600.0
# A sized buffer is at most this share of what the account sees, rounded up.
LARGEST_BUFFER_SHARE = 0.5
# What is above a whole unit by no more is so by rounding.
_ROUNDING = 1e-9


class DecidedBy(StrEnum):
    """What made a published quantity what it is: the last step that changed it."""

    # No rule holds: all that is left is published.
    NO_RULE = "no_rule"
    # The rule lets pass all that the account sees.
    ALL = "all"
    SHARE = "share"
    BUFFER = "buffer"
    CAP = "cap"
    FLOOR = "floor"
    FIXED = "fixed"
    # No quantity is sent: Amazon keeps the one it has.
    NOT_PUBLISHED = "not_published"
    # Nobody ever counted the variant: unknown is not zero.
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """A merchant-fulfilled listing of the variant; `terms` is None without a rule.

    `velocity` is what it sells in units a second, `propagation` how many seconds our
    numbers take from a change until Amazon has them.
    """

    listing_id: int
    terms: StockTerms | None = None
    velocity: float = 0.0
    propagation: float = 0.0


@dataclass(frozen=True, slots=True)
class SizedBuffer:
    """The buffer of a shared listing: `needed` by its sales, `units` within bounds."""

    units: int = 0
    needed: int = 0

    @property
    def is_bounded(self) -> bool:
        """Tell whether the sales would need more than is held back."""
        return self.units < self.needed


@dataclass(frozen=True, slots=True)
class PublishedUnits:
    """What a listing publishes, None for no quantity at all, and how it came about.

    `seen` is what it may draw from: its own part, or its share of what the split ones
    leave, which take `split_units` of the `available` ones. `split_percent` is what all
    split shares add up to; above WHOLE they are scaled down. `buffer` is what was held
    back of `seen`, by the rule or as `sized`, whichever is more.
    """

    facts: ListingFacts
    quantity: int | None
    decided_by: DecidedBy
    available: int | None
    split_percent: int = 0
    split_units: int = 0
    seen: int = 0
    buffer: int = 0
    sized: SizedBuffer = SizedBuffer()


class SharingInputs(TypedDict):
    """Why a rule publishes its quantity, as kept beside it.

    `velocity` is in units a second, `propagation` in seconds.
    """

    decided_by: str
    mode: str
    share: int
    cap: int | None
    floor: int
    fixed: int | None
    split_percent: int
    split_units: int
    seen: int
    buffer: int
    buffer_needed: int
    velocity: float
    propagation: float


def share_out(
    available: int | None, listings: Sequence[ListingFacts]
) -> list[PublishedUnits]:
    """Return what each of a variant's listings publishes, in their order.

    `available` is None while nobody ever counted the variant. Call it with all of its
    merchant-fulfilled listings, of every account: their parts depend on each other.
    """
    there = max(0, available or 0)
    split = {
        place: one.terms
        for place, one in enumerate(listings)
        if one.terms is not None and _has_part(one.terms)
    }
    percent = sum(terms.share for terms in split.values())
    parts = {
        place: there * terms.share // max(WHOLE, percent)
        for place, terms in split.items()
    }
    split_units = sum(_taken(parts[place], terms) for place, terms in split.items())
    published = []
    for place, one in enumerate(listings):
        share = WHOLE if one.terms is None else one.terms.share
        seen = parts.get(place, (there - split_units) * share // WHOLE)
        taken = _Taken(seen, percent, split_units, is_all=seen == there)
        published.append(_published(one, available, taken))
    return published


def sized_buffer(seen: int, velocity: float, propagation: float) -> SizedBuffer:
    """Return the buffer for what sells while a number is on its way, rounded up.

    It is bounded: by LONGEST_PROPAGATION, and by LARGEST_BUFFER_SHARE of what is seen.
    """
    needed = _up(max(0.0, velocity) * max(0.0, propagation))
    bounded = _up(max(0.0, velocity) * min(max(0.0, propagation), LONGEST_PROPAGATION))
    return SizedBuffer(min(bounded, _up(seen * LARGEST_BUFFER_SHARE)), needed)


def sharing_inputs(published: PublishedUnits) -> SharingInputs | None:
    """Return what is kept beside a quantity that a rule decided; None without one."""
    terms = published.facts.terms
    if terms is None:
        return None
    return SharingInputs(
        decided_by=published.decided_by.value,
        mode=terms.mode.value,
        share=terms.share,
        cap=terms.cap,
        floor=terms.floor,
        fixed=terms.fixed,
        split_percent=published.split_percent,
        split_units=published.split_units,
        seen=published.seen,
        buffer=published.buffer,
        buffer_needed=published.sized.needed,
        velocity=published.facts.velocity,
        propagation=published.facts.propagation,
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a listing sees of the stock, beside what the split ones take."""

    seen: int
    percent: int
    units: int
    is_all: bool


def _published(
    one: ListingFacts, available: int | None, split: _Taken
) -> PublishedUnits:
    terms, seen = one.terms, split.seen
    sized = SizedBuffer()
    buffer = 0
    quantity: int | None = None
    if terms is not None and not terms.is_published:
        decided_by, seen = DecidedBy.NOT_PUBLISHED, 0
    elif terms is not None and terms.fixed is not None:
        quantity, decided_by, seen = terms.fixed, DecidedBy.FIXED, 0
    elif available is None:
        decided_by = DecidedBy.NOT_COUNTED
    elif terms is None:
        quantity, decided_by = min(seen, LARGEST_QUANTITY), DecidedBy.NO_RULE
    else:
        if terms.mode is ShareMode.SHARED:
            sized = sized_buffer(seen, one.velocity, one.propagation)
        buffer = min(seen, max(terms.buffer, sized.units))
        quantity, decided_by = _within(seen - buffer, terms)
        if decided_by is DecidedBy.ALL and buffer:
            decided_by = DecidedBy.BUFFER
        elif decided_by is DecidedBy.ALL and not split.is_all:
            decided_by = DecidedBy.SHARE
    return PublishedUnits(
        facts=one,
        quantity=quantity,
        decided_by=decided_by,
        available=available,
        split_percent=split.percent,
        split_units=split.units,
        seen=seen,
        buffer=buffer,
        sized=sized,
    )


def _within(units: int, terms: StockTerms) -> tuple[int, DecidedBy]:
    """Return the units within cap and floor, and which of the two decided."""
    cap = LARGEST_QUANTITY if terms.cap is None else terms.cap
    capped = min(units, cap)
    if 0 < capped <= terms.floor:
        return 0, DecidedBy.FLOOR
    return capped, DecidedBy.CAP if capped < units else DecidedBy.ALL


def _has_part(terms: StockTerms) -> bool:
    """Tell whether a part of the stock is set aside for a listing of these terms."""
    return terms.mode is ShareMode.SPLIT and terms.draws_on_stock


def _taken(part: int, terms: StockTerms) -> int:
    """Return what the others cannot see of a split part.

    What is above cap and buffer is left to them. What the floor keeps from being sold
    is not: at that moment Amazon may still sell the units that it showed before.
    """
    if terms.cap is None:
        return part
    return min(part, terms.cap + terms.buffer)


def _up(units: float) -> int:
    return math.ceil(units - _ROUNDING)
