"""The change of FERNET_KEYS with real processes, step by step, and what goes wrong.

The steps are those of `manage.py rotate_keys --help`, docs/deploy.md and .env.example.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.db.models import Max
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.management.commands.rotate_keys import STEPS
from channels_amazon.models import (
    AmazonAccount,
    Heartbeat,
    SyncJob,
    SyncRun,
    key_fingerprints,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs.lifecycle import ensure_jobs, unblock
from tests import builders
from tests.processes import ChildFailed, Processes
from tests.services.privacy.scene import NEW, OLD, forget_keys, use
from tests.whole.installation import free_ports, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 45
_QUIET = {"LOG_LEVEL": "CRITICAL", "QUEUE_WORKERS": "2"}


@pytest.mark.parametrize("place", ["docs/deploy.md", ".env.example"])
def test_documents_tell_the_steps_of_the_command(place: str) -> None:
    text = (ROOT / place).read_text(encoding="utf-8")
    told = re.sub(r"\s+", " ", re.sub(r"^# ?", "", text, flags=re.MULTILINE))
    for number, step in enumerate(STEPS, 1):
        assert f"{number}. {step}" in told.replace("`", "")


class Shoplink:
    """All our processes, started and stopped together with the same keys."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._started: list[subprocess.Popen[str]] = []
        self._port = free_ports()[0]

    def start(self, *keys: str) -> None:
        """Start web, worker and consumer, and wait until each shows life."""
        environment = _QUIET | {"FERNET_KEYS": ",".join(keys)}
        begun = timezone.now()
        self._started = [
            self._processes.command("worker", **environment),
            self._processes.command("consume_notifications", **environment),
            self._web(environment),
        ]
        names = key_fingerprints(keys)

        def all_show_life() -> bool:
            beats = Heartbeat.objects.filter(beat_at__gte=begun, detail__keys=names)
            return set(beats.values_list("kind", flat=True)) == set(Process)

        wait_for(all_show_life, SECONDS)

    def stop(self) -> None:
        """End them in order."""
        for one in self._started:
            one.terminate()
        for one in self._started:
            one.communicate(timeout=SECONDS)
        self._started = []

    def _web(self, environment: dict[str, str]) -> subprocess.Popen[str]:
        code = "import sys; from gunicorn.app.wsgiapp import run; sys.exit(run())"
        flags = [f"--bind=127.0.0.1:{self._port}", "--workers=1", "--log-level=error"]
        return self._processes.python("-c", code, *flags, **environment)

    def rotate(self, *keys: str, wait: float = 75) -> str:
        """Run the command with these keys; raises ChildFailed where it refuses."""
        command = self._processes.command(
            "rotate_keys", f"--wait={wait}", FERNET_KEYS=",".join(keys)
        )
        return self._processes.output(command, seconds=120)


@pytest.fixture
def shoplink(
    processes: Processes, emulator: Emulator, settings: Settings
) -> Iterator[Shoplink]:
    """Give our processes, not yet started, and an account under the old key."""
    use(settings, OLD)
    account = builders.make_account(emulator=emulator)
    ensure_jobs(account)
    yield Shoplink(processes)
    settings.FERNET_KEYS = ["tests-only-key-of-more-than-32-bytes-0001"]
    forget_keys()


def state() -> str:
    """Return what became of the account."""
    return str(AmazonAccount.objects.get().state)


def has_run(state: str, code: str, since: datetime) -> Callable[[], bool]:
    """Return whether a run ended so since that time."""
    runs = SyncRun.objects.filter(state=state, code=code, started_at__gte=since)
    return runs.exists


def run_all() -> datetime:
    """Make every job due; return the time."""
    now = timezone.now()
    unblock(AmazonAccount.objects.get())
    return now


def test_steps_change_the_key_and_interrupt_nothing(shoplink: Shoplink) -> None:
    shoplink.start(OLD)
    wait_for(has_run("done", "", run_all()), SECONDS)
    # Too early: the processes still hold the old key alone.
    with pytest.raises(ChildFailed, match=r"Worker supervisor on .*Web process on"):
        shoplink.rotate(NEW, OLD, wait=0)

    shoplink.stop()
    shoplink.start(NEW, OLD)
    wait_for(has_run("done", "", run_all()), SECONDS)
    assert "Every secret is under the first key" in shoplink.rotate(NEW, OLD)

    shoplink.stop()
    shoplink.start(NEW)
    wait_for(has_run("done", "", run_all()), SECONDS)
    assert state() == AmazonAccount.State.CONNECTED
    codes = set(SyncRun.objects.exclude(code="").values_list("code", flat=True))
    assert codes.isdisjoint({"host.keys_differ", "token.undecryptable"}), codes


def test_wrong_keys_are_forgotten_once_the_right_ones_are_back(
    shoplink: Shoplink,
) -> None:
    shoplink.start(NEW)
    since = run_all()
    wait_for(has_run("failed", "token.undecryptable", since), SECONDS)
    assert state() == AmazonAccount.State.CONNECTED
    assert not SyncJob.objects.exclude(blocked_code="").exists()

    shoplink.stop()
    since = timezone.now()
    # Nobody presses anything: it goes on by itself.
    shoplink.start(NEW, OLD)
    wait_for(has_run("done", "", since), SECONDS)
    assert state() == AmazonAccount.State.CONNECTED
    last = SyncRun.objects.aggregate(last=Max("pk"))["last"]
    assert SyncRun.objects.get(pk=last).code in {"", "quota.waiting"}
