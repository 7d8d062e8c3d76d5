"""The facts of all accounts are read by the same few queries, and no row too many."""

from __future__ import annotations

from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Store
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.health.attention import Need
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.attention import counted_rows, read_attention
from channels_amazon.services.jobs import heartbeats
from tests.builders import make_account, make_order, make_store
from tests.views.needs import OWN, SHARED

pytestmark = pytest.mark.django_db

# The counts of the accounts and of their stores, and the signs of life.
ALWAYS = 3
# Each of these reads its rows where there are any: stopped jobs, what cannot be read,
# permissions that are missing, reports, an address that takes no message.
WHERE_THERE_IS_ANY = 5


def needy(store: Store, region: str = "na") -> AmazonAccount:
    """Make an account that needs everything."""
    account = make_account(store, region=region)
    for make in OWN.values():
        make(account, Random(1))  # noqa: S311
    return account


def queries(accounts: list[AmazonAccount]) -> int:
    """Return by how many queries the facts of the accounts are read."""
    with CaptureQueriesContext(connection) as captured:
        read_attention(accounts, timezone.now())
    return len(captured)


def test_number_of_queries_is_that_of_one_account() -> None:
    accounts = [needy(make_store()) for _ in range(3)]
    for account in accounts:
        for make in SHARED.values():
            make(account, Random(1))  # noqa: S311
    needed = ALWAYS + WHERE_THERE_IS_ANY
    assert queries(accounts) == queries(accounts[:1]) == needed


def test_accounts_that_need_nothing_cost_three_queries() -> None:
    accounts = [make_account(make_store()) for _ in range(3)]
    assert queries(accounts) == queries(accounts[:1]) == ALWAYS
    heartbeats.beat(Process.QUEUE)
    assert queries(accounts) == ALWAYS


def test_accounts_that_ended_cost_no_query() -> None:
    assert queries([make_account(state="disconnected")]) == 0
    assert queries([]) == 0


def test_each_account_is_counted_up_to_the_cap() -> None:
    full, other = make_account(), make_account()
    order = make_order(full, has_unmatched=True)
    type(order).objects.bulk_create(
        [
            type(order)(
                account=full,
                amazon_order_id=f"903-{n:07d}-0000000",
                status="shipped",
                has_unmatched=True,
            )
            for n in range(COUNT_CAP + 5)
        ]
    )
    make_order(other, has_unmatched=True)

    rows = read_attention([full, other], timezone.now())

    assert rows.attention_of(full).count(Need.UNMATCHED) == COUNT_CAP
    assert rows.attention_of(other).count(Need.UNMATCHED) == 1


def test_check_counts_as_the_pages_do() -> None:
    account = needy(make_store())
    make_order(make_account(account.store), has_unmatched=True)
    now = timezone.now()
    needed = read_attention([account], now).attention_of(account)
    counts = counted_rows(account, now)
    assert {need: needed.count(need) for need in counts} == counts


def test_account_that_ended_has_no_work() -> None:
    account = make_account(state="disconnected")
    make_order(account, has_unmatched=True)
    assert counted_rows(account, timezone.now()) == {}
