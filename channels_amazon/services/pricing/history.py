"""Writes the rates of the days that are kept as CSV; services layer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Q

from channels_amazon.models import EuroRate, ManualRate, Store
from channels_amazon.rules.pricing.rates import (
    EURO,
    EuroRates,
    Rate,
    RateSource,
    RateTable,
    rate_between,
)
from channels_amazon.services.diagnostics.export import BYTE_ORDER_MARK, csv_cell
from channels_amazon.services.pricing.manual import plain

COLUMNS = (
    "day",
    "from",
    "to",
    "rate",
    "source",
    "entered_at",
    "entered_by",
    "reason",
    "ended_at",
    "ended_by",
)


def history_csv(store: Store, currencies: Sequence[str]) -> str:
    """Return the rates from the store's currency to others, day by day, newest first.

    Those that people entered come first, ended ones too. Times are UTC.
    """
    buffer = io.StringIO()
    lines = csv.writer(buffer)
    lines.writerow(COLUMNS)
    for row in [*_manual(store), *_of_the_bank(store, currencies)]:
        lines.writerow([csv_cell(value) for value in row])
    return BYTE_ORDER_MARK + buffer.getvalue()


def _manual(store: Store) -> Iterator[list[Any]]:
    rows = ManualRate.objects.filter(store=store)
    of_store = rows.filter(Q(base=store.currency) | Q(quote=store.currency))
    for row in of_store.order_by("-pk"):
        yield [
            *(row.day.isoformat(), row.base, row.quote, plain(row.value)),
            *(RateSource.MANUAL.value, row.created_at, row.actor, row.reason),
            *(row.ended_at, row.ended_by),
        ]


def _of_the_bank(store: Store, currencies: Sequence[str]) -> Iterator[list[Any]]:
    wanted = {store.currency, *currencies} - {EURO}
    rows = EuroRate.objects.filter(currency__in=wanted).order_by("-day")
    days: dict[date, dict[str, Decimal]] = {}
    for day, currency, value in rows.values_list("day", "currency", "value"):
        days.setdefault(day, {})[currency] = value
    for day, values in days.items():
        table = RateTable(EuroRates(day, values), most_age=None)
        noon = datetime.combine(day, time(12), UTC)
        for currency in currencies:
            # By the rule that prices go by, so that the figures are the same.
            rate = rate_between(store.currency, currency, table, noon)
            if isinstance(rate, Rate):
                yield [
                    *(day.isoformat(), rate.base, rate.quote, plain(rate.value)),
                    *(rate.source.value, None, None, None, None, None),
                ]
