"""The task queue's cluster as one group of processes: started, watched, ended; worker.

django-q2's cluster hangs for good when one of its processes dies while it holds a lock
of the others (django-q #23, #339, #346). So any death ends the whole group.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from channels_amazon.services.jobs import life_sign
from channels_amazon.worker import process_guard

logger = logging.getLogger(__name__)

# How long a group may finish its tasks before it is killed.
GRACE = 4.0
_PROC = Path("/proc")


class ClusterGroup:
    """One running cluster; its processes share a process group of their own.

    `members` are the numbers of all processes seen in it, dead ones too.
    """

    def __init__(self, command: list[str]) -> None:
        self._life = tempfile.TemporaryFile()
        self.leader, self._pipe = process_guard.start_watched(
            command, own_group=True, files={life_sign.FILE: self._life.fileno()}
        )
        self.pid = self.leader.pid
        self.members: set[int] = set()

    @property
    def waited_seconds_ago(self) -> float:
        """Return how long ago one of it said that it waits for the database alone."""
        return life_sign.seconds_since(self._life.fileno())

    def has_lost_one(self) -> bool:
        """Tell whether a process of the group has died since it was first seen."""
        if self.leader.poll() is not None:
            return True
        present = living_members(self.pid)
        if present is None:
            return False
        is_short = not self.members <= present
        self.members |= present
        return is_short

    def end(self, seconds: float) -> None:
        """Let the tasks at work finish for `seconds`, then kill what is left."""
        if seconds and self.leader.poll() is None:
            self.leader.terminate()
            try:
                self.leader.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                logger.warning("cluster killed pid=%s", self.pid)
        self._kill()
        os.close(self._pipe)
        self._life.close()

    def _kill(self) -> None:
        # Again and again: a process may be forking while its group is killed.
        for _attempt in range(50):
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                break
            self.leader.poll()
            if not living_members(self.pid):
                break
            time.sleep(0.05)
        self.leader.wait()


def living_members(group: int) -> set[int] | None:
    """Return the processes of the group that live; None where there is no /proc."""
    if not (_PROC / "self" / "stat").exists():
        return None
    numbers = (entry for entry in os.listdir(_PROC) if entry.isdigit())
    return {int(number) for number in numbers if _group_of(number) == group}


def _group_of(number: str) -> int | None:
    """Return the process's group, None when it is gone or dead but not yet buried."""
    try:
        stat = (_PROC / number / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, _parent, group = stat.rpartition(")")[2].split()[:3]
    return None if state in {"Z", "X"} else int(group)
