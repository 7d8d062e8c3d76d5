"""A supervisor of a paused installation starts nothing that takes others' tasks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.installation import presence
from channels_amazon.services.installation.guard import GuardState
from channels_amazon.worker import process_guard, supervisor
from channels_amazon.worker.process_group import GRACE
from channels_amazon.worker.supervisor import Supervisor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("redis", "standing", "waits"),
    [
        ("redis://127.0.0.1:1/0", Standing.ELSEWHERE, True),
        ("redis://127.0.0.1:1/0", Standing.COPY, True),
        ("redis://127.0.0.1:1/0", Standing.AT_HOME, False),
        # Its queue lies in the copied database: nobody else's tasks are there.
        ("", Standing.ELSEWHERE, False),
    ],
)
def test_cluster_waits_while_a_shared_queue_may_be_anothers(
    redis: str,
    standing: Standing,
    waits: bool,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.REDIS_URL = redis
    monkeypatch.setattr(presence, "beat", lambda: GuardState(standing))
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.01)
    made = Supervisor(["never started"])
    looks = iter([False, False, True])
    monkeypatch.setattr(made, "_stopping", _Stops(looks))

    made._wait_while_paused()

    assert (next(looks, None) is None) == waits
    lives = Heartbeat.objects.filter(kind=Process.SUPERVISOR).exists()
    assert lives == waits


class _Cluster:
    """A cluster that lives until it is ended; `ended` are the seconds it was given."""

    pid = 1
    members: frozenset[int] = frozenset()
    waited_seconds_ago = float("inf")

    def __init__(self, ended: list[float]) -> None:
        self.ended = ended

    def has_lost_one(self) -> bool:
        """Tell that all its processes live."""
        return False

    def end(self, seconds: float) -> None:
        """Note that it was ended."""
        self.ended.append(seconds)


# What it supervised, and the ends of each cluster that it started.
_Watched = tuple[Supervisor, list[list[float]]]


@pytest.fixture
def supervised(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[Standing | None]], _Watched]:
    """Return what runs a supervisor for as many looks as there are standings.

    None is a look at a database that is away.
    """
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.01)

    def run(standings: list[Standing | None]) -> _Watched:
        made = Supervisor(["never started"])
        ends: list[list[float]] = []
        left = iter(standings)

        def start() -> _Cluster:
            ends.append([])
            return _Cluster(ends[-1])

        def beat() -> GuardState:
            standing = next(left, "over")
            if standing == "over":
                made._stopping.set()
                return GuardState(Standing.AT_HOME)
            if standing is None:
                raise OperationalError
            return GuardState(Standing(standing))

        monkeypatch.setattr(presence, "beat", beat)
        monkeypatch.setattr(process_guard, "on_end", lambda stop: None)
        monkeypatch.setattr(made, "_start", start)
        monkeypatch.setattr(made, "_tick", lambda cluster: None)
        made.run()
        return made, ends

    return run


def test_unread_standing_ends_no_running_cluster(
    supervised: Callable[[list[Standing | None]], _Watched],
) -> None:
    made, ends = supervised([Standing.AT_HOME, None, None, Standing.AT_HOME])
    assert ends == [[supervisor.STOP_SECONDS]]
    assert (made.restarts, made.last_reason) == (0, "")


def test_unread_standing_hinders_the_first_start(
    supervised: Callable[[list[Standing | None]], _Watched],
) -> None:
    made, ends = supervised([None, None, Standing.COPY, None])
    assert (made.restarts, ends) == (0, [])


def test_running_cluster_ends_once_a_copy_is_read(
    supervised: Callable[[list[Standing | None]], _Watched],
) -> None:
    made, ends = supervised([Standing.AT_HOME, Standing.COPY, None, Standing.COPY])
    assert ends == [[GRACE], [supervisor.STOP_SECONDS]]
    assert made.last_reason == supervisor.PAUSED


@pytest.mark.parametrize(
    ("waited", "says"),
    [(float("inf"), supervisor.STOOD_STILL), (20.0, supervisor.STOOD_STILL), (3.0, "")],
)
def test_cluster_that_waits_for_the_database_is_not_dead(
    waited: float, says: str
) -> None:
    made = Supervisor(["never started"], quiet_seconds=10)
    made.ticker.has_beaten = True
    made.ticker._changed_at = time.monotonic() - 15
    cluster: Any = _Cluster([])
    cluster.waited_seconds_ago = waited

    assert made._reason_to_restart(cluster) == says


@pytest.mark.parametrize(
    ("seconds", "says"), [(0.0, supervisor.STOOD_STILL), (14.0, "")]
)
def test_what_the_supervisor_waited_itself_is_no_quiet_of_the_cluster(
    seconds: float, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Supervisor(["never started"], quiet_seconds=10)
    made.ticker.has_beaten = True
    made.ticker._changed_at = time.monotonic() - 15
    cluster: Any = _Cluster([])
    clock = time.monotonic
    shift = [0.0]
    monkeypatch.setattr(supervisor, "time", _Clock(lambda: clock() + shift[0]))

    def tick(**detail: Any) -> None:
        shift[0] += seconds

    monkeypatch.setattr(made.ticker, "tick", tick)
    made._tick(cluster)

    assert made._reason_to_restart(cluster) == says


class _Clock:
    """A module of time whose clock is ours."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic


class _Stops(threading.Event):
    """An event that is set at the third look."""

    def __init__(self, looks: object) -> None:
        super().__init__()
        self._looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        """Return the next look."""
        return bool(next(self._looks))  # type: ignore[call-overload]
