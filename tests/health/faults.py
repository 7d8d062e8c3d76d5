"""What the tests of the health check share: an account that is well, its report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.health.report_form import as_dict
from channels_amazon.health.runner import run_report
from channels_amazon.models import AmazonAccount, Credential, HealthReport
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.accounts import subscriptions
from channels_amazon.services.health.reports import new_report
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.jobs.schedules import ensure_schedules
from tests.builders import HOME, make_account


def make_healthy(emulator: Emulator, **over: Any) -> AmazonAccount:
    """Make a subscribed account, with a worker and a reader that show life.

    It sells in its store's currency alone, so that it needs no exchange rates.
    """
    account = make_account(emulator=emulator, **over)
    account.store.currency = HOME[account.region][2]
    account.store.save(update_fields=["currency"])
    assert subscriptions.subscribe(account, actor="test") == ""
    show_life()
    ensure_schedules()
    return account


def show_life() -> None:
    """Let all our processes give a sign of life."""
    for kind in Process:
        heartbeats.beat(kind)


def report_of(account: AmazonAccount) -> dict[str, Any]:
    """Run the checks here and return the report as other programs get it."""
    row = new_report(AmazonAccount.objects.get(pk=account.pk), "test")
    run_report(row.pk)
    return as_dict(HealthReport.objects.get(pk=row.pk))


def first_code(account: AmazonAccount) -> str:
    """Return the code of the report's first finding, "" for a clean one."""
    findings = report_of(account)["findings"]
    return str(findings[0]["code"]) if findings else ""


def codes(report: dict[str, Any]) -> list[str]:
    """Return the codes of the findings in their order."""
    return [finding["code"] for finding in report["findings"]]


def damage_token() -> None:
    """Damage every stored authorisation, as a lost key does."""
    table = Credential._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET refresh_token = %s", [b"gAAAAA-damaged"])  # noqa: S608


def hours_ago(hours: float) -> Any:
    """Return the time that many hours before now."""
    return seconds_ago(3600 * hours)


def seconds_ago(seconds: float) -> Any:
    """Return the time that long before now."""
    return timezone.now() - timedelta(seconds=seconds)
