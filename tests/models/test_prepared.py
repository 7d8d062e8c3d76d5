"""A statement made once answers each time as a queryset made anew would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.models.prepared import GivenKeys, Prepared, given_key, given_time
from tests.builders import make_account, make_order, make_store

pytestmark = pytest.mark.django_db


def test_statement_takes_any_number_of_keys() -> None:
    accounts = [make_account(make_store()) for _ in range(3)]
    rows = AmazonAccount.objects.filter(pk__in=GivenKeys("keys")).order_by("pk")
    statement = Prepared.of(rows.values_list("pk"))
    for asked in (accounts, accounts[1:2], []):
        keys = [account.pk for account in asked]
        assert statement.rows(keys=set(keys)) == [(key,) for key in keys]


def test_statement_takes_another_time_at_each_run() -> None:
    account, now = make_account(), timezone.now()
    hour = timedelta(hours=1)
    order = make_order(account, ship_by=now + 5 * hour)
    asked = Order.objects.filter(account=given_key("account")).order_by()
    due = Prepared.of(asked.due_soon(given_time("now")).values_list("pk"))
    late = Prepared.of(asked.late(given_time("now")).values_list("pk"))

    assert due.rows(account=account.pk, now=now) == [(order.pk,)]
    assert late.rows(account=account.pk, now=now) == []
    assert due.rows(account=account.pk, now=now + 6 * hour) == []
    assert late.rows(account=account.pk, now=now + 6 * hour) == [(order.pk,)]
    assert late.rows(account=account.pk + 1, now=now + 6 * hour) == []


def test_time_may_be_moved_within_the_statement() -> None:
    order, now = make_order(make_account(), ship_by=timezone.now()), timezone.now()
    minute = timedelta(minutes=1)
    asked = Order.objects.filter(ship_by__lt=given_time("now") - 5 * minute)
    statement = Prepared.of(asked.order_by().values_list("pk"))
    assert statement.rows(now=now + 4 * minute) == []
    assert statement.rows(now=now + 6 * minute) == [(order.pk,)]
