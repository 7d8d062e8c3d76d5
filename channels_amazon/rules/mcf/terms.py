"""The terms of FBA decisions: orders, rules, offers, answers; pure, rules layer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from channels_amazon.rules.mcf.pools import Site
from channels_amazon.wording import Sentence

# From slow to fast.
SPEEDS = ("standard", "expedited", "priority")


class By(StrEnum):
    """Who ships, or that a person must say so."""

    LOCAL = "local"
    FBA = "fba"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class PoolUnits:
    """What may be placed of a listing in one pool of an account."""

    account_id: int
    pool: str
    listing_id: int
    units: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the order; lines of one variant share its units.

    `variant_id` is None for an unknown SKU, `local` is None for stock never counted.
    `pools` holds at most one listing for each pool of an account.
    """

    sku: str
    units: int
    variant_id: int | None
    local: int | None
    pools: tuple[PoolUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """What is asked for; `currency` is that of the store, in which limits are."""

    lines: tuple[Line, ...]
    country: str
    speed: str
    currency: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One MCF rule that is switched on, with the sites of its account.

    `countries` is empty for every country that the sites ship to.
    """

    id: int
    name: str
    account_id: int
    sites: tuple[Site, ...]
    is_fba_first: bool = False
    countries: frozenset[str] = frozenset()
    kept_units: int = 0
    most_fee: Decimal | None = None
    allows_slower: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pool that could serve the whole order, through one site of an account."""

    account_id: int
    marketplace_id: str
    pool: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One speed of Amazon's preview; `fee` is its estimate for the whole order."""

    speed: str
    is_fulfillable: bool
    fee: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Amazon's preview for this candidate decides: ask it, then decide again."""

    candidate: Candidate
    rule: Rule


@dataclass(frozen=True, slots=True)
class Decision:
    """Who ships and why; an FBA decision also says from where, how fast, for what."""

    by: By
    reason: Sentence
    rule: Rule | None = None
    candidate: Candidate | None = None
    offer: Offer | None = None
    refused: tuple[Sentence, ...] = ()
