"""Keep-alive repeats while work goes on, not for ever, and keeps a long run's lease."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import Error, InterfaceError, OperationalError, connection
from django.utils import timezone

from channels_amazon.models import SyncJob, SyncRun
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.registry import Reconciler
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.keep_alive import repeating
from tests.builders import make_job


def test_keep_alive_stops_with_the_block() -> None:
    beats: list[float] = []
    with repeating(lambda: beats.append(time.monotonic()), seconds=0.02, limit=5):
        time.sleep(0.2)
    counted = len(beats)
    time.sleep(0.1)
    assert 3 <= counted == len(beats)


def test_keep_alive_stops_at_its_limit() -> None:
    beats: list[float] = []
    with repeating(lambda: beats.append(time.monotonic()), seconds=0.02, limit=0.1):
        time.sleep(0.3)
    assert 1 <= len(beats) <= 6


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_keep_alive_survives_a_database_that_is_away(error: type[Error]) -> None:
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        raise error

    with repeating(beat, seconds=0.02, limit=5):
        time.sleep(0.2)
    assert len(beats) >= 3


@pytest.mark.django_db(transaction=True)
def test_keep_alive_opens_a_connection_anew_that_broke() -> None:
    found: list[int] = []
    broken: list[bool] = []

    def look() -> None:
        if not broken:
            broken.append(True)
            connection.ensure_connection()
            connection.connection.close()
        found.append(SyncJob.objects.count())

    with repeating(look, seconds=0.02, limit=5):
        until = time.monotonic() + 5
        while not found and time.monotonic() < until:
            time.sleep(0.02)
    assert found[0] == 0


@pytest.mark.django_db(transaction=True)
def test_run_longer_than_its_lease_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LEASE_SECONDS", 0.8)
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.2)

    def reconcile(ctx: RunContext) -> Result:
        time.sleep(1.6)
        row = SyncJob.objects.get(pk=ctx.job.pk)
        assert row.lease_until is not None
        assert row.lease_until > timezone.now()
        return Result()

    entry = Reconciler(
        kind=SyncJob.Kind.LISTINGS,
        title="Listings",
        run=reconcile,
        interval=timedelta(hours=1),
    )
    monkeypatch.setattr(registry, "get", lambda kind: entry)
    job = make_job()
    made = runner.run_kind(job.account, job.kind)
    assert made is not None
    assert (made.state, made.message) == (SyncRun.State.DONE, "")
