"""Old log rows go, in batches; new ones stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from channels_amazon.models import ApiCall, DiagnosticEntry
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.privacy import retention

pytestmark = pytest.mark.django_db


def test_prune_deletes_what_is_past_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    old = timezone.now() - timedelta(days=settings.LOG_RETENTION_DAYS + 1)
    for at in (old, old, old, timezone.now()):
        ApiCall.objects.create(
            operation="getOrder", method="GET", path="/", started_at=at
        )
    assert retention.prune()["ApiCall"] == 3
    assert ApiCall.objects.count() == 1


def test_prune_keeps_what_tells_of_personal_data_for_a_year() -> None:
    for code, days in (("personal_data.revealed", 390), ("unknown", 390)):
        entry = record(Entry(code=code, message="Something happened."))
        at = timezone.now() - timedelta(days=days)
        DiagnosticEntry.objects.filter(pk=entry.pk).update(at=at)

    retention.prune()
    assert DiagnosticEntry.objects.get().code == "personal_data.revealed"

    retention.prune(timezone.now() + timedelta(days=20))
    assert not DiagnosticEntry.objects.exists()


def test_prune_keeps_young_entries() -> None:
    record(Entry(code="unknown", message="Something happened."))
    retention.prune()
    assert DiagnosticEntry.objects.count() == 1
