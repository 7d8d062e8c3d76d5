"""Orders by the hour are counted once each, and what was not read is said so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount
from channels_amazon.rules.orders.hours import HOUR
from channels_amazon.services.orders.hourly import HOURS, HourlyOrders, hourly_orders
from tests import builders
from tests.services.installation.unread import lack_orders, lose, read_to

pytestmark = pytest.mark.django_db

US, CA, DE = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1PA6795UKMFR9"


@pytest.fixture
def now() -> datetime:
    """Give the middle of this hour, so that no test runs over its end."""
    return timezone.now().replace(minute=30, second=0, microsecond=0)


@pytest.fixture
def account(now: datetime) -> AmazonAccount:
    """Give an account whose orders were read just now."""
    account = builders.make_account()
    read_to(account, now - timedelta(minutes=2))
    return account


def found(now: datetime, *accounts: AmazonAccount, works: bool = True) -> HourlyOrders:
    told = {account.pk for account in accounts}
    return hourly_orders(accounts, now, works=works, told=told)


def test_time_since_the_sweep_is_unread_where_nobody_tells_of_it(
    account: AmazonAccount, now: datetime
) -> None:
    read_to(account, now - timedelta(minutes=40))

    result = hourly_orders([account], now, works=True, told=())

    assert result.sites[0].unread[-3:] == (False, True, True)
    assert result.waiting == {account.pk}
    assert found(now, account).waiting == frozenset()
    assert not any(found(now, account).sites[0].unread)


def test_hour_is_unread_where_a_former_seller_s_orders_were_not_read(
    account: AmazonAccount, now: datetime
) -> None:
    account.participations.update(is_participating=False)
    builders.make_order(account, ordered_at=now - 5 * HOUR)
    lack_orders(account)

    (site,) = found(now, account).sites

    assert (site.marketplace_id, site.total) == (US, 1)
    assert site.unread[-2:] == (False, True)


def test_each_order_counts_in_its_hour_and_marketplace(
    account: AmazonAccount, now: datetime
) -> None:
    for ago in (timedelta(0), timedelta(0), HOUR, 23 * HOUR):
        builders.make_order(account, ordered_at=now - ago)
    builders.make_order(account, ordered_at=now - 25 * HOUR)
    builders.make_order(account, ordered_at=now, marketplace_id=CA)
    builders.make_order(account, ordered_at=None)

    us, ca = found(now, account).sites

    assert (us.marketplace_id, us.total) == (US, 4)
    assert (us.counts[-1], us.counts[-2], us.counts[0]) == (2, 1, 1)
    assert (ca.marketplace_id, ca.total, ca.counts[-1]) == (CA, 1, 1)
    assert len(us.counts) == len(us.unread) == HOURS
    assert not any(us.unread)


def test_orders_of_other_accounts_are_not_counted(
    account: AmazonAccount, now: datetime
) -> None:
    builders.make_order(ordered_at=now)

    (site,) = found(now, account).sites
    assert (site.marketplace_id, site.total) == (US, 0)


def test_marketplace_without_orders_is_there(
    account: AmazonAccount, now: datetime
) -> None:
    builders.make_participation(account, marketplace_id=DE, country_code="DE")
    builders.make_participation(account, marketplace_id=CA, is_participating=False)

    assert {site.marketplace_id for site in found(now, account).sites} == {US, DE}


def test_hours_after_a_sweep_that_is_overdue_are_unread(
    account: AmazonAccount, now: datetime
) -> None:
    read_to(account, now - 3 * HOUR)

    result = found(now, account)

    assert result.unread == {account.pk: now - 3 * HOUR}
    assert result.sites[0].unread == (False,) * 20 + (True,) * 4


def test_hour_in_which_a_sweep_was_stopped_is_unread(
    account: AmazonAccount, now: datetime
) -> None:
    lack_orders(account)

    assert found(now, account).sites[0].unread[-2:] == (False, True)


@pytest.mark.parametrize("is_lost", [True, False])
def test_nothing_is_read_without_authorisation_or_worker(
    account: AmazonAccount, now: datetime, is_lost: bool
) -> None:
    if is_lost:
        lose(account)

    assert found(now, account, works=is_lost).sites[0].unread[-1]


def test_first_pull_leaves_the_whole_day_unread(now: datetime) -> None:
    account = builders.make_account()
    builders.make_order(account, ordered_at=now)

    (site,) = found(now, account).sites

    assert all(site.unread)
    assert site.total == 1


def test_hour_is_unread_where_one_of_its_sellers_was_not_read(
    account: AmazonAccount, now: datetime
) -> None:
    other = builders.make_account(account.store)
    read_to(other, now - 5 * HOUR)
    german = builders.make_account(account.store, region="eu")
    read_to(german, now)

    sites = {
        site.marketplace_id: site for site in found(now, account, other, german).sites
    }

    assert any(sites[US].unread)
    assert not any(sites[DE].unread)


def test_queries_do_not_grow_with_accounts_or_orders(
    account: AmazonAccount,
    now: datetime,
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    accounts = [account]
    for _place in range(3):
        accounts.append(builders.make_account(account.store, region="eu"))
        read_to(accounts[-1], now)
        for _order in range(3):
            builders.make_order(accounts[-1], ordered_at=now)

    with django_assert_num_queries(4):
        assert found(now, *accounts).total == 9


def test_without_accounts_there_are_no_sites(now: datetime) -> None:
    assert found(now).sites == ()
