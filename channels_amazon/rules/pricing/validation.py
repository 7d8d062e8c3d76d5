"""What is wrong with the terms of a price rule, field by field; pure, rules layer.

Strict on purpose: a slip of the keyboard here is a wrong price on a thousand listings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

from channels_amazon.rules.pricing.money import (
    HUNDRED,
    MOST_AMOUNT,
    ONE,
    ZERO,
    has_digits_of,
    is_currency,
    share,
)
from channels_amazon.rules.pricing.terms import Business, Fees, Limits, PriceTerms, Sale
from channels_amazon.wording import Sentence, counted, sentence

# Amazon takes no more levels of quantity prices (maxItems of
# purchasable_offer.quantity_discount_plan.schedule.levels).
MOST_QUANTITIES = 5
# A quantity price for one unit would be the price.
LEAST_UNITS = 2
# Units; more in one order is a slip of the keyboard.
_MOST_UNITS = 1_000_000
# In percent: a markup beyond is one.
_MOST_PERCENT = Decimal(10_000)
# Decimals of a percentage.
_PERCENT_DIGITS = 4

Fault = tuple[str, Sentence]


def faults_of(terms: PriceTerms) -> dict[str, Sentence]:
    """Return what is wrong by field, such as `limits.floor`; the first fault of each.

    Nothing is wrong with the terms of an empty answer: they can be computed with.
    """
    found: dict[str, Sentence] = {}
    for name, reason in _faults(terms):
        found.setdefault(name, reason)
    return found


def _faults(terms: PriceTerms) -> Iterator[Fault]:
    yield from _currency(terms)
    yield from _amounts(terms)
    yield from _percentages(terms)
    yield from _tiers(terms)
    yield from _charges(terms.fees, terms.tax)
    yield from _order(terms.limits)
    if terms.sale is not None:
        yield from _sale(terms.sale)
    if terms.business is not None:
        yield from _business(terms.business)


def _currency(terms: PriceTerms) -> Iterator[Fault]:
    if terms.currency and not is_currency(terms.currency):
        yield (
            "currency",
            sentence(
                "%(currency)s is no currency, as EUR or JPY.", currency=terms.currency
            ),
        )
    if terms.has_amounts and not terms.currency:
        yield "currency", sentence("Say in which currency the rule's amounts are.")


def _amounts(terms: PriceTerms) -> Iterator[Fault]:
    """Yield amounts that nobody can pay, and those that are not above 0."""
    limits, sale = terms.limits, terms.sale
    signed = [("markup.fixed", terms.markup.fixed)]
    signed += [
        (f"tiers.{number}.fixed", tier.markup.fixed)
        for number, tier in enumerate(terms.tiers)
    ]
    positive = [
        ("limits.floor", limits.floor),
        ("limits.ceiling", limits.ceiling),
        ("limits.allowed_minimum", limits.allowed_minimum),
        ("limits.allowed_maximum", limits.allowed_maximum),
        ("sale.amount", sale.amount if sale else None),
    ]
    for name, amount in [*signed, *positive, ("fees.fixed", terms.fees.fixed)]:
        if amount is not None and (reason := _amount_fault(amount, terms.currency)):
            yield name, reason
    for name, amount in positive:
        if amount is not None and _is_number(amount) and amount <= 0:
            yield name, sentence("This amount must be above 0.")


def _amount_fault(amount: Decimal, currency: str) -> Sentence | None:
    if not _is_number(amount) or abs(amount) >= MOST_AMOUNT:
        return sentence("This is not an amount.")
    if is_currency(currency) and not has_digits_of(amount, currency):
        return sentence(
            "%(amount)s has more decimals than %(currency)s has.",
            amount=f"{amount:f}",
            currency=currency,
        )
    return None


def _percentages(terms: PriceTerms) -> Iterator[Fault]:
    """Yield percentages beyond what they can be: least and most, both included."""
    ranges: list[tuple[str, Decimal | None, Decimal, Decimal]] = [
        ("markup.percent", terms.markup.percent, -HUNDRED, _MOST_PERCENT),
        ("fees.percent", terms.fees.percent, ZERO, HUNDRED),
        ("tax", terms.tax, ZERO, HUNDRED),
        ("limits.least_margin", terms.limits.least_margin, ZERO, _MOST_PERCENT),
        ("most_change", terms.most_change, ZERO, _MOST_PERCENT),
    ]
    ranges += [
        (f"tiers.{number}.percent", tier.markup.percent, -HUNDRED, _MOST_PERCENT)
        for number, tier in enumerate(terms.tiers)
    ]
    if terms.sale is not None:
        ranges.append(("sale.percent", terms.sale.percent, ZERO, HUNDRED))
    if terms.business is not None:
        ranges.append(("business.percent", terms.business.percent, ZERO, HUNDRED))
        ranges += [
            (f"business.quantities.{number}.percent", one.percent, ZERO, HUNDRED)
            for number, one in enumerate(terms.business.quantities)
        ]
    for name, percent, least, most in ranges:
        if percent is not None and (reason := _percent_fault(percent, least, most)):
            yield name, reason


def _percent_fault(percent: Decimal, least: Decimal, most: Decimal) -> Sentence | None:
    if not _is_number(percent):
        return sentence("This is not a percentage.")
    if not least <= percent <= most:
        return sentence(
            "This percentage must be between %(least)s and %(most)s.",
            least=f"{least:f}",
            most=f"{most:f}",
        )
    if percent != round(percent, _PERCENT_DIGITS):
        return sentence("This percentage has too many decimals.")
    return None


def _tiers(terms: PriceTerms) -> Iterator[Fault]:
    before = ZERO
    for number, tier in enumerate(terms.tiers):
        name = f"tiers.{number}.start"
        if not _is_number(tier.start) or tier.start >= MOST_AMOUNT:
            yield name, sentence("This is not an amount.")
        elif tier.start <= before:
            yield (
                name,
                sentence("Each tier must begin above the one before, and above 0."),
            )
        else:
            before = tier.start


def _charges(fees: Fees, tax: Decimal | None) -> Iterator[Fault]:
    if _is_number(fees.fixed) and fees.fixed < 0:
        yield "fees.fixed", sentence("A fee cannot be below 0.")
    rates = (fees.percent, tax or ZERO)
    if all(_is_number(rate) for rate in rates):
        kept = share(fees.percent) * (ONE + share(tax or ZERO))
        if kept >= ONE:
            yield (
                "fees.percent",
                sentence("Fees and tax together leave nothing of the price."),
            )


def _order(limits: Limits) -> Iterator[Fault]:
    """Yield the lower ends that lie above an upper one: no price could be between."""
    uppers = (limits.ceiling, limits.allowed_maximum)
    lowers = (
        ("limits.floor", limits.floor),
        ("limits.allowed_minimum", limits.allowed_minimum),
    )
    for name, lower in lowers:
        if lower is None or not _is_number(lower):
            continue
        if any(
            upper is not None and _is_number(upper) and lower > upper
            for upper in uppers
        ):
            yield name, sentence("The lowest price must not be above the highest.")


def _sale(sale: Sale) -> Iterator[Fault]:
    if (sale.percent is None) == (sale.amount is None):
        yield (
            "sale.percent",
            sentence("Say the sale price either in percent or as an amount."),
        )
    elif _is_number(sale.percent) and sale.percent in {ZERO, HUNDRED}:
        yield (
            "sale.percent",
            sentence("A sale takes off more than 0 and less than 100 percent."),
        )
    times = (("sale.starts_at", sale.starts_at), ("sale.ends_at", sale.ends_at))
    for name, time in times:
        if time.utcoffset() != timedelta(0):
            yield name, sentence("This time must be in UTC.")
            return
    if sale.starts_at >= sale.ends_at:
        yield "sale.ends_at", sentence("A sale must end after it began.")


def _business(business: Business) -> Iterator[Fault]:
    if business.percent == HUNDRED:
        yield "business.percent", sentence("A price must be left for businesses.")
    quantities = business.quantities
    if len(quantities) > MOST_QUANTITIES:
        yield (
            "business.quantities",
            counted(
                "Amazon takes %(count)d quantity price at most.",
                "Amazon takes %(count)d quantity prices at most.",
                MOST_QUANTITIES,
            ),
        )
    rising = _rising([one.units for one in quantities], LEAST_UNITS - 1)
    falling = _rising(
        [one.percent if _is_number(one.percent) else ZERO for one in quantities], 0
    )
    for number, one in enumerate(quantities):
        place = f"business.quantities.{number}"
        if type(one.units) is not int or not 0 < one.units <= _MOST_UNITS:
            yield f"{place}.units", sentence("This is not a number of units.")
        elif not rising(number):
            yield (
                f"{place}.units",
                sentence(
                    "Quantities must rise from one price to the next, from two units."
                ),
            )
        if _is_number(one.percent) and not falling(number):
            yield (
                f"{place}.percent",
                sentence("Prices must fall as quantities rise."),
            )
        elif one.percent == HUNDRED:
            yield f"{place}.percent", sentence("A price must be left for businesses.")


def _rising(values: list[int] | list[Decimal], above: int) -> Callable[[int], bool]:
    """Return what tells whether a value, by its place, is above the one before it."""

    def is_above(number: int) -> bool:
        return values[number] > (values[number - 1] if number else above)

    return is_above


def _is_number(value: object) -> bool:
    """Tell whether the value is a finite `Decimal`: no float, no NaN."""
    return isinstance(value, Decimal) and value.is_finite()
