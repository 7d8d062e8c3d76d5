"""No fault that rows tell of goes unseen because its check was not run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.health import automatic, signs
from channels_amazon.health.context import CheckContext
from channels_amazon.health.registry import Cost, all_checks, check
from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport, SyncJob
from channels_amazon.services.accounts.marketplaces import INDIVIDUAL
from tests.builders import make_account, make_job, make_order, make_store
from tests.health.claimed import CLAIMED
from tests.health.faults import hours_ago, make_healthy

pytestmark = pytest.mark.django_db

COST = {one.id: one.cost for one in all_checks()}
# Found by checks that are not run each hour.
DAILY = {"stock.ledger", "listing.issues", "oauth.draft_needs_beta"}


@pytest.fixture(autouse=True)
def _no_daily_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automatic, "is_daily", lambda account, now: False)


def light(account: AmazonAccount) -> set[str]:
    """Run what is run each hour; return the codes of the report that is newest then."""
    account = AmazonAccount.objects.get(pk=account.pk)
    automatic.run_light(account, timezone.now(), automatic.Trouble())
    report = HealthReport.objects.filter(account=account).latest("pk")
    bad = report.findings.exclude(level=HealthFinding.Level.OK)
    return set(bad.values_list("code", flat=True))


def shown(account: AmazonAccount) -> set[str]:
    """Return the checks that show a sign now."""
    declared = {one.id: one.signs for one in all_checks() if one.signs is not None}
    account = AmazonAccount.objects.get(pk=account.pk)
    return signs.shown(CheckContext(account, timezone.now()), declared)


def test_every_check_of_rows_declares_its_signs() -> None:
    without = [
        one.id for one in all_checks() if one.cost is Cost.ROWS and one.signs is None
    ]
    assert without == []


def test_account_that_is_well_shows_none(emulator: Emulator) -> None:
    assert shown(make_healthy(emulator)) == set()


@pytest.mark.parametrize(
    "name", [name for name, (_m, code, _l) in CLAIMED.items() if code not in DAILY]
)
def test_fault_that_comes_is_seen_by_the_hourly_run(
    emulator: Emulator, name: str
) -> None:
    account = make_healthy(emulator)
    assert light(account) == set()
    make, code, _level = CLAIMED[name]
    make(account)

    (check_id,) = shown(account)
    assert COST[check_id] is Cost.ROWS
    if code != "quota.starved":  # Amazon is asked about that one.
        assert light(account) == {code}


@pytest.mark.parametrize(
    ("over", "check_id"),
    [
        ({"selling_plan": INDIVIDUAL}, "plan"),
        ({"authorized_at": hours_ago(24 * 360)}, "authorization_age"),
        ({"behind_at": datetime(2026, 1, 1, tzinfo=UTC)}, "installation"),
    ],
)
def test_fault_of_the_account_itself_shows(
    emulator: Emulator, over: dict[str, Any], check_id: str
) -> None:
    account = make_healthy(emulator)
    SyncJob.objects.update_or_create(
        account=account,
        kind=SyncJob.Kind.ORDER_SWEEP,
        defaults={
            "cursor": {"low_water": "2025-12-31T00:00+00:00"},
            "due_at": timezone.now(),
        },
    )
    AmazonAccount.objects.filter(pk=account.pk).update(**over)
    assert check_id in shown(account)


def test_job_that_is_stopped_shows(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_job(account, kind="listings", blocked_code="x")
    sweep = {"refused_since": timezone.now().isoformat()}
    make_job(account, kind="order_sweep", cursor=sweep)
    assert shown(account) == {"jobs", "order_search"}


def test_order_without_its_event_and_dead_reader_show(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_order(
        account,
        changed_at=timezone.now() - timedelta(hours=1),
        completed_at=timezone.now() - timedelta(minutes=40),
        event_seen_at=None,
        ship_by=timezone.now() + timedelta(days=3),
    )
    assert shown(account) == {"events", "installation"}


def test_signs_of_others_are_no_signs(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_order(make_account(make_store()), has_unmatched=True, has_shortage=True)
    assert shown(account) == set()


def test_steady_trouble_runs_its_own_check_alone(
    emulator: Emulator, django_assert_max_num_queries: Any
) -> None:
    account = make_healthy(emulator)
    make_order(account, has_unmatched=True)
    assert light(account) == {"orders.unmatched_sku"}
    with django_assert_max_num_queries(14):
        assert light(account) == {"orders.unmatched_sku"}


@pytest.mark.parametrize("place", [("host", 1), ("queue", 7)])
def test_place_that_is_taken_is_refused(place: tuple[str, int]) -> None:
    group, order = place
    with pytest.raises(ValueError, match="has the place of"):
        check("another", group=group, order=order, title=all_checks()[0].title)(
            lambda context: []
        )
