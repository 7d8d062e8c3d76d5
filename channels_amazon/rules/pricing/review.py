"""Which prices a person must see before they are published; pure, rules layer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_UP, Decimal
from enum import StrEnum

from channels_amazon.rules.pricing.money import HUNDRED, in_digits
from channels_amazon.rules.pricing.price import Price
from channels_amazon.rules.pricing.steps import plain
from channels_amazon.rules.pricing.terms import PriceTerms
from channels_amazon.wording import Sentence, sentence

# Decimals of a change in percent, as it is told: rounded up, so that one beyond the
# limit never looks like it.
_TOLD = Decimal("0.1")


class ReviewCause(StrEnum):
    """Why a price waits for a person."""

    CHANGE = "change"
    BELOW_COST = "below_cost"


@dataclass(frozen=True, slots=True)
class Review:
    """One cause, in a sentence with the figures."""

    cause: ReviewCause
    reason: Sentence


def reviews_of(
    price: Price, terms: PriceTerms, published: Decimal | None
) -> tuple[Review, ...]:
    """Return why a price waits for a person, empty where it may go out.

    `published` is the price that buyers see, in the same currency; None where there is
    none yet, which no limit of change can judge. A price is compared with its cost
    where one is known, together with the rule's fees and tax; a sale or a quantity
    price below cost waits too.
    """
    found = (_change(price, terms, published), _below_cost(price))
    return tuple(review for review in found if review is not None)


def change_in_percent(before: Decimal, after: Decimal) -> Decimal:
    """Return by how many percent a price rises, below 0 where it falls."""
    return (after - before) / before * HUNDRED


def _change(
    price: Price, terms: PriceTerms, published: Decimal | None
) -> Review | None:
    if terms.most_change is None or not published:
        return None
    difference = abs(price.amount - published)
    if difference * HUNDRED <= terms.most_change * published:
        return None
    change = change_in_percent(published, price.amount)
    return Review(
        ReviewCause.CHANGE,
        sentence(
            "The price would change by %(change)s %%, from %(before)s to %(after)s "
            "%(currency)s; more than %(limit)s %% waits for you.",
            change=plain(change.quantize(_TOLD, ROUND_UP)),
            before=plain(published),
            after=plain(price.amount),
            currency=price.currency,
            limit=plain(terms.most_change),
        ),
    )


def _below_cost(price: Price) -> Review | None:
    if price.break_even is None or price.least >= price.break_even:
        return None
    return Review(
        ReviewCause.BELOW_COST,
        sentence(
            "%(price)s %(currency)s is below %(least)s %(currency)s, which cost, fees "
            "and tax need.",
            price=plain(price.least),
            least=plain(in_digits(price.break_even, price.currency, ROUND_CEILING)),
            currency=price.currency,
        ),
    )
