"""Maintenance is enqueued again until none is due."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from channels_amazon import tasks
from channels_amazon.models import MaintenanceTask, PurgeProof
from channels_amazon.services.jobs import maintenance
from tests.builders import make_store

pytestmark = pytest.mark.django_db


def test_maintenance_follows_itself_until_every_pass_is_done(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    make_store()
    for number, left in enumerate((1, 1, 0, 0)):
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
