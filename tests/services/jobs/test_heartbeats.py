"""Signs of life are one row a process."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Heartbeat, key_fingerprints
from channels_amazon.rules.health.liveness import DEAD_AFTER, ConsumerState, Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.jobs.environments import environment

pytestmark = pytest.mark.django_db

CONSUMER = Process.CONSUMER


def test_beat_keeps_one_row_with_the_last_detail() -> None:
    heartbeats.beat(CONSUMER, restarts=1)
    heartbeats.beat(CONSUMER, restarts=2)
    detail = Heartbeat.objects.get().detail
    assert detail == {
        "restarts": 2,
        "keys": key_fingerprints(),
        "settings": environment(),
    }


def test_beat_of_a_new_process_starts_anew() -> None:
    heartbeats.beat(CONSUMER)
    old = timezone.now() - timedelta(hours=1)
    Heartbeat.objects.update(pid=1, started_at=old, beat_at=old)
    heartbeats.beat(CONSUMER)
    row = heartbeats.latest(CONSUMER)
    assert row is not None
    assert row.started_at > old
    assert Heartbeat.objects.count() == 2


def test_beat_forgets_processes_of_the_day_before_and_of_the_future() -> None:
    now = timezone.now()
    for pid, beat_at in [
        (1, now - timedelta(hours=25)),
        (2, now - timedelta(hours=23)),
        # The clock was an hour ahead, and was set back.
        (3, now + timedelta(hours=1)),
    ]:
        Heartbeat.objects.create(
            kind=CONSUMER,
            host=heartbeats.host_name(),
            pid=pid,
            started_at=beat_at,
            beat_at=beat_at,
        )
    heartbeats.beat(CONSUMER)
    pids = set(Heartbeat.objects.values_list("pid", flat=True))
    assert pids == {2, os.getpid()}


def test_beat_forgets_hosts_that_never_come_back() -> None:
    before = timezone.now() - timedelta(hours=25)
    Heartbeat.objects.create(
        kind=CONSUMER, host="gone", pid=1, started_at=before, beat_at=before
    )
    heartbeats.beat(CONSUMER)
    assert Heartbeat.objects.get().host == heartbeats.host_name()


def test_process_that_ends_in_order_needs_no_waiting_for() -> None:
    for kind in (CONSUMER, Process.QUEUE):
        heartbeats.beat(kind)
    Heartbeat.objects.update(pid=1)
    heartbeats.beat(CONSUMER)
    heartbeats.end(CONSUMER, Process.QUEUE)
    # Another consumer of this host lives on; the queue's workers have gone.
    living = heartbeats.living(timezone.now())
    assert [(one.kind, one.pid) for one in living] == [(CONSUMER, 1)]
    assert heartbeats.latest(CONSUMER) is not None
    heartbeats.beat(CONSUMER)
    assert len(heartbeats.living(timezone.now())) == 2


@pytest.mark.parametrize("kind", list(Process))
def test_process_beats_until_the_limit_of_its_kind(kind: Process) -> None:
    heartbeats.beat(kind)
    beat_at = Heartbeat.objects.get().beat_at
    second = timedelta(seconds=1)
    assert heartbeats.beating(beat_at + DEAD_AFTER[kind])
    assert heartbeats.beating(beat_at + DEAD_AFTER[kind] + second) == []


def test_process_that_said_that_it_ends_beats_and_does_not_live() -> None:
    heartbeats.beat(CONSUMER)
    heartbeats.end(CONSUMER)
    now = timezone.now()
    assert [heartbeats.has_ended(one) for one in heartbeats.beating(now)] == [True]
    assert heartbeats.living(now) == []


def test_living_hosts_counts_a_host_with_several_processes_once() -> None:
    heartbeats.beat(CONSUMER)
    Heartbeat.objects.update(pid=1)
    heartbeats.beat(CONSUMER)
    assert heartbeats.living_hosts(Process.CONSUMER) == 1


def test_living_hosts_leaves_out_the_dead() -> None:
    heartbeats.beat(CONSUMER)
    assert heartbeats.living_hosts(Process.CONSUMER) == 1
    dead = timezone.now() - DEAD_AFTER[Process.CONSUMER] - timedelta(seconds=1)
    Heartbeat.objects.update(beat_at=dead)
    assert heartbeats.living_hosts(Process.CONSUMER) == 0


def test_consumer_in_trouble_counts_as_when_it_listened_last() -> None:
    assert heartbeats.last_listening() is None
    at = timezone.now() - timedelta(minutes=3)
    heartbeats.beat(CONSUMER, state=ConsumerState.DATABASE, listened_at=at.isoformat())
    assert heartbeats.last_listening() == at
    assert not heartbeats.is_listening(timedelta(minutes=2))
