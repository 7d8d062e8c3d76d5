"""A kept command and its keeper heal each other, and end when they are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.scene import is_running, wait_for

SCRIPT = Path(__file__).with_name("kept_script.py")


class Kept:
    """The kept script with what it wrote: one line each time it started."""

    def __init__(self, story: Path) -> None:
        self.story = story
        story.touch()
        self.root = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(story)],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def starts(self) -> list[tuple[int, int]]:
        """Return the numbers of the command and of its keeper, for each start."""
        lines = self.story.read_text(encoding="utf-8").splitlines()
        return [(int(line.split()[0]), int(line.split()[1])) for line in lines]

    def started(self, times: int) -> tuple[int, int]:
        """Wait until the command has started so often; return the last numbers."""
        wait_for(lambda: len(self.starts()) >= times)
        return self.starts()[-1]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Run the kept script, and end all of it afterwards."""
    running = Kept(tmp_path / "story")
    yield running
    try:
        os.killpg(running.root.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        running.root.wait()


def test_command_is_started_by_a_keeper(kept: Kept) -> None:
    child, keeper = kept.started(1)
    assert keeper == kept.root.pid
    assert child != keeper


def test_killed_command_is_started_again(kept: Kept) -> None:
    child, _keeper = kept.started(1)
    os.kill(child, signal.SIGKILL)
    again, keeper = kept.started(2)
    assert again != child
    assert keeper == kept.root.pid


def test_killed_keeper_is_replaced_by_the_command(kept: Kept) -> None:
    child, keeper = kept.started(1)
    os.kill(keeper, signal.SIGKILL)
    kept.root.wait()
    _again, new_keeper = kept.started(2)
    assert new_keeper == child


def test_term_ends_command_and_keeper(kept: Kept) -> None:
    child, _keeper = kept.started(1)
    kept.root.terminate()
    assert kept.root.wait(timeout=10) == 0
    assert not is_running(child)


def test_keeper_that_took_over_goes_with_its_launcher(tmp_path: Path) -> None:
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
    child, keeper = map(int, story.read_text(encoding="utf-8").split())
    os.kill(keeper, signal.SIGKILL)
    wait_for(lambda: len(story.read_text(encoding="utf-8").splitlines()) == 2)
    launcher.kill()
    launcher.wait()
    wait_for(lambda: not is_running(child))
