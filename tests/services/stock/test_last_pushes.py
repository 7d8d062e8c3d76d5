"""The last run that sent quantities, of each account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncRun
from channels_amazon.services.stock.last_pushes import SHOWN, last_pushes
from tests import builders

pytestmark = pytest.mark.django_db


def pushed(
    account: AmazonAccount, minutes_ago: int, kind: str = "stock_push"
) -> SyncRun:
    """Make a run of the account that sent quantities."""
    job = account.jobs.filter(kind=kind).first()
    job = job or builders.make_job(account, kind=kind)
    at = timezone.now() - timedelta(minutes=minutes_ago)
    return builders.make_run(account, job=job, kind=kind, started_at=at, state="done")


def test_newest_of_each_account_the_newest_first() -> None:
    first, second, other = (builders.make_account() for _ in range(3))
    pushed(first, 30)
    newest = pushed(first, 20)
    newer = pushed(second, 10)
    pushed(second, 1, "order_sweep")
    pushed(other, 2)

    assert last_pushes([first.pk, second.pk]) == [newer, newest]
    assert last_pushes([]) == []


def test_some_of_many_accounts_are_named() -> None:
    accounts = [builders.make_account() for _ in range(SHOWN + 1)]
    runs = [pushed(one, 10 - place) for place, one in enumerate(accounts)]

    with CaptureQueriesContext(connection) as captured:
        found = last_pushes([one.pk for one in accounts])

    assert found == runs[:0:-1]
    assert len(captured) == 2
