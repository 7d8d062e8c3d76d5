"""Rates between two currencies."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.pricing.rates import (
    EURO,
    ManualRate,
    NoRate,
    Rate,
    RateProblem,
    RateSource,
    RateTable,
    is_rate,
    rate_between,
)
from tests.rules.pricing.scene import CURRENCIES, DAY, EURO_RATES, NOW, RATES

TODAY = NOW.date()
BY_HAND = {("CNY", "EUR"): ManualRate(DAY, Decimal("0.125"))}


def found(base: str, quote: str, table: RateTable = RATES) -> Rate:
    """Return the rate that there must be."""
    rate = rate_between(base, quote, table, NOW)
    assert isinstance(rate, Rate)
    return rate


def refused(base: str, quote: str, table: RateTable) -> NoRate:
    """Return why there is no rate, which there must not be."""
    rate = rate_between(base, quote, table, NOW)
    assert isinstance(rate, NoRate)
    return rate


def test_rate_from_and_to_the_euro_is_the_published_one() -> None:
    assert found("EUR", "JPY").value == Decimal("171.94")
    assert found("EUR", "JPY").source is RateSource.EUROPEAN_CENTRAL_BANK
    assert found("EUR", "JPY").day == DAY


def test_rate_between_two_others_goes_by_the_euro() -> None:
    assert found("CNY", "JPY").value == Decimal("22.115038329")
    assert found("CNY", "EUR").value == Decimal("0.128620671914")


def test_one_currency_needs_no_rate() -> None:
    rate = found("USD", "USD", RateTable())

    assert rate.value == 1
    assert rate.day is None


def test_rate_of_a_person_goes_before_and_holds_both_ways() -> None:
    table = RateTable(EURO_RATES, BY_HAND)

    assert found("CNY", "EUR", table).value == Decimal("0.125")
    assert found("CNY", "EUR", table).source is RateSource.MANUAL
    assert found("EUR", "CNY", table).value == 8
    assert found("USD", "EUR", table).source is RateSource.EUROPEAN_CENTRAL_BANK


@pytest.mark.parametrize("pair", [("EUR", "AED"), ("AED", "EUR"), ("AED", "SAR")])
def test_currency_that_nobody_knows_has_no_rate(pair: tuple[str, str]) -> None:
    rate = refused(*pair, RATES)

    assert rate.problem is RateProblem.UNKNOWN
    assert f"from {pair[0]} to {pair[1]}" in rate.reason


@pytest.mark.parametrize(("age", "is_used"), [(0, True), (6, True), (7, False)])
def test_rate_beyond_its_age_is_none(age: int, is_used: bool) -> None:
    euro = EURO_RATES.__class__(TODAY - timedelta(days=age), EURO_RATES.rates)
    rate = rate_between("EUR", "USD", RateTable(euro), NOW)

    assert isinstance(rate, Rate) is is_used
    if isinstance(rate, NoRate):
        assert rate.problem is RateProblem.STALE
        assert "is of 2026-11-23; no price goes by a rate older than 6 days" in (
            rate.reason
        )


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("0.1286", True), ("26000", True), ("0", False), ("-1", False), ("NaN", False)],
)
def test_rate_that_a_person_enters_is_above_zero(value: str, is_one: bool) -> None:
    assert is_rate(Decimal(value)) is is_one


def test_rates_of_a_person_have_an_age_of_their_own() -> None:
    old = {("CNY", "EUR"): ManualRate(date(2026, 1, 1), Decimal("0.1"))}

    assert found("CNY", "EUR", RateTable(manual=old)).day == date(2026, 1, 1)
    stale = refused("EUR", "CNY", RateTable(manual=old, most_manual_age=30))
    assert stale.problem is RateProblem.STALE


def test_rate_of_a_day_to_come_is_none() -> None:
    euro = EURO_RATES.__class__(TODAY + timedelta(days=2), EURO_RATES.rates)

    assert refused("EUR", "USD", RateTable(euro)).problem is RateProblem.FUTURE


@given(st.sampled_from(CURRENCIES), st.sampled_from(CURRENCIES))
def test_there_and_back_is_where_it_began(base: str, quote: str) -> None:
    there, back = found(base, quote), found(quote, base)

    assert abs(there.value * back.value - 1) < Decimal("1e-11")
    assert type(there.value) is Decimal


@given(st.sampled_from(CURRENCIES), st.sampled_from(CURRENCIES))
def test_rate_between_two_is_that_by_the_euro(base: str, quote: str) -> None:
    by_the_euro = found(base, EURO).value * found(EURO, quote).value

    assert abs(found(base, quote).value / by_the_euro - 1) < Decimal("1e-10")
