"""The bank's file is kept whole or not at all, and prices go by what is kept."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from channels_amazon.emulator.rates.file import BASE, daily_file
from channels_amazon.models import DiagnosticEntry, EuroRate, ManualRate
from channels_amazon.rules.pricing.euro_rates_file import EuroRatesFileError
from channels_amazon.rules.pricing.rates import NoRate, Rate, RateSource, rate_between
from channels_amazon.rules.privacy.retention import RATES_KEPT
from channels_amazon.services.pricing.rates import (
    UNREADABLE,
    Taken,
    newest_day,
    rate_table,
    take_file,
)
from tests.builders import make_store
from tests.services.pricing.scene import at, make_euro_rates, make_manual_rate

pytestmark = pytest.mark.django_db

NOW = at("2026-11-27 15:30")
TODAY = NOW.date()


def take(day: date, seed: int = 1) -> Taken:
    """Take the file of a day."""
    return take_file(daily_file(day, seed).encode(), NOW)


def test_file_becomes_the_rates_of_its_day() -> None:
    assert take(TODAY) is Taken.NEW

    table = rate_table(make_store(currency="EUR"))
    assert table.euro is not None
    assert table.euro.day == TODAY
    assert set(table.euro.rates) == set(BASE)


@pytest.mark.parametrize("days", [0, 1, 30])
def test_file_that_is_no_newer_changes_nothing(days: int) -> None:
    take(TODAY)
    before = list(EuroRate.objects.values_list("day", "currency", "value"))

    assert take(TODAY - timedelta(days=days), seed=2) is Taken.KNOWN
    assert list(EuroRate.objects.values_list("day", "currency", "value")) == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html></html>", "not the European Central Bank's"),
        (b"not XML", "not XML"),
        (daily_file(TODAY, 1).replace("USD", "US").encode(), "currency belongs"),
        (daily_file(TODAY + timedelta(days=2), 1).encode(), "still to come"),
    ],
)
def test_wrong_file_is_refused_and_told_of_once(content: bytes, words: str) -> None:
    take(TODAY - timedelta(days=1))
    for _time in range(2):
        with pytest.raises(EuroRatesFileError):
            take_file(content, NOW)

    assert newest_day() == TODAY - timedelta(days=1)
    entry = DiagnosticEntry.objects.get()
    assert entry.code == UNREADABLE
    assert words in entry.message
    assert "ECB_RATES_URL" in entry.fix


def test_rates_are_stored_all_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    take(TODAY - timedelta(days=1))

    def fail(*_given: Any, **_named: Any) -> None:
        raise DatabaseError

    # What comes after the rows of the day, in the same transaction.
    monkeypatch.setattr(EuroRate.objects, "filter", fail)
    with pytest.raises(DatabaseError):
        take(TODAY)
    monkeypatch.undo()

    assert newest_day() == TODAY - timedelta(days=1)


def test_days_beyond_ninety_go_with_the_next_file() -> None:
    for days in (RATES_KEPT.days + 1, RATES_KEPT.days):
        day = TODAY - timedelta(days=days)
        EuroRate.objects.create(day=day, currency="USD", value=1)
    store = make_store()
    old = make_manual_rate(store, ended_at=NOW - RATES_KEPT - timedelta(days=1))
    ended = make_manual_rate(store, ended_at=NOW - timedelta(days=1))
    held = make_manual_rate(store)
    take(TODAY)

    days_left = set(EuroRate.objects.values_list("day", flat=True))
    assert days_left == {TODAY, TODAY - RATES_KEPT}
    left = set(ManualRate.objects.values_list("pk", flat=True))
    assert left == {ended.pk, held.pk}
    assert old.pk not in left


def test_table_holds_what_the_store_entered_and_no_other() -> None:
    store = make_store(currency="USD")
    make_euro_rates()
    make_manual_rate(store)
    make_manual_rate(store, quote="GBP", ended_at=timezone.now())
    make_manual_rate(make_store(currency="USD"), quote="JPY")

    table, now = rate_table(store), timezone.now()

    dirhams = rate_between("USD", "AED", table, now)
    assert isinstance(dirhams, Rate)
    assert (dirhams.value, dirhams.source) == (Decimal("3.6725"), RateSource.MANUAL)
    for currency in ("GBP", "JPY"):
        rate = rate_between("USD", currency, table, now)
        assert isinstance(rate, Rate)
        assert rate.source is RateSource.EUROPEAN_CENTRAL_BANK


def test_table_costs_two_queries(django_assert_num_queries: Any) -> None:
    store = make_store()
    for days_ago in range(5):
        make_euro_rates(days_ago=days_ago)
    with django_assert_num_queries(2):
        rate_table(store)


def test_old_rates_are_none_to_go_by() -> None:
    make_euro_rates(days_ago=7)
    rate = rate_between("USD", "GBP", rate_table(make_store()), timezone.now())
    assert isinstance(rate, NoRate)
