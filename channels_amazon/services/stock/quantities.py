"""What each listing of a variant is to publish, and why; services layer.

The same for the numbers that are kept (`publication.py`) and for those that a change of
rules would bring (`dry_run.py`): both hand over the rules, as they are or would be.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from channels_amazon.models import (
    Listing,
    StockLevel,
    StockMovement,
    SyncRule,
    Variant,
)
from channels_amazon.rules.scope import Target
from channels_amazon.rules.stock import allocation, sharing
from channels_amazon.rules.stock.quantity_inputs import (
    QuantityInputs,
    ScopeWords,
    WarehouseUnits,
)
from channels_amazon.rules.stock.rises import rises_held
from channels_amazon.rules.stock.sharing import ListingFacts, PublishedUnits
from channels_amazon.rules.stock.terms import (
    BadTerms,
    ShareMode,
    StockTerms,
    stock_terms,
)
from channels_amazon.services.sync_rules.stored import Rule, Rules, rules_in_force

logger = logging.getLogger(__name__)

# What a rule publishes whose terms nobody can read any more: what it was meant to hold
# back must not be sold.
_UNREADABLE = StockTerms(cap=0)


@dataclass(frozen=True, slots=True)
class VariantAvailability:
    """The numbers behind what a variant can sell, in units.

    `available` is None while nobody ever counted the variant: its stock is not known,
    which is not the same as none. `warehouses` are (code, on hand, reserved).
    """

    on_hand: int
    reserved: int
    safety_stock: int
    available: int | None
    warehouses: tuple[tuple[str, int, int], ...]

    def why(self) -> QuantityInputs:
        """Return the inputs, as kept beside a published quantity."""
        return QuantityInputs(
            on_hand=self.on_hand,
            reserved=self.reserved,
            safety_stock=self.safety_stock,
            available=self.available,
            warehouses=[
                WarehouseUnits(code=code, on_hand=on_hand, reserved=reserved)
                for code, on_hand, reserved in self.warehouses
            ],
        )


class ListingState(NamedTuple):
    """What of a listing decides its quantity, and what is kept of it so far.

    The fields are those of `Listing`; `propagation`, `store_id` and `category` are of
    its account and its variant's product, `category` None or "" without one.
    """

    pk: int
    account_id: int
    store_id: int
    variant_id: int
    seller_sku: str
    category: str | None
    is_mfn: bool
    velocity: float
    propagation: float
    desired_quantity: int | None
    desired_why: QuantityInputs
    acknowledged_quantity: int | None
    observed_quantity: int | None
    may_show_quantity: int | None
    holds_rises: bool
    push_due: bool

    @property
    def most_shown(self) -> int:
        """Return the most that Amazon may still sell of it, as far as we know."""
        if self.acknowledged_quantity is None:
            # Nothing of ours is there yet, or its answer was lost.
            return max(self.observed_quantity or 0, self.may_show_quantity or 0)
        if self.may_show_quantity is None:
            return self.acknowledged_quantity
        return self.may_show_quantity


_COLUMNS = (
    "pk",
    "account_id",
    "account__store_id",
    "variant_id",
    "seller_sku",
    "variant__product__category__path",
    "is_mfn",
    "velocity",
    "account__propagation",
    "desired_quantity",
    "desired_why",
    "acknowledged_quantity",
    "observed_quantity",
    "may_show_quantity",
    "holds_rises",
    "push_due",
)


@dataclass(frozen=True, slots=True)
class WantedQuantity:
    """What a listing is to publish, None for no quantity of ours, and why.

    `is_known` is False while nobody counted the variant and no rule says a quantity:
    what is published stays. `holds_rises` says that another listing of the variant is
    kept below its part until this one's number has gone down.
    """

    quantity: int | None
    why: QuantityInputs
    is_known: bool = True
    holds_rises: bool = False


def availability(variant_ids: Collection[int]) -> dict[int, VariantAvailability]:
    """Return the numbers of each variant, in two queries however many they are."""
    levels: dict[int, list[StockLevel]] = defaultdict(list)
    rows = StockLevel.objects.filter(variant__in=variant_ids)
    for level in rows.select_related("warehouse").order_by("warehouse__code", "pk"):
        levels[level.variant_id].append(level)
    counts = StockMovement.objects.filter(
        variant=OuterRef("pk"), reason__in=StockMovement.COUNTS
    )
    variants = Variant.objects.filter(pk__in=variant_ids).order_by()
    return {
        pk: _availability(levels[pk], safety_stock, is_counted=is_counted)
        for pk, safety_stock, is_counted in variants.values_list(
            "pk", "safety_stock", Exists(counts)
        )
    }


def listing_states(variant_ids: Collection[int]) -> list[ListingState]:
    """Return the variants' listings, but those of disconnected accounts, by key."""
    rows = Listing.objects.not_disconnected().filter(variant__in=variant_ids)
    kept = rows.order_by("pk").values_list(*_COLUMNS)
    return [ListingState._make(row) for row in kept]


def wanted_quantities(
    listings: Sequence[ListingState], rules: Rules | None = None
) -> dict[int, WantedQuantity]:
    """Return what the merchant's own ones of the listings are to publish, by listing.

    `listings` are all of their variants, of every account: the parts of `split`
    accounts depend on each other. `rules` are those in force unless others are given.
    """
    merchants = [one for one in listings if one.is_mfn]
    if not merchants:
        return {}
    if rules is None:
        stores = {one.store_id for one in merchants}
        skus = {one.seller_sku for one in merchants}
        rules = rules_in_force(SyncRule.Kind.STOCK, stores, skus)
    by_variant: dict[int, list[ListingState]] = defaultdict(list)
    for one in merchants:
        by_variant[one.variant_id].append(one)
    numbers = availability(by_variant)
    found: dict[int, WantedQuantity] = {}
    for variant_id, same in by_variant.items():
        found |= _of_variant(same, numbers[variant_id], rules)
    return found


def _of_variant(
    listings: Sequence[ListingState], known: VariantAvailability, rules: Rules
) -> dict[int, WantedQuantity]:
    """Return what the listings of one variant are to publish."""
    winners = {one.pk: _winner(one, rules) for one in listings}
    facts = [_facts(one, winners[one.pk]) for one in listings]
    published = sharing.share_out(known.available, facts)
    held = _held(known.available, listings, published)
    waits = any(
        held.get(one.facts.listing_id, one.quantity) != one.quantity
        for one in published
    )
    found = {}
    for listing, one in zip(listings, published, strict=True):
        quantity = held.get(listing.pk, one.quantity)
        found[listing.pk] = WantedQuantity(
            quantity=quantity,
            why=_why(known, one, winners[listing.pk], quantity),
            is_known=one.decided_by is not sharing.DecidedBy.NOT_COUNTED,
            holds_rises=waits and listing.most_shown > held.get(listing.pk, math.inf),
        )
    return found


def _winner(listing: ListingState, rules: Rules) -> Rule | None:
    target = Target(listing.account_id, listing.seller_sku, listing.category or "")
    found = rules[listing.store_id].winner(target)
    return found[1] if found else None


def _facts(listing: ListingState, rule: Rule | None) -> ListingFacts:
    terms = None if rule is None else _terms(rule)
    return ListingFacts(
        listing.pk, terms, velocity=listing.velocity, propagation=listing.propagation
    )


def _terms(rule: Rule) -> StockTerms:
    try:
        return stock_terms(rule.terms)
    except BadTerms as error:
        logger.error("stock rule is unreadable rule=%s: %s", rule.pk, error)
        return _UNREADABLE


def _held(
    available: int | None,
    listings: Sequence[ListingState],
    published: Sequence[PublishedUnits],
) -> dict[int, int]:
    """Return what the listings may publish now, where parts are of their own.

    A part rises only as far as all others have let go, and what is left of the parts
    rises only as far as the parts have: until Amazon shows the lower numbers it sells
    by the higher ones.
    """
    parts: dict[int, int] = {}
    rest: dict[int, int] = {}
    for one in published:
        terms = one.facts.terms
        if one.quantity is None or (terms is not None and not terms.draws_on_stock):
            continue
        (parts if _is_split(terms) else rest)[one.facts.listing_id] = one.quantity
    if not parts:
        return {}
    shown = {one.pk: one.most_shown for one in listings}
    there = max(0, available or 0)
    # Those that share what is left sell the same units: the most that one shows counts.
    left = there - max((shown[one] for one in rest), default=0)
    held = rises_held(max(0, left), parts, shown)
    room = max(0, there - sum(max(shown[one], held[one]) for one in parts))
    for listing_id, wanted in rest.items():
        held[listing_id] = min(wanted, max(shown[listing_id], room))
    return held


def _is_split(terms: StockTerms | None) -> bool:
    return terms is not None and terms.draws_on_stock and terms.mode is ShareMode.SPLIT


def _why(
    known: VariantAvailability,
    published: PublishedUnits,
    rule: Rule | None,
    quantity: int | None,
) -> QuantityInputs:
    why = known.why()
    if quantity != published.quantity:
        why["part"] = published.quantity
    inputs = sharing.sharing_inputs(published)
    if rule is None or inputs is None:
        return why
    why["sharing"] = inputs
    why["sync_rule"] = rule.pk
    why["scope"] = ScopeWords(
        account=rule.scope.account_id,
        category=rule.scope.category,
        seller_sku=rule.scope.seller_sku,
    )
    return why


def _availability(
    levels: list[StockLevel], safety_stock: int, *, is_counted: bool
) -> VariantAvailability:
    free = [
        allocation.Level(level.warehouse_id, level.on_hand, level.reserved)
        for level in levels
    ]
    return VariantAvailability(
        on_hand=sum(level.on_hand for level in levels),
        reserved=sum(level.reserved for level in levels),
        safety_stock=safety_stock,
        available=allocation.available(free, safety_stock) if is_counted else None,
        warehouses=tuple(
            (level.warehouse.code, level.on_hand, level.reserved) for level in levels
        ),
    )
