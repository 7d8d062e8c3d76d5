"""Are there exchange rates for the account's marketplaces, fresh ones? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import MarketplaceParticipation
from channels_amazon.rules.pricing.rates import NoRate, RateProblem
from channels_amazon.services.pricing.fetching import state_of_fetch
from channels_amazon.services.pricing.standing import (
    NeededRate,
    RateStanding,
    standing_of_rates,
)
from channels_amazon.wording import Sentence, sentence

PAGE = "amazon-exchange-rates"


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    rows = MarketplaceParticipation.objects.filter(
        account=of.account, is_participating=True, is_selected=True
    )
    return [rows.exclude(currency=F("account__store__currency"))]


@check(
    "exchange_rates",
    group="stock",
    order=6,
    title=gettext_lazy("Exchange rates"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for a usable rate to each currency in which the account sells."""
    rows = context.account.participations.filter(
        is_participating=True, is_selected=True
    )
    sold_in = set(rows.values_list("currency", flat=True))
    standing = standing_of_rates(context.account.store, context.now)
    needed = [one for one in standing.needed if one.currency in sold_in]
    if not needed:
        text = sentence(
            "The account sells in the store's currency, %(currency)s, alone: no "
            "exchange rate is needed.",
            currency=standing.currency,
        )
        return [well(text)]
    missing = [one for one in needed if not one.is_known]
    if not missing:
        return [
            well(
                sentence("There is a usable exchange rate for each currency."),
                currencies=[one.currency for one in needed],
                rates_of=_day(standing),
            )
        ]
    unlisted = [one for one in missing if _is_unlisted(one, standing)]
    stale = [one for one in missing if one not in unlisted]
    found = [_stale(standing, stale)] if stale else []
    return [*found, *([_unlisted(standing, unlisted)] if unlisted else [])]


def _is_unlisted(one: NeededRate, standing: RateStanding) -> bool:
    """Tell whether the bank has rates, and none for this currency."""
    rate = one.rate
    is_unknown = isinstance(rate, NoRate) and rate.problem is RateProblem.UNKNOWN
    return is_unknown and standing.bank_day is not None


def _stale(standing: RateStanding, missing: Sequence[NeededRate]) -> Finding:
    fetch = state_of_fetch()
    seen: dict[str, object] = {
        "currencies": [one.currency for one in missing],
        "rates_of": _day(standing),
        "last_run_at": fetch.attempted_at,
        "last_ok_at": fetch.succeeded_at,
        "error": fetch.error,
    }
    return Finding(
        code="price.rates_stale",
        level=Level.WARNING,
        cause=_cause(standing, missing),
        fix=sentence(
            "Open “Exchange rates” and look for newer ones; the page says why none "
            "came. Until then rates may be entered there by hand."
        ),
        fix_action=PAGE,
        evidence={name: value for name, value in seen.items() if value},
    )


def _cause(standing: RateStanding, missing: Sequence[NeededRate]) -> Sentence:
    currencies = ", ".join(one.currency for one in missing)
    if standing.bank_day is None:
        return sentence(
            "No exchange rates of the European Central Bank were ever fetched: no "
            "price in %(currencies)s can be computed.",
            currencies=currencies,
        )
    return sentence(
        "The exchange rates are of %(day)s and too old: no price in %(currencies)s "
        "can be computed.",
        day=_day(standing),
        currencies=currencies,
    )


def _unlisted(standing: RateStanding, missing: Sequence[NeededRate]) -> Finding:
    currencies = [one.currency for one in missing]
    return Finding(
        code="price.rate_missing",
        level=Level.WARNING,
        cause=sentence(
            "There is no exchange rate from %(base)s to %(currencies)s: the European "
            "Central Bank lists none.",
            base=standing.currency,
            currencies=", ".join(currencies),
        ),
        fix=sentence("Open “Exchange rates” and enter the rate by hand."),
        fix_action=PAGE,
        evidence={"currencies": currencies, "rates_of": _day(standing)},
    )


def _day(standing: RateStanding) -> str:
    return standing.bank_day.isoformat() if standing.bank_day else ""
