"""The history as CSV: each day's rates, what people entered, no formula."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.rules.pricing.rates import Rate
from channels_amazon.services.pricing.history import history_csv
from channels_amazon.services.pricing.manual import plain
from channels_amazon.services.pricing.standing import standing_of_rates
from tests.builders import make_account, make_store
from tests.services.pricing.scene import make_euro_rates, make_manual_rate, sell_in

pytestmark = pytest.mark.django_db


def test_each_day_has_a_row_for_each_currency_newest_first() -> None:
    store = make_store(currency="USD")
    make_euro_rates(days_ago=1)
    make_euro_rates(USD="2", GBP="1")

    rows = list(csv.DictReader(io.StringIO(history_csv(store, ["EUR", "GBP"])[1:])))

    today = timezone.now().date()
    yesterday = today - timedelta(days=1)
    assert [(row["day"], row["to"]) for row in rows] == [
        (day.isoformat(), currency)
        for day in (today, yesterday)
        for currency in ("EUR", "GBP")
    ]
    assert [row["rate"] for row in rows[:2]] == ["0.5", "0.5"]
    assert {row["source"] for row in rows} == {"ecb"}


def test_figures_are_those_that_prices_go_by() -> None:
    account = make_account(make_store(currency="USD"))
    sell_in(account, "JPY")
    make_euro_rates()
    (needed,) = standing_of_rates(account.store, timezone.now()).needed
    (row,) = csv.DictReader(io.StringIO(history_csv(account.store, ["JPY"])[1:]))
    assert isinstance(needed.rate, Rate)
    assert row["rate"] == plain(needed.rate.value)


def test_rates_by_hand_tell_who_and_why_and_are_no_formula() -> None:
    store = make_store(currency="USD")
    make_manual_rate(store, reason="=1+1", ended_at=timezone.now(), ended_by="bob")
    make_manual_rate(make_store(currency="USD"))

    (row,) = csv.DictReader(io.StringIO(history_csv(store, [])[1:]))

    assert (row["source"], row["rate"]) == ("manual", "3.6725")
    assert (row["entered_by"], row["ended_by"]) == ("someone", "bob")
    assert row["reason"] == "'=1+1"
    assert row["ended_at"]
