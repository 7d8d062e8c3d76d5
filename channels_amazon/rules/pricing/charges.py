"""What fees and tax take of a price, and the price that pays for both; rules layer.

The referral fee is a share of what the buyer pays, tax included, so that neither can
be reckoned without the other:

    price = with_tax × (what is left + fixed fee) / (1 − fee × with_tax)

with `with_tax` = 1 + tax, and 1 where a marketplace's prices are without tax.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

from channels_amazon.rules.pricing.money import ONE, ZERO, share
from channels_amazon.rules.pricing.terms import PriceTerms

# Rounds up at each step, so that a least price is never too low by a rounding.
_UP = Context(prec=28, rounding=ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class Charges:
    """The fees and the tax of a price in one marketplace, as factors."""

    fee: Decimal = ZERO
    fixed: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def with_tax(self) -> Decimal:
        """Return what a price without tax is multiplied by."""
        return ONE + self.tax

    def before_tax(self, left: Decimal) -> Decimal:
        """Return the price without tax of which `left` is left when fees are paid."""
        return (left + self.fixed) / (ONE - self.fee * self.with_tax)

    def left_of(self, price: Decimal) -> Decimal:
        """Return what is left of a price when fees and tax are paid."""
        return price / self.with_tax - price * self.fee - self.fixed

    def least_price(self, cost: Decimal, margin: Decimal = ZERO) -> Decimal:
        """Return the price that leaves the cost and a margin, in percent of it."""
        wanted = _UP.add(_UP.multiply(cost, ONE + share(margin)), self.fixed)
        before_tax = _UP.divide(wanted, ONE - self.fee * self.with_tax)
        return _UP.multiply(before_tax, self.with_tax)


def charges_of(terms: PriceTerms, *, includes_tax: bool) -> Charges:
    """Return a rule's charges where prices include tax, or do not."""
    tax = terms.tax if includes_tax and terms.tax is not None else ZERO
    return Charges(share(terms.fees.percent), terms.fees.fixed, share(tax))
