"""`manage.py worker` comes back by itself whichever of its processes is killed."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import claims, queue
from tests.builders import make_account, make_job
from tests.processes import Processes
from tests.worker.scene import is_running, wait_for

pytestmark = [pytest.mark.chaos, pytest.mark.twoprocess]

# What the product promises.
HEALED_WITHIN = 30.0


@dataclass(frozen=True)
class Team:
    """The processes of one worker, by their part."""

    guard: int
    supervisor: int
    leader: int
    sentinel: int
    worker: int
    other_worker: int
    monitor: int
    pusher: int


def children(pid: int) -> list[int]:
    """Return the living children of a process, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text(encoding="utf-8")
        except OSError:
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        if int(parent) == pid and state != "Z":
            found.append(int(entry.name))
    return sorted(found)


def team_of(guard: int) -> Team | None:
    """Return the whole team, None while one of it is missing."""
    chain = [guard]
    for _part in ("supervisor", "leader", "sentinel"):
        below = children(chain[-1])
        if not below:
            return None
        chain.append(below[0])
    members = children(chain[-1])
    return Team(*chain, *members) if len(members) == 4 else None


def wait_for_leader(guard: int) -> int:
    """Wait until the cluster's first process has started; return its number."""
    found: list[int] = []

    def has_started() -> bool:
        for supervisor in children(guard):
            found.extend(children(supervisor))
        return bool(found)

    wait_for(has_started)
    return found[0]


def wait_for_work(guard: int, after: Team | None = None) -> Team:
    """Wait until a task has come through the queue of a whole team; return the team.

    With `after` it must be another team than that one.
    """
    ends = time.monotonic() + HEALED_WITHIN
    while time.monotonic() < ends:
        team = team_of(guard)
        is_new = team is not None and (after is None or after.leader != team.leader)
        if team and is_new and has_beaten(team.worker, team.other_worker):
            return team
        time.sleep(0.1)
    raise AssertionError("The worker did not come back to work.")


def has_beaten(*pids: int) -> bool:
    """Tell whether a task that one of these processes ran gave a sign of life."""
    beats: bool = Heartbeat.objects.filter(kind=Process.QUEUE, pid__in=pids).exists()
    return beats


@pytest.fixture
def guard(processes: Processes) -> int:
    """Start a worker and return the number of its first process."""
    # Nobody reads its output, so it must not have much to say.
    quiet = {"LOG_LEVEL": "CRITICAL", "QUEUE_WORKERS": "2"}
    worker = processes.command("worker", "--quiet-seconds=4", **quiet)
    return worker.pid


def test_worker_heals_after_the_kill_of_any_process(guard: int) -> None:
    for part in ("worker", "monitor", "pusher", "sentinel", "leader", "supervisor"):
        team = wait_for_work(guard)
        os.kill(getattr(team, part), signal.SIGKILL)
        wait_for_work(guard, after=team)
        assert not is_running(team.sentinel), part


def test_worker_heals_a_death_its_supervisor_could_not_see(guard: int) -> None:
    # It looks once a second: a process may die before it was ever seen alive.
    leader = wait_for_leader(guard)
    supervisor = children(guard)[0]
    os.kill(supervisor, signal.SIGSTOP)
    queue.enqueue(queue.BEAT_TASK)
    team = wait_for_work(guard)
    assert team.leader == leader
    os.kill(team.worker, signal.SIGKILL)
    wait_for(lambda: not is_running(team.worker))
    os.kill(supervisor, signal.SIGCONT)
    wait_for_work(guard, after=team)
    assert not is_running(team.sentinel)


def test_worker_heals_after_the_kill_of_its_guard(
    guard: int, processes: Processes
) -> None:
    team = wait_for_work(guard)
    os.kill(guard, signal.SIGKILL)
    processes.started[0].wait()
    wait_for_work(team.supervisor, after=team)
    assert not is_running(team.leader)


def test_worker_heals_a_queue_that_stands_still(guard: int) -> None:
    team = wait_for_work(guard)
    for pid in (team.worker, team.other_worker):
        os.kill(pid, signal.SIGSTOP)
    wait_for_work(guard, after=team)
    assert not is_running(team.worker)


def test_worker_outlives_a_database_that_is_locked_for_long(guard: int) -> None:
    team = wait_for_work(guard)
    with transaction.atomic():
        # On SQLite the transaction holds the one lock of all writers.
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {Heartbeat._meta.db_table}")
        # Twice as long as the queue may be quiet.
        time.sleep(8)
        since = timezone.now()
    beats = Heartbeat.objects.filter(kind=Process.QUEUE, beat_at__gt=since)
    wait_for(beats.exists)
    # It would have been ended by now, a look a second.
    time.sleep(3)
    assert team_of(guard) == team


def test_worker_runs_a_due_job_and_ends_on_term(
    guard: int, processes: Processes
) -> None:
    wait_for_work(guard)
    # No address of Amazon is set, so the run fails: that it ran is what counts.
    job = make_job(make_account())
    ends = time.monotonic() + HEALED_WITHIN
    while claims.is_work_due() or not job.runs.exclude(state="running").exists():
        assert time.monotonic() < ends, "The job was not run."
        time.sleep(0.1)
    processes.started[0].terminate()
    assert processes.started[0].wait(timeout=HEALED_WITHIN) == 0
