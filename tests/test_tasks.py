"""Maintenance is enqueued again until none is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from channels_amazon import tasks
from channels_amazon.models import MaintenanceTask, PurgeProof
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy import purge
from tests.builders import make_store

pytestmark = pytest.mark.django_db


def test_maintenance_follows_itself_until_every_pass_is_done(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_store()
    passes = len(tasks.MAINTENANCE)
    for number, left in enumerate((*[1] * (passes - 1), 0, 0)):
        with django_capture_on_commit_callbacks(execute=True):
            tasks.maintain(is_successor=number > 0)
        queued = [waiting.func() for waiting in OrmQ.objects.all()]
        assert queued == [maintenance.TASK] * left
        OrmQ.objects.all().delete()

    ended = MaintenanceTask.objects.exclude(finished_at=None)
    assert ended.count() == len(tasks.MAINTENANCE)
    assert PurgeProof.objects.count() == 1


def test_schedule_begins_no_second_row_of_successors(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_store()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.maintain()
        tasks.maintain()
    assert OrmQ.objects.count() == 1


def test_pass_that_always_fails_does_not_slow_the_others(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(cursor: Any, now: datetime) -> Any:
        raise ZeroDivisionError

    make_store()
    broken = replace(purge.PASS, plan=fail)
    monkeypatch.setattr(tasks, "MAINTENANCE", (broken, *tasks.MAINTENANCE[1:]))
    others = tasks.MAINTENANCE[1:]
    assert len(others) > 1

    failed = 0
    for number in range(9):
        with django_capture_on_commit_callbacks(execute=True):
            try:
                tasks.maintain(is_successor=number > 0)
            except ZeroDivisionError:
                # The queue keeps it as a task that failed.
                failed += 1
        if not OrmQ.objects.exists():
            break
        OrmQ.objects.all().delete()

    assert failed > 0
    ended = MaintenanceTask.objects.exclude(finished_at=None)
    assert set(ended.values_list("name", flat=True)) == {one.name for one in others}
