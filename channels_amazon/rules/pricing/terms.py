"""The terms of a price rule, and what makes them valid; pure, rules layer.

Amounts are in `PriceTerms.currency`, which is that of the marketplaces they are meant
for; only the beginnings of tiers compare with cost or base price, and so are in the
store's currency. Percentages are as people write them: 19 for 19 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from channels_amazon.rules.pricing.money import ZERO
from channels_amazon.rules.pricing.rounding import Rounding


class TierBasis(StrEnum):
    """What decides which tier holds; both are in the store's currency."""

    COST = "cost"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Markup:
    """What comes on top of the converted price: first the percentage, then `fixed`."""

    percent: Decimal = ZERO
    fixed: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class MarkupTier:
    """The markup for a cost or base price of `start` and more, up to the next tier."""

    start: Decimal
    markup: Markup


@dataclass(frozen=True, slots=True)
class Fees:
    """What Amazon keeps: a share of what the buyer pays, and a fixed amount."""

    percent: Decimal = ZERO
    fixed: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Limits:
    """Between what a price stays, None for no limit.

    `least_margin` is what must be left beyond the cost when fees and tax are paid, in
    percent of the cost. The allowed prices are told to Amazon as the seller's own.
    """

    floor: Decimal | None = None
    ceiling: Decimal | None = None
    least_margin: Decimal | None = None
    allowed_minimum: Decimal | None = None
    allowed_maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A lower price from one moment (UTC) until another: by percentage or as amount."""

    starts_at: datetime
    ends_at: datetime
    percent: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class QuantityDiscount:
    """What `units` and more cost less, each, in percent of the business price."""

    units: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Business:
    """The price for businesses, in percent below that for all, and its discounts."""

    percent: Decimal = ZERO
    quantities: tuple[QuantityDiscount, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What one price rule says; a rule without words publishes the converted price.

    `markup` holds below the first tier, and everywhere without tiers. `tax` is added
    where a marketplace's prices include it; None where the base price has it in.
    `most_change` is the change in percent beyond which a price waits for a person.
    """

    currency: str = ""
    markup: Markup = Markup()
    tiers: tuple[MarkupTier, ...] = ()
    tiers_by: TierBasis = TierBasis.COST
    fees: Fees = Fees()
    tax: Decimal | None = None
    rounding: Rounding = Rounding.EXACT
    limits: Limits = Limits()
    most_change: Decimal | None = None
    sale: Sale | None = None
    business: Business | None = None

    @property
    def has_amounts(self) -> bool:
        """Tell whether the rule says any amount, and so needs a currency."""
        limits = self.limits
        bounds = (
            limits.floor,
            limits.ceiling,
            limits.allowed_minimum,
            limits.allowed_maximum,
            self.sale.amount if self.sale else None,
        )
        fixed = [self.markup.fixed, self.fees.fixed]
        fixed += [tier.markup.fixed for tier in self.tiers]
        return any(bound is not None for bound in bounds) or any(fixed)

    def markup_for(self, measure: Decimal | None) -> tuple[Markup, MarkupTier | None]:
        """Return the markup for a cost or base price, and its tier if one holds."""
        reached = [
            tier for tier in self.tiers if measure is not None and tier.start <= measure
        ]
        return (reached[-1].markup, reached[-1]) if reached else (self.markup, None)
