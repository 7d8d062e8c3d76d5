"""That orders can be searched is proven by the last search, and by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, ApiCall, HealthReport
from channels_amazon.spapi.operations import SEARCH_ORDERS
from tests.builders import make_account
from tests.health.faults import codes, make_healthy, report_of
from tests.views.scene import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that is well, and searched for no order yet."""
    account = make_healthy(emulator)
    ApiCall.objects.all().delete()
    return account


def searched(account: AmazonAccount, minutes_ago: int, status: int) -> None:
    """Let Amazon have answered a search of orders so long ago."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    operation = SEARCH_ORDERS.name
    make_call(account, operation=operation, status=status, started_at=at)


def looked(account: AmazonAccount) -> tuple[str, str]:
    """Return what became of the check, and what it says."""
    report = report_of(account)
    assert (codes(report), report["status"]) == ([], HealthReport.Status.OK)
    (state,) = [o["state"] for o in report["checks"] if o["check"] == "order_search"]
    (said,) = [one["cause"] for one in report["well"] if one["check"] == "order_search"]
    return state, said


def test_search_whose_last_answer_was_a_refusal_is_not_proven(
    account: AmazonAccount,
) -> None:
    searched(account, 9, 200)
    searched(account, 3, 403)

    state, said = looked(account)

    assert state == "not_proven"
    assert "brought nothing" in said


def test_search_that_never_was_is_not_proven(account: AmazonAccount) -> None:
    make_call(account, operation="getOrder", status=200)
    searched(make_account(account.store), 1, 200)

    assert looked(account)[0] == "not_proven"


def test_search_that_works_again_is_well(account: AmazonAccount) -> None:
    searched(account, 9, 403)
    searched(account, 3, 200)

    state, said = looked(account)

    assert (state, said) == ("ok", "Amazon does not refuse the search of orders.")
