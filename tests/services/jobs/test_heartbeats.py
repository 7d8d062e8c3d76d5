"""Signs of life are one row a kind and host."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import DEAD_AFTER, ConsumerState, Process
from channels_amazon.services.jobs import heartbeats

pytestmark = pytest.mark.django_db

CONSUMER = Process.CONSUMER


def test_beat_keeps_one_row_with_the_last_detail() -> None:
    heartbeats.beat(CONSUMER, restarts=1)
    heartbeats.beat(CONSUMER, restarts=2)
    assert Heartbeat.objects.get().detail == {"restarts": 2}


def test_beat_of_a_new_process_starts_anew() -> None:
    heartbeats.beat(CONSUMER)
    old = timezone.now() - timedelta(hours=1)
    Heartbeat.objects.update(pid=1, started_at=old, beat_at=old)
    heartbeats.beat(CONSUMER)
    row = heartbeats.latest(CONSUMER)
    assert row is not None
    assert row.started_at > old


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
