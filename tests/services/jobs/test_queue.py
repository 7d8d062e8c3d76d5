"""Tasks are enqueued after commit, and never too many drains."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.db import transaction
from django_q.models import OrmQ, Schedule
from pytest_django import DjangoCaptureOnCommitCallbacks

from channels_amazon.services.amazon_client.factory import CALL_SECONDS
from channels_amazon.services.health.reports import LOST_AFTER
from channels_amazon.services.jobs import maintenance, queue, schedules
from channels_amazon.services.notifications import quarantine
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.stock import fba_stock

# The settings read the address, and django-q the settings, as a process starts.
ASKING = """
import time, django
django.setup()
from channels_amazon.services.jobs.queue import broker_error
began = time.monotonic()
print(broker_error())
print(time.monotonic() - began)
"""

pytestmark = pytest.mark.django_db


def test_enqueue_waits_for_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            queue.enqueue(queue.BEAT_TASK)
            assert OrmQ.objects.count() == 0
    assert OrmQ.objects.get().func() == queue.BEAT_TASK


def test_enqueue_drain_stops_when_enough_wait(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(queue.MAX_WAITING + 3):
        with django_capture_on_commit_callbacks(execute=True):
            queue.enqueue_drain()
    assert OrmQ.objects.count() == queue.MAX_WAITING


def test_limits_derive_from_how_long_the_queue_lets_a_task_run() -> None:
    limit = queue.TASK_SECONDS
    assert limit == settings.Q_CLUSTER["timeout"] < settings.Q_CLUSTER["retry"]
    # What tells a dead process is longer, so that no living one is taken for dead.
    for longer in (maintenance.LEASE, LOST_AFTER):
        assert longer > timedelta(seconds=limit)
    assert runner.LONGEST_RUN_SECONDS > limit
    # What a task does is over before.
    assert runner.DRAIN_SECONDS < limit
    assert maintenance.SLICE_SECONDS < limit
    last_run = fba_stock.LONGEST_RUN.total_seconds()
    assert runner.DRAIN_SECONDS + last_run + CALL_SECONDS < limit


def test_ensure_schedules_mends_missing_doubled_and_disabled() -> None:
    assert schedules.ensure_schedules() == [plan.name for plan in schedules.PLANNED]
    assert schedules.ensure_schedules() == []
    first, second, *_ = Schedule.objects.order_by("pk")
    Schedule.objects.filter(pk=first.pk).update(repeats=0)
    second.pk = None
    second.save()
    assert len(schedules.ensure_schedules()) == 2
    assert Schedule.objects.count() == len(schedules.PLANNED)


def test_ensure_schedules_deletes_those_of_an_older_version() -> None:
    for name in ("shoplink: measure", "somebody else's"):
        Schedule.objects.create(name=name, func="channels_amazon.tasks.measure")

    schedules.ensure_schedules()

    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {"somebody else's", *(plan.name for plan in schedules.PLANNED)}


@pytest.mark.parametrize(
    "path",
    [
        queue.DRAIN_TASK,
        queue.BEAT_TASK,
        quarantine.REPLAY_TASK,
        *(plan.task for plan in schedules.PLANNED),
        "channels_amazon.tasks.run_health_check",
    ],
)
def test_task_paths_lead_to_functions(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_redis_that_says_nothing_holds_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        asking = subprocess.run(
            [sys.executable, "-c", ASKING],
            env={**os.environ, "REDIS_URL": address},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    error, seconds = asking.stdout.splitlines()
    assert "Timeout" in error
    # One that may wait for an answer for less than a second pulls no task.
    assert 1 < float(seconds) < 10
