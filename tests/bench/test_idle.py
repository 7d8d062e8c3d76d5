"""What the idle benchmark counts, and when it looks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from bench import idle
from bench.crowd import Crowd
from bench.idle import Reading
from channels_amazon.models import SyncJob
from channels_amazon.services.jobs.ranks import rank_at
from tests.builders import make_account, make_job

pytestmark = pytest.mark.django_db

# At this look, and no other, a job is overdue.
BUSY_LOOK = 3


class Here(Crowd):
    """Stands for a crowd whose rows are those of the test's database.

    Its one job is due in the future, but for one look.
    """

    looks = 0

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what `sql` selects."""
        self.looks += 1
        seconds = -9 if self.looks == BUSY_LOOK else 9
        due_at = timezone.now() + timedelta(seconds=seconds)
        SyncJob.objects.update(due_at=due_at, rank=rank_at("order_fetch", due_at))
        with connection.cursor() as cursor:
            cursor.execute(sql)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """Give a crowd on the test's database."""
    make_job(make_account(), kind="order_fetch")
    is_lite = connection.vendor == "sqlite"
    return Here(tmp_path, 1, "" if is_lite else "postgresql:")


def measured(crowd: Crowd, rows: int | None) -> set[str]:
    """Return the names of what two readings give, `rows` rows apart."""
    first = Reading(at=0.0, cpu={"ours": 0.0}, runs=0, rows=rows and 0)
    last = Reading(at=60.0, cpu={"ours": 3.0}, runs=60, rows=rows)
    return {found.name for found in idle._idle(crowd, "idle", first, last)}


def test_written_rows_are_measured_where_the_database_counts_them(here: Here) -> None:
    rows = idle._rows(here)

    assert (rows is None) == (connection.vendor == "sqlite")
    assert ("idle.rows_a_day" in measured(here, rows)) == (rows is not None)


def test_oldest_due_job_is_looked_for_all_through_the_window(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "LOOK_SECONDS", 0.01)

    looks = list(idle._looks(here, 0.3))

    assert len(looks) > BUSY_LOOK
    assert looks[BUSY_LOOK - 1] == pytest.approx(9, abs=2)
    assert [look for look in looks if look] == [max(looks)]
