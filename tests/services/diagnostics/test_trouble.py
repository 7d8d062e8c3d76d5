"""What went wrong lately is read by an index, newest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from channels_amazon.models import ApiCall, DiagnosticEntry, SyncRun
from channels_amazon.services.diagnostics.export import CLOCKS, LogKind
from channels_amazon.services.diagnostics.trouble import TROUBLE, trouble_of
from tests import builders
from tests.views.scene import make_call

pytestmark = pytest.mark.django_db
MODELS: dict[LogKind, Any] = {
    LogKind.EVENTS: DiagnosticEntry,
    LogKind.CALLS: ApiCall,
    LogKind.RUNS: SyncRun,
}
INDEXES = {
    LogKind.EVENTS: "entry_problems",
    LogKind.CALLS: "call_failed",
    LogKind.RUNS: "run_not_done",
}
# To PostgreSQL these cost the same while the tables hold next to nothing.
OF_ALL_ROWS = {
    LogKind.EVENTS: "entry_newest",
    LogKind.CALLS: "call_newest",
    LogKind.RUNS: "run_newest",
}


@pytest.mark.parametrize("kind", list(MODELS))
def test_trouble_is_read_by_the_index_of_its_own(kind: LogKind) -> None:
    clock = CLOCKS[kind]
    rows = MODELS[kind].objects.filter(
        TROUBLE[kind], **{f"{clock}__gt": timezone.now()}
    )
    newest = rows.order_by(f"-{clock}", "-pk").values_list(clock)[:1000]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {OF_ALL_ROWS[kind]}")
            for name in ("seqscan", "sort", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{name} = off")

    plan = newest.explain()

    assert INDEXES[kind] in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_only_what_is_newer_counts_and_the_newest_is_told() -> None:
    account, now = builders.make_account(), timezone.now()
    ages = (timedelta(hours=1), timedelta(minutes=5), timedelta(days=2))
    for age in ages:
        make_call(account, status=500, started_at=now - age)
    make_call(account, status=500, started_at=now - timedelta(hours=3), reference="x")

    found = trouble_of(LogKind.CALLS, ApiCall.objects.all(), now - timedelta(days=1))

    assert found.count == found.errors == 3
    assert found.last_at == now - timedelta(minutes=5)


def test_nothing_is_no_trouble() -> None:
    found = trouble_of(LogKind.RUNS, SyncRun.objects.all())

    assert (found.count, found.errors, found.last_at) == (0, 0, None)
