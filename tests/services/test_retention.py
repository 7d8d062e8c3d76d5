"""Old log rows go, in batches; new ones stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from channels_amazon.models import ApiCall, DiagnosticEntry
from channels_amazon.services import retention
from channels_amazon.services.diagnostics import Entry, record

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


def test_prune_keeps_young_entries() -> None:
    record(Entry(code="unknown", message="Something happened."))
    retention.prune()
    assert DiagnosticEntry.objects.count() == 1
