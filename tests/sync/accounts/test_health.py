"""The check that nobody asked for: hourly at no call, at once when a job blocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon import tasks
from channels_amazon.emulator.server import Emulator
from channels_amazon.health import automatic
from channels_amazon.health.registry import Cost
from channels_amazon.models import AmazonAccount, ApiCall, HealthReport, SyncJob
from channels_amazon.services.health.reports import new_report
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import claims, registry
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.sync.runtime import runner
from tests.builders import make_job, make_order
from tests.health.faults import make_healthy, report_of
from tests.health.rows import make_offer

pytestmark = pytest.mark.django_db

HEALTH = SyncJob.Kind.HEALTH


@pytest.fixture
def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> AmazonAccount:
    """Give an account that is well, whose first pull is done.

    It is not the hour of the day in which more is looked at.
    """
    monkeypatch.setattr(automatic, "is_daily", lambda account, now: False)
    account = make_healthy(emulator)
    for one in registry.reconcilers():
        make_job(
            account,
            kind=one.kind,
            due_at=timezone.now() + timedelta(hours=1),
            first_done_at=timezone.now(),
        )
    return account


def run(account: AmazonAccount) -> SyncJob:
    """Run the job of the health check as if its pause were over; return the job."""
    SyncJob.objects.filter(account=account, kind=HEALTH).update(attempts=0)
    runner.run_kind(AmazonAccount.objects.get(pk=account.pk), HEALTH)
    return SyncJob.objects.get(account=account, kind=HEALTH)


def rested(account: AmazonAccount, **over: Any) -> None:
    """Let the pause since the last run be over."""
    job = SyncJob.objects.get(account=account, kind=HEALTH)
    SyncJob.objects.filter(pk=job.pk).update(
        cursor=job.cursor
        | {"ran_at": (timezone.now() - timedelta(minutes=11)).isoformat()}
        | over
    )


def reports() -> list[HealthReport]:
    """Return the automatic reports, the oldest first."""
    return list(HealthReport.objects.filter(is_automatic=True).order_by("pk"))


def test_well_account_costs_no_call_and_no_run(account: AmazonAccount) -> None:
    ApiCall.objects.all().delete()

    run(account)

    assert not ApiCall.objects.exists()
    assert not account.runs.exists()
    assert [report.status for report in reports()] == ["ok"]


def test_same_result_is_confirmed_not_kept_again(account: AmazonAccount) -> None:
    for _ in range(3):
        run(account)
        rested(account)

    (report,) = reports()
    assert report.confirmations == 2
    assert report.confirmed_at is not None


def test_next_run_is_about_an_hour_away(account: AmazonAccount) -> None:
    job = run(account)
    assert timedelta(0) < job.due_at - timezone.now() <= timedelta(minutes=75)


def test_quiet_account_is_looked_at_in_few_statements(
    account: AmazonAccount, django_assert_max_num_queries: Any
) -> None:
    run(account)
    rested(account)
    job = SyncJob.objects.get(account=account, kind=HEALTH)
    holder = claims.new_holder()
    claimed = claims.claim(job.pk, holder, 60)
    assert claimed is not None
    guard.state()
    # With that which gives the job back.
    with django_assert_max_num_queries(7):
        runner.run_claimed(claimed, holder)
    assert reports()[0].confirmations == 1


def test_queries_do_not_grow_with_what_is_there(
    account: AmazonAccount, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_order(account, has_unmatched=True, completed_at=None)
    run(account)
    rested(account)
    # That of every hour, without news: there are as many runs an hour as accounts.
    with django_assert_max_num_queries(32):
        run(account)


def test_new_finding_is_kept_and_gone_again_when_it_is(account: AmazonAccount) -> None:
    run(account)
    rested(account)
    order = make_order(account, has_unmatched=True, completed_at=None)
    run(account)
    rested(account)
    order.delete()
    run(account)

    assert [report.status for report in reports()] == ["ok", "warning", "ok"]


def test_run_that_did_not_ask_amazon_keeps_what_was_found_there(
    account: AmazonAccount, emulator: Emulator
) -> None:
    emulator.control("roles", remove=["Product Listing"])
    assert report_of(account)["status"] == "error"
    make_order(account, has_unmatched=True, completed_at=None)

    run(account)

    (report,) = reports()
    found = {row.code: row for row in report.findings.exclude(level="ok")}
    assert report.status == "error"
    assert set(found) == {"permission.catalog_items_missing", "orders.unmatched_sku"}
    assert found["permission.catalog_items_missing"].evidence["seen_at"]
    assert report.progress["permissions"]["state"] == "not_asked"


def test_finding_that_is_taken_over_says_when_amazon_was_asked(
    account: AmazonAccount, emulator: Emulator
) -> None:
    emulator.control("roles", remove=["Product Listing"])
    report_of(account)
    asked_at = (timezone.now() - timedelta(hours=9)).replace(microsecond=0)
    HealthReport.objects.update(finished_at=asked_at)
    run(account)
    rested(account)
    full = HealthReport.objects.get()
    # That run did not ask Amazon, so it found nothing again.
    assert (full.confirmations, full.confirmed_at) == (0, None)

    order = make_order(account, has_unmatched=True, completed_at=None)
    run(account)
    rested(account)
    order.delete()
    run(account)

    times = [
        report.findings.get(code="permission.catalog_items_missing").evidence["seen_at"]
        for report in reports()
    ]
    assert [datetime.fromisoformat(time) for time in times] == [asked_at, asked_at]


def test_run_that_asked_amazon_again_dates_what_is_taken_over(
    account: AmazonAccount, emulator: Emulator
) -> None:
    emulator.control("roles", remove=["Product Listing"])
    report_of(account)
    HealthReport.objects.update(finished_at=timezone.now() - timedelta(hours=9))
    began = timezone.now().replace(microsecond=0)
    tasks.run_health_check(new_report(account, "", is_automatic=True).pk)
    assert HealthReport.objects.get().confirmations == 1

    make_order(account, has_unmatched=True, completed_at=None)
    run(account)

    (report,) = reports()
    found = report.findings.get(code="permission.catalog_items_missing")
    assert datetime.fromisoformat(found.evidence["seen_at"]) >= began


def test_check_that_looked_alone_dates_its_own_finding(
    account: AmazonAccount, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.control("roles", remove=["Product Listing"])
    make_offer(account, severity="ERROR")
    report_of(account)
    asked_at = (timezone.now() - timedelta(hours=9)).replace(microsecond=0)
    HealthReport.objects.update(finished_at=asked_at)
    # That of the offers is not run each hour, but without asking Amazon.
    costs = {Cost.ROWS, Cost.MANY_ROWS}
    monkeypatch.setattr(automatic, "_costs", lambda last, is_thorough: costs)
    run(account)
    rested(account)
    monkeypatch.undo()
    make_order(account, has_unmatched=True, completed_at=None)
    monkeypatch.setattr(automatic, "is_daily", lambda account, now: False)
    run(account)

    seen = {
        row.code: datetime.fromisoformat(row.evidence["seen_at"])
        for row in reports()[0].findings.exclude(evidence__seen_at=None)
    }
    assert seen["permission.catalog_items_missing"] == asked_at
    assert timezone.now() - seen["listing.issues"] < timedelta(minutes=10)


def test_job_that_blocks_brings_a_full_report_at_once(
    account: AmazonAccount, emulator: Emulator
) -> None:
    run(account)
    rested(account)
    emulator.control("roles", remove=["Amazon Fulfillment"])
    runner.run_kind(account, SyncJob.Kind.FBA_STOCK)
    runner.run_kind(account, SyncJob.Kind.FBA_STOCK)
    SyncJob.objects.filter(account=account, kind="fba_stock").update(
        blocked_code="permission.fulfillment_inventory_missing"
    )

    job = run(account)
    for report in HealthReport.objects.filter(state="waiting"):
        tasks.run_health_check(report.pk)

    assert job.cursor["asked_at"]
    first = reports()[-1].findings.first()
    assert first is not None
    assert first.code == "permission.fulfillment_inventory_missing"


def test_jobs_that_block_together_are_one_reason(account: AmazonAccount) -> None:
    run(account)
    SyncJob.objects.filter(account=account).exclude(kind=HEALTH).update(
        blocked_code="permission.orders_missing"
    )

    job = run(account)

    assert not HealthReport.objects.filter(state="waiting").exists()
    assert job.due_at <= timezone.now() + timedelta(minutes=10)


def test_trouble_that_stays_is_asked_about_every_six_hours(
    account: AmazonAccount,
) -> None:
    SyncJob.objects.filter(account=account, kind="listings").update(
        blocked_code="permission.catalog_items_missing"
    )
    run(account)
    asked = HealthReport.objects.filter(is_automatic=True, state="waiting")
    assert asked.count() == 1
    asked.update(state="done", created_at=timezone.now() - timedelta(hours=7))
    rested(account)
    run(account)
    assert not asked.exists()

    before = (timezone.now() - timedelta(hours=7)).isoformat()
    rested(account, asked_at=before)
    run(account)

    assert asked.count() == 1


def test_once_a_day_what_was_found_at_amazon_is_asked_about_again(
    account: AmazonAccount, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.control("roles", remove=["Product Listing"])
    report_of(account)
    monkeypatch.setattr(automatic, "is_daily", lambda account, now: True)

    run(account)

    assert HealthReport.objects.filter(is_automatic=True, state="waiting").exists()


def test_hours_of_the_thorough_run_are_spread_over_accounts() -> None:
    noon = timezone.now().replace(hour=12)
    accounts = [AmazonAccount(pk=pk) for pk in range(48)]
    assert sum(automatic.is_daily(account, noon) for account in accounts) == 2


def test_account_that_is_read_for_the_first_time_is_left_alone(
    account: AmazonAccount,
) -> None:
    SyncJob.objects.filter(kind="listings").update(first_done_at=None)
    run(account)
    assert not reports()


def test_first_pull_that_fails_again_and_again_is_looked_at(
    account: AmazonAccount,
) -> None:
    SyncJob.objects.filter(kind="listings").update(
        first_done_at=None, attempts=FAILING_AFTER
    )
    run(account)
    (report,) = HealthReport.objects.all()
    assert report.is_automatic


def test_finding_that_got_worse_is_news(account: AmazonAccount) -> None:
    order = make_order(account, has_shortage=True, completed_at=None)
    run(account)
    (report,) = reports()
    report.findings.filter(code="stock.oversold").update(level="warning")
    rested(account)
    run(account)
    assert [one.status for one in reports()] == ["error", "error"]
    order.delete()


def test_lost_authorisation_brings_a_report_though_no_job_runs(
    account: AmazonAccount, emulator: Emulator
) -> None:
    emulator.control("revoke", region="na")
    runner.run_kind(account, SyncJob.Kind.LISTINGS)

    (report,) = reports()
    tasks.run_health_check(report.pk)

    report.refresh_from_db()
    assert (report.status, report.language) == ("error", account.store.language)
    assert report.findings.all()[0].code == "token.revoked"
