"""The terms of MCF decisions: orders, rules, offers, answers; pure, rules layer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from channels_amazon.marketplaces import Marketplace
from channels_amazon.wording import Sentence


class Speed(StrEnum):
    """How fast a store order goes, from slow to fast."""

    STANDARD = "standard"
    EXPEDITED = "expedited"
    PRIORITY = "priority"


SPEEDS = tuple(Speed)


class ShippedBy(StrEnum):
    """Who ships a store order, or that a person must say so."""

    STORE = "store"
    MCF = "mcf"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class PoolUnits:
    """What may be placed of a listing in one pool of an account."""

    account_id: int
    pool: str
    listing_id: int
    units: int


@dataclass(frozen=True, slots=True)
class LineFacts:
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
class OrderFacts:
    """What is asked for; `currency` is that of the store, in which limits are."""

    lines: tuple[LineFacts, ...]
    country: str
    speed: str
    currency: str


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """One MCF rule that is switched on, with the marketplaces of its account.

    `countries` is empty for every country that the marketplaces ship to. `most_fee` is
    in the store's currency, None for no limit.
    """

    id: int
    name: str
    account_id: int
    marketplaces: tuple[Marketplace, ...]
    is_fba_first: bool = False
    countries: frozenset[str] = frozenset()
    kept_units: int = 0
    most_fee: Decimal | None = None
    allows_slower: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pool that could serve the whole order, by one marketplace of an account."""

    account_id: int
    marketplace_id: str
    pool: str


@dataclass(frozen=True, slots=True)
class SpeedOffer:
    """One speed of Amazon's preview; `fee` is its estimate for the whole order."""

    speed: str
    is_fulfillable: bool
    fee: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class PreviewNeeded:
    """Amazon's preview for this candidate decides: ask it, then decide again."""

    candidate: Candidate
    rule: ActiveRule


@dataclass(frozen=True, slots=True)
class McfDecision:
    """Who ships and why; for MCF also from which pool, how fast and at what fee."""

    by: ShippedBy
    reason: Sentence
    rule: ActiveRule | None = None
    candidate: Candidate | None = None
    offer: SpeedOffer | None = None
    refused: tuple[Sentence, ...] = ()
