"""The check of the readers: what goes round leads, what Amazon says is told."""

from __future__ import annotations

from itertools import repeat

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import ReadingIssue, SyncJob
from channels_amazon.services.jobs.reading_issues import (
    Cause,
    ReadingFailure,
    note_issue,
)
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy
from tests.builders import make_job
from tests.going_round import going_round
from tests.health.faults import codes, make_healthy, report_of
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

FBA = SyncJob.Kind.FBA_STOCK
US = "ATVPDKIKX0DER"


def test_reader_whose_pages_go_round_is_named_until_it_gets_on(
    emulator: Emulator, amazon_proxy: AmazonProxy
) -> None:
    account = make_healthy(emulator)
    amazon_proxy.spoil("getInventorySummaries", going_round(repeat("again")))
    run_through(account, FBA)

    report = report_of(account)

    assert (codes(report), report["status"]) == (["sync.no_progress"], "warning")
    evidence = report["findings"][0]["evidence"]
    assert (evidence["jobs"], evidence["marketplaces"]) == ([FBA], ["US"])
    assert evidence["request_ids"]
    assert "FBA stock" in report["findings"][0]["cause"]

    amazon_proxy.mend()
    ReadingIssue.objects.update(retry_at=timezone.now())
    run_through(account, FBA)

    assert codes(report_of(account)) == []


def test_failing_job_follows_from_it(
    emulator: Emulator, amazon_proxy: AmazonProxy
) -> None:
    account = make_healthy(emulator)
    amazon_proxy.spoil("getInventorySummaries", going_round(repeat("again")))
    for _ in range(FAILING_AFTER):
        ReadingIssue.objects.update(retry_at=timezone.now())
        runner.run_kind(account, FBA)

    report = report_of(account)

    assert codes(report) == ["sync.no_progress", "job.failing"]
    assert report["findings"][0]["level"] == "error"
    assert report["findings"][1]["consequence_of"] == "sync.no_progress"


@pytest.mark.parametrize("uses_fba", [False, True])
def test_refused_fba_is_a_hole_only_where_it_is_used(
    emulator: Emulator, uses_fba: bool
) -> None:
    account = make_healthy(emulator)
    run_through(account, SyncJob.Kind.LISTINGS)
    if not uses_fba:
        account.listings.update(is_fba=False)
    seen = ReadingFailure(cause=Cause.REFUSED, reason="Invalid Input", operation="x")
    make_job(account, kind=FBA)
    note_issue(account, FBA, US, seen)

    report = report_of(account)

    assert codes(report) == (["marketplace.refused"] if uses_fba else [])
    said = [one["cause"] for one in report["well"] if one["check"] == "reading"]
    assert any("does not use FBA in US" in text for text in said) is not uses_fba
