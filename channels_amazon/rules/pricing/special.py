"""The prices beside the price: of a sale, for businesses, by quantity; rules layer.

All stay within the rule's bounds, as the price itself. One that would not be lower
than what it is meant to undercut is left out, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from channels_amazon.rules.pricing.bounds import Bounds
from channels_amazon.rules.pricing.money import ONE, share
from channels_amazon.rules.pricing.rounding import Rounding
from channels_amazon.rules.pricing.steps import plain
from channels_amazon.rules.pricing.terms import Business, Sale
from channels_amazon.wording import Sentence, counted, sentence


@dataclass(frozen=True, slots=True)
class SalePrice:
    """What all buyers pay from one moment (UTC) until another."""

    amount: Decimal
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class QuantityPrice:
    """What a unit costs a business that buys `units` and more."""

    units: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BusinessPrice:
    """What a business pays; the quantity prices fall as the units rise."""

    amount: Decimal
    quantities: tuple[QuantityPrice, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What the special prices of an offer start from."""

    price: Decimal
    currency: str
    rounding: Rounding
    bounds: Bounds

    def lowered(self, price: Decimal, percent: Decimal, rounding: Rounding) -> Decimal:
        """Return a price less a percentage, rounded, within the bounds."""
        wanted = price * (ONE - share(percent))
        return self.bounds.inside(wanted, rounding, self.currency)


def sale_price(
    ground: Ground, sale: Sale, now: datetime
) -> SalePrice | Sentence | None:
    """Return the price of a sale, why it is none, or None when the sale is over.

    An amount is taken as it was entered; a percentage is rounded as the rule says.
    """
    if sale.ends_at <= now:
        return None
    if sale.amount is not None:
        amount = ground.bounds.inside(sale.amount, Rounding.EXACT, ground.currency)
    else:
        percent = sale.percent if sale.percent is not None else Decimal(0)
        amount = ground.lowered(ground.price, percent, ground.rounding)
    if amount < ground.price:
        return SalePrice(amount, sale.starts_at, sale.ends_at)
    return sentence(
        "The sale is left out: its price would be %(sale)s %(currency)s, not below "
        "%(price)s %(currency)s.",
        sale=plain(amount),
        price=plain(ground.price),
        currency=ground.currency,
    )


def business_price(
    ground: Ground, business: Business
) -> tuple[BusinessPrice, Sentence | None]:
    """Return what businesses pay, and what of the quantity prices is left out.

    Quantity prices have all digits: an ending such as x.99 would swallow a few percent.
    """
    amount = ground.lowered(ground.price, business.percent, ground.rounding)
    quantities: list[QuantityPrice] = []
    left_out = 0
    last = amount
    for discount in business.quantities:
        price = ground.lowered(amount, discount.percent, Rounding.EXACT)
        if price < last:
            quantities.append(QuantityPrice(discount.units, price))
            last = price
        else:
            left_out += 1
    return BusinessPrice(amount, tuple(quantities)), _left_out(left_out)


def _left_out(number: int) -> Sentence | None:
    if not number:
        return None
    return counted(
        "%(count)d quantity price is left out: it would not be below the one before.",
        "%(count)d quantity prices are left out: they would not be below those before.",
        number,
    )
