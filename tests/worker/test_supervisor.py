"""A supervisor of a paused installation starts nothing that takes others' tasks."""

from __future__ import annotations

import threading

import pytest
from pytest_django import Settings

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.installation import presence
from channels_amazon.services.installation.guard import GuardState
from channels_amazon.worker import supervisor
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


class _Stops(threading.Event):
    """An event that is set at the third look."""

    def __init__(self, looks: object) -> None:
        super().__init__()
        self._looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        """Return the next look."""
        return bool(next(self._looks))  # type: ignore[call-overload]
