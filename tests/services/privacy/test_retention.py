"""Old log rows go, in batches; new ones stay."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, timedelta

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.conf import settings
from django.utils import timezone

from channels_amazon.models import (
    ApiCall,
    AuditEntry,
    DiagnosticEntry,
    NumberChange,
    SyncRun,
)
from channels_amazon.services.accounts import connection, oauth, seller_identity
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy import retention
from tests import builders
from tests.builders import make_job

pytestmark = pytest.mark.django_db

# The codes that a callback raises or an authorisation leaves, as they stand there.
ANY_CODE = re.compile(r'"((?:account|oauth)\.[a-z_]+)"')


def prune(now: datetime | None = None) -> None:
    """Run a whole pass as if it were `now`."""
    maintenance.run_pass(retention.PASS, clock=lambda: now or timezone.now())


def test_prune_deletes_what_is_past_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_A_BATCH", 2)
    old = timezone.now() - timedelta(days=settings.LOG_RETENTION_DAYS + 1)
    for at in (old, old, old, timezone.now()):
        ApiCall.objects.create(
            operation="getOrder", method="GET", path="/", started_at=at
        )
    prune()
    assert ApiCall.objects.count() == 1


def test_prune_keeps_what_tells_of_personal_data_for_a_year() -> None:
    for code, days in (("personal_data.revealed", 390), ("unknown", 390)):
        entry = record(Entry(code=code, message="Something happened."))
        at = timezone.now() - timedelta(days=days)
        DiagnosticEntry.objects.filter(pk=entry.pk).update(at=at)

    prune()
    assert DiagnosticEntry.objects.get().code == "personal_data.revealed"

    prune(timezone.now() + timedelta(days=20))
    assert not DiagnosticEntry.objects.exists()


def test_trace_of_an_authorisation_that_failed_is_kept_for_a_year() -> None:
    found: set[str] = set()
    for module in (oauth, connection, seller_identity):
        found.update(ANY_CODE.findall(inspect.getsource(module)))
    assert {"account.identity_unproven", "oauth.denied"} < found
    for code in found:
        record(Entry(code=code, message="Something happened."))
    DiagnosticEntry.objects.update(at=timezone.now() - timedelta(days=390))

    prune()

    assert set(DiagnosticEntry.objects.values_list("code", flat=True)) == found


def make_audit(days: int) -> None:
    """Make an entry of each log that is kept for long, so many days old."""
    at = timezone.now() - timedelta(days=days)
    AuditEntry(at=at, code="member.added", message="X.").save(force_insert=True)
    entry = record(Entry(code="personal_data.revealed", message="X."))
    DiagnosticEntry.objects.filter(pk=entry.pk).update(at=at)
    for model in (AccessLog, AccessFailureLog):
        row = model.objects.create(username="a")
        model.objects.filter(pk=row.pk).update(attempt_time=at)


def kept() -> list[int]:
    """Return how many rows are left of each log that is kept for long."""
    models = (AuditEntry, DiagnosticEntry, AccessLog, AccessFailureLog)
    return [model.objects.count() for model in models]


def test_what_is_kept_for_a_year_goes_afterwards_and_costs_no_pass_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "ROWS_A_BATCH", 2)
    for days in (500, 450, 420, 390, 300, 200, 100, 50):
        make_audit(days)

    slices = 1
    while maintenance.run_slice(retention.PASS, seconds=0):
        slices += 1
    assert kept() == [5, 5, 5, 5]
    # Two batches of three rows each, and one look at every other log.
    assert slices == len(retention.LOGS) + 4

    tomorrow = timezone.now() + timedelta(days=1, hours=1)
    slices = 1
    while maintenance.run_slice(retention.PASS, seconds=0, clock=lambda: tomorrow):
        slices += 1
    assert (kept(), slices) == ([5, 5, 5, 5], len(retention.LOGS))


def test_prune_keeps_young_entries() -> None:
    record(Entry(code="unknown", message="Something happened."))
    prune()
    assert DiagnosticEntry.objects.count() == 1


def test_prune_ends_though_many_rows_are_of_one_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "ROWS_A_BATCH", 2)
    at = timezone.now() - timedelta(days=settings.LOG_RETENTION_DAYS + 1)
    for code in ("personal_data.purged", "unknown") * 3:
        record(Entry(code=code, message="Something happened."))
    DiagnosticEntry.objects.update(at=at)

    prune()

    assert DiagnosticEntry.objects.count() == 3
    assert set(DiagnosticEntry.objects.values_list("code", flat=True)) == {
        "personal_data.purged"
    }


def test_prune_goes_on_after_the_last_row_slice_by_slice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "ROWS_A_BATCH", 2)
    old = timezone.now() - timedelta(days=settings.LOG_RETENTION_DAYS + 1)
    job = make_job()
    for number in range(5):
        run = SyncRun.objects.create(
            job=job,
            account=job.account,
            kind=job.kind,
            started_at=old,
            finished_at=old if number else None,
        )
        ApiCall.objects.create(
            operation="getOrder", method="GET", path="/", started_at=old, run=run
        )

    slices = 1
    while maintenance.run_slice(retention.PASS, seconds=0):
        slices += 1

    assert slices > len(retention.LOGS)
    assert (ApiCall.objects.count(), SyncRun.objects.count()) == (0, 1)


def test_reasons_of_a_number_are_kept_as_long_as_it_holds() -> None:
    listing = builders.make_listing()
    now = timezone.now()
    days = (200, 120, 95, 10)
    made = [
        NumberChange.objects.create(
            listing=listing, value=number, created_at=now - timedelta(days=age)
        )
        for number, age in enumerate(days)
    ]
    other = NumberChange.objects.create(
        listing=builders.make_listing(), value=7, created_at=now - timedelta(days=300)
    )

    prune()

    # The one of 95 days ago held until ten days ago; the other one still does.
    left = set(NumberChange.objects.values_list("pk", flat=True))
    assert left == {made[2].pk, made[3].pk, other.pk}
