"""Which rates a store needs: those of its marketplaces that are synchronised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Store
from channels_amazon.rules.pricing.rates import NoRate, RateProblem
from channels_amazon.services.pricing.standing import RateStanding, standing_of_rates
from tests.builders import make_account, make_store
from tests.services.pricing.scene import make_euro_rates, make_manual_rate, sell_in

pytestmark = pytest.mark.django_db


def standing_of(store: Store) -> RateStanding:
    """Return how the store's rates stand now."""
    return standing_of_rates(store, timezone.now())


def test_store_that_sells_in_its_own_currency_needs_none() -> None:
    account = make_account(make_store(currency="USD"))
    assert standing_of(account.store).needed == ()


def test_each_other_currency_is_needed_once() -> None:
    account = make_account(make_store(currency="USD"))
    sell_in(account, "GBP", "SEK")
    sell_in(make_account(account.store, region="eu"), "PLN")
    make_euro_rates()
    standing = standing_of(account.store)

    assert [one.currency for one in standing.needed] == ["EUR", "GBP", "PLN", "SEK"]
    assert standing.missing == ()


def test_sites_that_are_not_synchronised_need_none() -> None:
    account = make_account(make_store(currency="USD"))
    sell_in(account, "GBP", "SEK", "PLN")
    account.participations.filter(currency="GBP").update(is_selected=False)
    account.participations.filter(currency="SEK").update(is_participating=False)
    assert [one.currency for one in standing_of(account.store).needed] == ["PLN"]

    AmazonAccount.objects.update(state=AmazonAccount.State.DISCONNECTED)
    assert standing_of(account.store).needed == ()


def test_another_stores_accounts_and_rates_do_not_count() -> None:
    account = make_account(make_store(currency="USD"))
    sell_in(account, "AED")
    other = make_account(make_store(currency="USD"))
    sell_in(other, "EGP")
    make_manual_rate(other.store)
    make_euro_rates()
    standing = standing_of(account.store)

    assert [one.currency for one in standing.missing] == ["AED"]


def test_old_and_unknown_rates_are_missing_with_their_reason() -> None:
    account = make_account(make_store(currency="USD"))
    sell_in(account, "GBP", "AED")
    make_euro_rates(days_ago=7)
    problems = {
        one.currency: one.rate.problem
        for one in standing_of(account.store).missing
        if isinstance(one.rate, NoRate)
    }
    assert problems == {"AED": RateProblem.UNKNOWN, "GBP": RateProblem.STALE}


def test_age_counts_whole_days_by_utc() -> None:
    standing = standing_of(make_store())
    today = timezone.now().date()
    assert standing.days_since(today) == 0
    assert standing.days_since(today - timedelta(days=3)) == 3
    assert standing.days_since(today + timedelta(days=1)) == 0


def test_standing_costs_three_queries(django_assert_num_queries: Any) -> None:
    account = make_account(make_store(currency="USD"))
    sell_in(account, "GBP", "SEK", "PLN", "AED")
    make_euro_rates()
    with django_assert_num_queries(3):
        standing_of(account.store)
