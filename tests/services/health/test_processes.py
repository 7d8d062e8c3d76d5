"""Pages and checks see the same processes alive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import BACKGROUND, DEAD_AFTER, Process
from channels_amazon.services.health import processes
from channels_amazon.services.jobs import heartbeats

pytestmark = pytest.mark.django_db


def test_process_is_dead_once_its_last_beat_is_too_old() -> None:
    heartbeats.beat(Process.CONSUMER)
    now = timezone.now()
    later = now + DEAD_AFTER[Process.CONSUMER] + timedelta(seconds=1)
    assert processes.is_alive(Process.CONSUMER, now)
    assert not processes.is_alive(Process.CONSUMER, later)


def test_every_kind_is_told_of_and_those_without_a_beat_are_dead() -> None:
    heartbeats.beat(Process.QUEUE)
    states = processes.all_states(timezone.now())
    assert [state.process for state in states] == list(BACKGROUND)
    assert [state.process for state in states if state.is_alive] == [Process.QUEUE]


def test_newest_beat_of_any_host_counts() -> None:
    now = timezone.now()
    for host, age in (("old", 500), ("new", 1)):
        at = now - timedelta(seconds=age)
        Heartbeat.objects.create(
            kind=Process.QUEUE, host=host, pid=1, started_at=at, beat_at=at
        )
    state = processes.state_of(Process.QUEUE, now)
    assert (state.host, state.is_alive) == ("new", True)
