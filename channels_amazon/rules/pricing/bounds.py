"""Between which two amounts a price must lie, and why; pure, rules layer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from channels_amazon.rules.pricing.charges import Charges
from channels_amazon.rules.pricing.money import MOST_AMOUNT, in_digits
from channels_amazon.rules.pricing.rounding import Rounding, within
from channels_amazon.rules.pricing.steps import StepKind
from channels_amazon.rules.pricing.terms import Limits


@dataclass(frozen=True, slots=True)
class Bound:
    """One end, in the currency's digits, and which of the rule's limits it is."""

    kind: StepKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both ends; the narrowest limit counts, None where there is none."""

    lowest: Bound | None = None
    highest: Bound | None = None

    @property
    def leave_room(self) -> bool:
        """Tell whether any price lies between them."""
        if self.lowest is None or self.highest is None:
            return True
        return self.lowest.amount <= self.highest.amount

    def inside(self, amount: Decimal, pattern: Rounding, currency: str) -> Decimal:
        """Return the amount rounded by the pattern, inward where it would leave."""
        return within(
            amount,
            pattern,
            currency,
            self.lowest.amount if self.lowest else None,
            self.highest.amount if self.highest else None,
        )

    def deciding(self, rounded: Decimal) -> Bound | None:
        """Return the bound that a rounded price has left, if any."""
        if self.lowest is not None and rounded < self.lowest.amount:
            return self.lowest
        if self.highest is not None and rounded > self.highest.amount:
            return self.highest
        return None


def bounds_of(
    limits: Limits, charges: Charges, cost: Decimal | None, currency: str
) -> Bounds:
    """Return the bounds of a rule in one marketplace; `cost` is in its currency.

    A least margin without a cost bounds nothing: who asks has looked for the cost.
    """
    margin = None
    if limits.least_margin is not None and cost is not None:
        margin = charges.least_price(cost, limits.least_margin)
    lowers = (
        (StepKind.FLOOR, limits.floor),
        (StepKind.LEAST_MARGIN, margin),
        (StepKind.ALLOWED_MINIMUM, limits.allowed_minimum),
    )
    uppers = (
        (StepKind.CEILING, limits.ceiling),
        (StepKind.ALLOWED_MAXIMUM, limits.allowed_maximum),
    )
    # Rounded inward, so that the digits of the currency stay within the limit too.
    lowest = [
        Bound(kind, _in_digits(amount, currency, ROUND_CEILING))
        for kind, amount in lowers
        if amount is not None
    ]
    highest = [
        Bound(kind, _in_digits(amount, currency, ROUND_FLOOR))
        for kind, amount in uppers
        if amount is not None
    ]
    return Bounds(
        max(lowest, key=lambda bound: bound.amount, default=None),
        min(highest, key=lambda bound: bound.amount, default=None),
    )


def _in_digits(amount: Decimal, currency: str, rounding: str) -> Decimal:
    # What is beyond any price is refused later, and may have too many digits to round.
    return amount if amount >= MOST_AMOUNT else in_digits(amount, currency, rounding)
