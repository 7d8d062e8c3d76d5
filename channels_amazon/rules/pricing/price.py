"""What an offer costs, step by step: from the base price to Amazon's; rules layer.

base → rate → markup → fees and tax → rounding → floor, ceiling, least margin. Each step
is kept with its figures, so that a page can tell why a price is what it is; what has
no price says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from channels_amazon.rules.pricing.bounds import Bounds, bounds_of
from channels_amazon.rules.pricing.charges import Charges, charges_of
from channels_amazon.rules.pricing.money import MOST_AMOUNT, ONE, share
from channels_amazon.rules.pricing.rates import (
    NoRate,
    Rate,
    RateProblem,
    RateTable,
    rate_between,
)
from channels_amazon.rules.pricing.rounding import rounded
from channels_amazon.rules.pricing.special import (
    BusinessPrice,
    Ground,
    SalePrice,
    business_price,
    sale_price,
)
from channels_amazon.rules.pricing.steps import (
    NoPrice,
    PriceProblem,
    PriceStep,
    StepKind,
    plain,
)
from channels_amazon.rules.pricing.terms import PriceTerms, TierBasis
from channels_amazon.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class PriceInputs:
    """A variant and the marketplace it is priced for.

    `base` and `cost` are in `currency`, the store's; None where nobody entered them.
    """

    base: Decimal | None
    cost: Decimal | None
    currency: str
    market_currency: str
    includes_tax: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What to publish in the marketplace's currency, and how it came about.

    `break_even` is the price that just pays cost, fees and tax, None without a cost.
    `left_out` says which of the rule's special prices there are not, and why.
    """

    amount: Decimal
    currency: str
    steps: tuple[PriceStep, ...]
    sale: SalePrice | None = None
    business: BusinessPrice | None = None
    allowed_minimum: Decimal | None = None
    allowed_maximum: Decimal | None = None
    break_even: Decimal | None = None
    left_out: tuple[Sentence, ...] = ()

    @property
    def least(self) -> Decimal:
        """Return the lowest amount that any buyer could pay for one unit."""
        amounts = [self.amount]
        if self.sale is not None:
            amounts.append(self.sale.amount)
        if self.business is not None:
            amounts.append(self.business.amount)
            amounts += [one.amount for one in self.business.quantities]
        return min(amounts)


def price_of(
    inputs: PriceInputs, terms: PriceTerms, rates: RateTable, now: datetime
) -> Price | NoPrice:
    """Return the price by valid terms, or why there is none; `now` is aware."""
    lacking = _lacking(inputs, terms)
    if lacking is not None:
        return lacking
    rate = rate_between(inputs.currency, inputs.market_currency, rates, now)
    if isinstance(rate, NoRate):
        is_unknown = rate.problem is RateProblem.UNKNOWN
        problem = PriceProblem.NO_RATE if is_unknown else PriceProblem.STALE_RATE
        return NoPrice(problem, rate.reason)
    charges = charges_of(terms, includes_tax=inputs.includes_tax)
    steps = _steps(inputs, terms, rate, charges)
    cost = None if inputs.cost is None else inputs.cost * rate.value
    bounds = bounds_of(terms.limits, charges, cost, rate.quote)
    refusal = _refusal(steps, bounds)
    if refusal is not None:
        return refusal
    ground = _ground(steps, terms, bounds)
    price = Price(
        amount=ground.price,
        currency=ground.currency,
        steps=tuple(steps),
        allowed_minimum=terms.limits.allowed_minimum,
        allowed_maximum=terms.limits.allowed_maximum,
        break_even=None if cost is None else charges.least_price(cost),
    )
    if terms.sale is None and terms.business is None:
        return price
    return _with_special_prices(price, ground, terms, now)


def _lacking(inputs: PriceInputs, terms: PriceTerms) -> NoPrice | None:
    if inputs.base is None:
        return NoPrice(
            PriceProblem.NO_BASE, sentence("The variant has no price in the store.")
        )
    needs_cost = terms.limits.least_margin is not None or (
        bool(terms.tiers) and terms.tiers_by is TierBasis.COST
    )
    if needs_cost and inputs.cost is None:
        return NoPrice(
            PriceProblem.NO_COST,
            sentence("The rule goes by the cost, and the variant has none."),
        )
    if terms.has_amounts and terms.currency != inputs.market_currency:
        return NoPrice(
            PriceProblem.OTHER_CURRENCY,
            sentence(
                "The rule's amounts are in %(own)s, and the marketplace sells in "
                "%(other)s.",
                own=terms.currency,
                other=inputs.market_currency,
            ),
        )
    return None


def _steps(
    inputs: PriceInputs, terms: PriceTerms, rate: Rate, charges: Charges
) -> list[PriceStep]:
    """Return the steps until the rounding, which is the last of them."""
    base = inputs.base if inputs.base is not None else Decimal(0)
    currency = rate.quote
    steps = [PriceStep(StepKind.BASE, base, rate.base)]
    amount = base
    if rate.base != rate.quote:
        amount *= rate.value
        day = {"day": rate.day.isoformat()} if rate.day else {}
        words = {"source": rate.source.value, **day}
        figures = {"rate": rate.value}
        steps.append(PriceStep(StepKind.RATE, amount, currency, figures, words))
    amount = _mark_up(steps, inputs, terms, amount, currency)
    if terms.fees.percent or terms.fees.fixed:
        amount = charges.before_tax(amount)
        figures = {"percent": terms.fees.percent, "fixed": terms.fees.fixed}
        steps.append(PriceStep(StepKind.FEES, amount, currency, figures))
    if terms.tax is not None:
        amount *= charges.with_tax
        kind = StepKind.TAX if inputs.includes_tax else StepKind.TAX_NOT_ADDED
        steps.append(PriceStep(kind, amount, currency, {"percent": terms.tax}))
    return steps


def _mark_up(
    steps: list[PriceStep],
    inputs: PriceInputs,
    terms: PriceTerms,
    amount: Decimal,
    currency: str,
) -> Decimal:
    by_cost = terms.tiers_by is TierBasis.COST
    markup, tier = terms.markup_for(inputs.cost if by_cost else inputs.base)
    if tier is None and not markup.percent and not markup.fixed:
        return amount
    amount = amount * (ONE + share(markup.percent)) + markup.fixed
    figures = {"percent": markup.percent, "fixed": markup.fixed}
    words: dict[str, str] = {}
    if tier is not None:
        figures["start"], words["by"] = tier.start, terms.tiers_by.value
    steps.append(PriceStep(StepKind.MARKUP, amount, currency, figures, words))
    return amount


def _refusal(steps: list[PriceStep], bounds: Bounds) -> NoPrice | None:
    amount, currency = steps[-1].amount, steps[-1].currency
    made = tuple(steps)
    if amount <= 0:
        reason = sentence("The rule leaves nothing of the price.")
        return NoPrice(PriceProblem.NOTHING_LEFT, reason, made)
    ends = [bound.amount for bound in (bounds.lowest, bounds.highest) if bound]
    if not bounds.leave_room and bounds.lowest and bounds.highest:
        reason = sentence(
            "No price is both %(lowest)s %(currency)s or more and %(highest)s "
            "%(currency)s or less, as the rule's limits and the cost want it.",
            lowest=plain(bounds.lowest.amount),
            highest=plain(bounds.highest.amount),
            currency=currency,
        )
        return NoPrice(PriceProblem.NO_ROOM, reason, made)
    if max([amount, *ends]) >= MOST_AMOUNT - ONE:
        reason = sentence("The price is higher than any that can be published.")
        return NoPrice(PriceProblem.TOO_HIGH, reason, made)
    return None


def _ground(steps: list[PriceStep], terms: PriceTerms, bounds: Bounds) -> Ground:
    """Round within the bounds, adding the steps of it; return what came out."""
    amount, currency = steps[-1].amount, steps[-1].currency
    plainly = rounded(amount, terms.rounding, currency)
    pattern = {"pattern": terms.rounding.value}
    steps.append(PriceStep(StepKind.ROUNDING, plainly, currency, words=pattern))
    price = bounds.inside(amount, terms.rounding, currency)
    bound = bounds.deciding(plainly)
    if bound is not None:
        figures = {"bound": bound.amount}
        steps.append(PriceStep(bound.kind, price, currency, figures))
    return Ground(price, currency, terms.rounding, bounds)


def _with_special_prices(
    price: Price, ground: Ground, terms: PriceTerms, now: datetime
) -> Price:
    left_out: list[Sentence] = []
    sale = sale_price(ground, terms.sale, now) if terms.sale else None
    if isinstance(sale, Sentence):
        left_out.append(sale)
        sale = None
    business = None
    if terms.business is not None:
        business, reason = business_price(ground, terms.business)
        if reason is not None:
            left_out.append(reason)
    return replace(price, sale=sale, business=business, left_out=tuple(left_out))
