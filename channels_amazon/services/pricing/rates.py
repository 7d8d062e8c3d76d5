"""Keeps the bank's exchange rates, and hands out all that a store goes by; services."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from django.db import transaction

from channels_amazon.models import EuroRate, ManualRate, Store
from channels_amazon.rules.pricing import rates
from channels_amazon.rules.pricing.euro_rates_file import (
    EuroRatesFileError,
    read_euro_rates,
)
from channels_amazon.rules.pricing.rates import EuroRates, RateTable
from channels_amazon.rules.privacy.retention import RATES_KEPT
from channels_amazon.services.diagnostics.entries import Entry, Level, record_once
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

UNREADABLE = "price.rates_unreadable"
# How long nobody is told again of what is still so.
TOLD_EVERY = timedelta(days=1)
# A file of tomorrow may be that of a clock in Auckland; one of next week is none, and
# would keep every file of the days until then out.
_AHEAD = timedelta(days=1)


class Taken(StrEnum):
    """What a file of the bank changed."""

    NEW = "new"
    # It is of the day that we have, or of one before.
    KNOWN = "known"


def rate_table(store: Store) -> RateTable:
    """Return the rates that the store's prices go by: two queries."""
    return RateTable(newest_euro_rates(), manual_rates(store))


def newest_euro_rates() -> EuroRates | None:
    """Return the bank's rates of the newest day, None where there are none."""
    newest = EuroRate.objects.order_by("-day").values("day")[:1]
    rows = list(
        EuroRate.objects.filter(day=newest).values_list("day", "currency", "value")
    )
    if not rows:
        return None
    return EuroRates(rows[0][0], {currency: value for _day, currency, value in rows})


def newest_day() -> date | None:
    """Return the day of the bank's newest rates."""
    row = EuroRate.objects.order_by("-day").values_list("day", flat=True).first()
    return row


def manual_rates(store: Store) -> Mapping[tuple[str, str], rates.ManualRate]:
    """Return what people of the store entered, by (from, to)."""
    rows = ManualRate.objects.filter(store=store).in_force()
    return {(row.base, row.quote): rates.ManualRate(row.day, row.value) for row in rows}


def take_file(content: bytes, now: datetime) -> Taken:
    """Keep the rates of the bank's file, all of them or none.

    What is too old to be kept goes with it. Raises EuroRatesFileError, with an entry in
    the log, for what is not the bank's file in full; nothing is changed then.
    """
    try:
        read = _read(content, now)
    except EuroRatesFileError as error:
        record_once(
            Entry(
                code=UNREADABLE,
                level=Level.WARNING,
                message=error.reason,
                fix=sentence(
                    "Look at what is at the address in ECB_RATES_URL, and whether a "
                    "proxy answers in its place. Rates may be entered by hand "
                    "meanwhile."
                ),
            ),
            TOLD_EVERY,
        )
        raise
    with transaction.atomic():
        return _keep(read, now)


def _keep(read: EuroRates, now: datetime) -> Taken:
    known = newest_day()
    if known is not None and read.day <= known:
        return Taken.KNOWN
    EuroRate.objects.bulk_create(
        [
            EuroRate(day=read.day, currency=currency, value=value)
            for currency, value in read.rates.items()
        ]
    )
    EuroRate.objects.filter(day__lt=read.day - RATES_KEPT).delete()
    ManualRate.objects.filter(ended_at__lt=now - RATES_KEPT).delete()
    logger.info("exchange rates stored day=%s currencies=%d", read.day, len(read.rates))
    return Taken.NEW


def _read(content: bytes, now: datetime) -> EuroRates:
    read = read_euro_rates(content)
    if read.day > now.astimezone(UTC).date() + _AHEAD:
        raise EuroRatesFileError(
            sentence(
                "The file of rates is of %(day)s, which is still to come.",
                day=read.day.isoformat(),
            )
        )
    return read
