"""A guarded command and its guard heal each other, and end when they are told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.scene import is_running, wait_for

SCRIPT = Path(__file__).with_name("guarded_script.py")


class Guarded:
    """The guarded script with what it wrote: one line each time it started."""

    def __init__(self, story: Path) -> None:
        self.story = story
        story.touch()
        self.log = story.with_name("log")
        with self.log.open("wb") as log:
            self.root = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(story)],
                env=os.environ | {"LOG_FORMAT": "text"},
                stderr=log,
                start_new_session=True,
            )

    def starts(self) -> list[tuple[int, int]]:
        """Return the numbers of the command and of its guard, for each start."""
        lines = self.story.read_text(encoding="utf-8").splitlines()
        return [(int(line.split()[0]), int(line.split()[1])) for line in lines]

    def started(self, times: int) -> tuple[int, int]:
        """Wait until the command has started so often; return the last numbers."""
        wait_for(lambda: len(self.starts()) >= times)
        return self.starts()[-1]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """Run the guarded script, and end all of it afterwards."""
    running = Guarded(tmp_path / "story")
    yield running
    try:
        os.killpg(running.root.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        running.root.wait()


def test_command_is_started_by_a_guard(guarded: Guarded) -> None:
    child, guard = guarded.started(1)
    assert guard == guarded.root.pid
    assert child != guard


def test_killed_command_is_started_again(guarded: Guarded) -> None:
    child, _guard = guarded.started(1)
    os.kill(child, signal.SIGKILL)
    again, guard = guarded.started(2)
    assert again != child
    assert guard == guarded.root.pid


def test_guard_writes_in_the_form_that_it_was_told(guarded: Guarded) -> None:
    child, _guard = guarded.started(1)
    os.kill(child, signal.SIGKILL)
    guarded.started(2)
    (line,) = guarded.log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["logger"] == "guard"


def test_killed_guard_is_replaced_by_the_command(guarded: Guarded) -> None:
    child, guard = guarded.started(1)
    os.kill(guard, signal.SIGKILL)
    guarded.root.wait()
    _again, new_guard = guarded.started(2)
    assert new_guard == child


def test_term_ends_command_and_guard(guarded: Guarded) -> None:
    child, _guard = guarded.started(1)
    guarded.root.terminate()
    assert guarded.root.wait(timeout=10) == 0
    assert not is_running(child)


def test_guard_that_took_over_goes_with_its_launcher(tmp_path: Path) -> None:
    story = tmp_path / "story"
    story.touch()
    launch = (
        "import subprocess, sys, time\nsubprocess.Popen(sys.argv[1:])\ntime.sleep(60)\n"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", launch, sys.executable, str(SCRIPT), str(story)],
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: bool(story.read_text(encoding="utf-8")))
    child, guard = map(int, story.read_text(encoding="utf-8").split())
    os.kill(guard, signal.SIGKILL)
    wait_for(lambda: len(story.read_text(encoding="utf-8").splitlines()) == 2)
    launcher.kill()
    launcher.wait()
    wait_for(lambda: not is_running(child))
