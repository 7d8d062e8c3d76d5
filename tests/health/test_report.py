"""A whole report: what it holds, and what leads it."""

from __future__ import annotations

import pytest
from django.utils import translation

from channels_amazon import tasks
from channels_amazon.emulator.server import Emulator
from channels_amazon.health.registry import all_checks
from channels_amazon.models import HealthReport
from channels_amazon.services.health.reports import request_report
from tests.health.faults import codes, make_healthy, report_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("region", ["na", "eu", "fe"])
def test_report_of_healthy_account_is_clean(emulator: Emulator, region: str) -> None:
    report = report_of(make_healthy(emulator, region=region))
    assert (codes(report), report["status"]) == ([], "ok"), report["findings"]
    # Nothing was bought yet, so nothing shows that its orders come complete.
    unproven = {one["check"] for one in report["checks"] if one["state"] != "ok"}
    assert unproven == {"personal_data", "events", "order_gap", "order_search"}
    assert {one["check"] for one in report["well"]} == {c.id for c in all_checks()}


def test_task_runs_a_requested_report_once(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    report = request_report(account, "anna")
    tasks.run_health_check(report.pk)
    emulator.control("revoke", region="na")
    tasks.run_health_check(report.pk)
    report.refresh_from_db()
    assert (report.state, report.status) == (HealthReport.State.DONE, "ok")
    assert report.findings.count() == len(all_checks())


def test_report_speaks_the_language_of_whoever_asked(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    with translation.override("zh-hans"):
        report = request_report(account, "anna")
    assert report.language == "zh-hans"


def test_report_asked_for_twice_is_one(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    assert request_report(account, "anna").pk == request_report(account, "bo").pk


def test_report_is_free_of_tokens(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("revoke", region="na")
    told = str(report_of(account))
    assert account.credential.refresh_token not in told
    assert "Atza|" not in told
