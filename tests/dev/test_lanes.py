"""Lanes run at once, each line says whose it is, and no failure is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev import lanes

# Each of two waits for the file that the other one makes.
MEET = """
import pathlib, sys, time
mine, other = map(pathlib.Path, sys.argv[1:])
mine.touch()
ends = time.monotonic() + 30
while not other.exists():
    if time.monotonic() > ends:
        sys.exit("alone")
    time.sleep(0.02)
"""


def run(title: str, code: str, *arguments: str) -> lanes.Run:
    """Return a run of some Python."""
    command = [sys.executable, "-c", code, *arguments]
    return lanes.Run(title, command, dict(os.environ))


def test_lanes_run_at_once(tmp_path: Path) -> None:
    one = [run("one", MEET, "one", "two")]
    two = [run("two", MEET, "two", "one")]

    assert lanes.do([one, two], tmp_path) == {"one": 0, "two": 0}


def test_runs_of_a_lane_follow_each_other_whatever_became_of_one(
    tmp_path: Path,
) -> None:
    code = "import pathlib, sys; sys.exit(pathlib.Path('there').exists())"
    make = "open('there', 'w').close()"
    lane = [run("before", code), run("make", make), run("after", code)]
    lane += [run("last", "import sys; sys.exit(5)")]

    told = lanes.do([lane], tmp_path)

    assert told == {"before": 0, "make": 0, "after": 1, "last": 5}


def test_each_line_says_whose_it_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import sys, time\n"
        "print('half', end='', flush=True); time.sleep(0.6); print(' and half')\n"
        "sys.stderr.write('店\\nno end')"
    )

    lanes.do([[run("SQLite", code)]], tmp_path)

    told = capfd.readouterr().out.splitlines()
    assert {"SQLite | half and half", "SQLite | 店", "SQLite | no end"} <= set(told)
    assert told[-1].startswith("-- SQLite: ")


def test_chosen_lines_are_told_once_more_at_the_end(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = run("one", "print('FAILED a'); print('not FAILED'); print('after')")
    second = run("two", "print('FAILED b')")

    lanes.do([[first, second]], tmp_path, again=("FAILED ",))

    told = capfd.readouterr().out.splitlines()
    assert told[-2:] == ["one | FAILED a", "two | FAILED b"]
    assert told.count("one | FAILED a") == 2
    assert told.count("one | not FAILED") == 1


def test_what_a_program_leaves_behind_holds_up_nothing(tmp_path: Path) -> None:
    sleeper = "import time; time.sleep(5)"
    code = (
        "import subprocess, sys; "
        f"subprocess.Popen([sys.executable, '-c', {sleeper!r}]); sys.exit(3)"
    )

    assert lanes.do([[run("left", code)]], tmp_path) == {"left": 3}


# The first run sleeps until it is ended, the second one must never begin.
INTERRUPTED = """
import os, sys
from pathlib import Path
from dev import lanes
sleep = "import time; open('begun', 'w').close(); time.sleep(60)"
runs = [
    lanes.Run(title, [sys.executable, "-c", code], dict(os.environ))
    for title, code in {"one": sleep, "two": "open('second', 'w').close()"}.items()
]
lanes.do([runs], Path(sys.argv[1]))
"""


def test_nothing_more_begins_after_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    root = Path(lanes.__file__).parent.parent
    process = subprocess.Popen(
        command, cwd=root, stderr=subprocess.DEVNULL, start_new_session=True
    )
    ends = time.monotonic() + 30
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < ends
        time.sleep(0.05)

    # As a terminal does: to the whole group.
    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(timeout=30) != 0
    assert not (tmp_path / "second").exists()
