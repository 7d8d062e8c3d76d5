"""What the Last Sync Log says of a run, its next one and the last health check."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels_amazon.health.report_form import last_findings
from channels_amazon.models import (
    AmazonAccount,
    HealthFinding,
    HealthReport,
    SyncRun,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.health.sync_log import read_sync_log
from channels_amazon.services.health.sync_log_runs import last_sync
from channels_amazon.services.health.sync_log_story import Story, tell
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import heartbeats
from channels_amazon.wording import sentence
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account with a run that ended."""
    account = builders.make_account()
    builders.make_run(account, state="done", finished_at=timezone.now(), calls=2)
    return account


def story_of(account: AmazonAccount) -> Story:
    """Return what is told of the account's last run."""
    run = last_sync(account)
    assert run is not None
    log = read_sync_log(account, run, last_findings(account), with_settings=False)
    return tell(log)


@pytest.mark.parametrize("state", SyncRun.State.values)
def test_story_tells_how_the_run_is(account: AmazonAccount, state: str) -> None:
    SyncRun.objects.update(
        state=state,
        finished_at=None if state == "running" else timezone.now(),
        message=sentence("Order %(order)s is kept.", order="902-1"),
        code="orders.kept",
    )
    story = story_of(account)

    told = " ".join([story.first_line, *story.told])

    assert str(account) in told
    assert "Order 902-1 is kept. (orders.kept)" in told
    assert ("ended at" in told) == (state != "running")


def _found(report: HealthReport, position: int, code: str, because: str = "") -> None:
    HealthFinding.objects.create(
        report=report,
        position=position,
        check_id="token",
        code=code,
        level="error",
        cause=f"{code} is wrong.",
        consequence_of=because,
    )


def test_findings_are_counted_as_the_health_report_counts_them(
    account: AmazonAccount,
) -> None:
    report = HealthReport.objects.create(account=account, state="done", status="error")
    _found(report, 1, "token.revoked")
    _found(report, 2, "orders.ship_late", "token.revoked")
    _found(report, 3, "stock.below_zero")

    story = story_of(account)

    assert "The last health check found 2 faults." in story.told
    assert story.problems == (
        "token.revoked is wrong. (token.revoked)",
        "It follows from token.revoked: orders.ship_late is wrong. (orders.ship_late)",
        "stock.below_zero is wrong. (stock.below_zero)",
    )


@pytest.mark.parametrize(
    ("state", "beats", "says"),
    [
        ("connected", True, "The next run is due at"),
        ("connected", False, "No run follows before a worker runs: none does."),
        (
            "needs_authorization",
            True,
            "No run follows before the account is authorised again.",
        ),
        ("disconnected", True, "No run follows: the account is disconnected."),
    ],
)
def test_next_run_is_told_only_where_one_follows(
    account: AmazonAccount, state: str, beats: bool, says: str
) -> None:
    SyncRun.objects.update(state="failed", next_due_at=timezone.now())
    AmazonAccount.objects.update(state=state)
    account.refresh_from_db()
    if beats:
        heartbeats.beat(Process.QUEUE)

    story = story_of(account)

    told = " ".join(story.told)
    goes_on = says.startswith("The next run")
    assert says in told
    assert ("The next run is due at" in told) == goes_on
    assert ("tried again by itself" in story.first_line) == goes_on


def test_paused_installation_has_no_next_run(account: AmazonAccount) -> None:
    heartbeats.beat(Process.QUEUE)
    SyncRun.objects.update(next_due_at=timezone.now())
    guard.keep(guard.GuardState(Standing.COPY))

    told = story_of(account).told

    assert "No run follows while this installation is paused." in told
    assert not any(line.startswith("The next run is due") for line in told)


def test_run_that_was_followed_by_another_says_so(account: AmazonAccount) -> None:
    heartbeats.beat(Process.QUEUE)
    SyncRun.objects.update(state="failed", next_due_at=timezone.now())
    account.jobs.update(last_started_at=timezone.now())

    story = story_of(account)

    told = " ".join(story.told)
    assert "The job ran again since, last at" in told
    assert "The next run is due" not in told
    assert story.first_line.endswith(" failed.")
