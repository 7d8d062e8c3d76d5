"""What one currency is in another, from where and how old that is; pure, rules layer.

The European Central Bank says what one euro is in about thirty currencies, on working
days. Any two of them are compared by way of the euro. What a person entered for a pair
of currencies goes before, and is the only way for those that the bank does not list,
such as the dirham.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from enum import StrEnum

from channels_amazon.rules.pricing.money import ONE
from channels_amazon.wording import Sentence, counted, sentence

EURO = "EUR"
# Days. From Maundy Thursday to the Tuesday after Easter no rates are published, and
# Tuesday's come in the afternoon: the longest pause that is no outage.
USUAL_AGE = 6
# Significant digits of a computed rate, so that the figure a page shows is the very one
# that was used. The bank publishes five or six.
_RATE = Context(prec=12)


# What a person may enter; no pair of currencies comes near either end.
_LEAST_RATE, _MOST_RATE = Decimal("1e-9"), Decimal("1e9")


class RateSource(StrEnum):
    """Who says what a rate is."""

    SAME_CURRENCY = "same"
    EUROPEAN_CENTRAL_BANK = "ecb"
    MANUAL = "manual"


class RateProblem(StrEnum):
    """Why there is no rate to go by."""

    UNKNOWN = "unknown"
    STALE = "stale"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class EuroRates:
    """What one euro was on a day, by currency; the euro itself is not among them."""

    day: date
    rates: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class ManualRate:
    """What a person entered on a day: one unit of the first is `value` of the second.

    It holds in both directions.
    """

    day: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class RateTable:
    """All that is known of rates; manual ones by (from, to).

    Ages are whole days, None for any age.
    """

    euro: EuroRates | None = None
    manual: Mapping[tuple[str, str], ManualRate] = field(default_factory=dict)
    most_age: int | None = USUAL_AGE
    most_manual_age: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `base` is `value` of `quote`; `day` is None for one currency."""

    base: str
    quote: str
    value: Decimal
    source: RateSource
    day: date | None = None


@dataclass(frozen=True, slots=True)
class NoRate:
    """Why nothing that needs this rate can have a price."""

    problem: RateProblem
    reason: Sentence


def rate_between(
    base: str, quote: str, table: RateTable, now: datetime
) -> Rate | NoRate:
    """Return what one unit of `base` is in `quote`; `now` is aware.

    A rate beyond its age is none: a price by an old rate can be below cost unseen.
    """
    if base == quote:
        return Rate(base, quote, ONE, RateSource.SAME_CURRENCY)
    rate = _manual(base, quote, table) or _by_the_euro(base, quote, table)
    if rate is None or rate.day is None:
        return NoRate(
            RateProblem.UNKNOWN,
            sentence(
                "There is no exchange rate from %(base)s to %(quote)s.",
                base=base,
                quote=quote,
            ),
        )
    is_manual = rate.source is RateSource.MANUAL
    limit = table.most_manual_age if is_manual else table.most_age
    return _refusal(rate, rate.day, limit, now) or rate


def is_rate(value: Decimal) -> bool:
    """Tell whether a person may enter the value as a rate: above 0, of sane size."""
    return value.is_finite() and _LEAST_RATE <= value <= _MOST_RATE


def _manual(base: str, quote: str, table: RateTable) -> Rate | None:
    given = table.manual.get((base, quote))
    if given is not None:
        return Rate(base, quote, given.value, RateSource.MANUAL, given.day)
    given = table.manual.get((quote, base))
    if given is None:
        return None
    value = _RATE.divide(ONE, given.value)
    return Rate(base, quote, value, RateSource.MANUAL, given.day)


def _by_the_euro(base: str, quote: str, table: RateTable) -> Rate | None:
    euro = table.euro
    if euro is None:
        return None
    from_euro = ONE if base == EURO else euro.rates.get(base)
    to_euro = ONE if quote == EURO else euro.rates.get(quote)
    if from_euro is None or to_euro is None:
        return None
    value = _RATE.divide(to_euro, from_euro)
    return Rate(base, quote, value, RateSource.EUROPEAN_CENTRAL_BANK, euro.day)


def _refusal(rate: Rate, day: date, limit: int | None, now: datetime) -> NoRate | None:
    age = (now.astimezone(UTC).date() - day).days
    # A day ahead is the clock of a person in Auckland, more is no day that has been.
    if age < -1:
        return NoRate(
            RateProblem.FUTURE,
            sentence(
                "The exchange rate from %(base)s to %(quote)s is dated %(day)s, "
                "which is still to come.",
                base=rate.base,
                quote=rate.quote,
                day=day.isoformat(),
            ),
        )
    if limit is None or age <= limit:
        return None
    return NoRate(
        RateProblem.STALE,
        counted(
            "The exchange rate from %(base)s to %(quote)s is of %(day)s; "
            "no price goes by a rate older than %(count)d day.",
            "The exchange rate from %(base)s to %(quote)s is of %(day)s; "
            "no price goes by a rate older than %(count)d days.",
            limit,
            base=rate.base,
            quote=rate.quote,
            day=day.isoformat(),
        ),
    )
