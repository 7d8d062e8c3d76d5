"""A process counts as dead after one time a kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import (
    CONSUMER_OUTAGE_AFTER,
    DEAD_AFTER,
    Process,
    is_alive,
)
from channels_amazon.worker import consumer, supervisor, ticker

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("process", Process)
def test_process_lives_until_its_time_is_over(process: Process) -> None:
    last = NOW - DEAD_AFTER[process]
    assert is_alive(process, last, NOW)
    assert not is_alive(process, last - timedelta(seconds=1), NOW)


@pytest.mark.parametrize("process", Process)
def test_process_that_never_beat_is_dead(process: Process) -> None:
    assert not is_alive(process, None, NOW)


def test_every_kind_of_heartbeat_has_its_time() -> None:
    assert {kind for kind, _label in Heartbeat.KINDS} == set(Process) == set(DEAD_AFTER)


def test_queue_is_restarted_before_it_counts_as_dead() -> None:
    restart = supervisor.QUIET_SECONDS + supervisor.START_SECONDS
    assert DEAD_AFTER[Process.QUEUE] >= timedelta(seconds=restart)
    assert DEAD_AFTER[Process.SUPERVISOR] > timedelta(seconds=ticker.SUPERVISOR_SECONDS)


def test_consumer_outlives_some_long_polls() -> None:
    poll = timedelta(seconds=consumer.LONG_POLL)
    assert DEAD_AFTER[Process.CONSUMER] >= 3 * poll
    assert CONSUMER_OUTAGE_AFTER > DEAD_AFTER[Process.CONSUMER]
