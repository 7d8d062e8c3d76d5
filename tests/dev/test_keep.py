"""Tests of what keeps a command of the demonstration running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
KEEP = (
    f"import sys; from dev.keep import keep; keep([sys.executable, '-c', {COMMAND!r}])"
)


def test_killed_command_starts_again_and_ends_on_sigterm() -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEP],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout is not None
    first = int(keeper.stdout.readline())
    os.kill(first, signal.SIGKILL)
    assert keeper.stdout.readline().startswith("Ended with -9, starting it again")
    second = int(keeper.stdout.readline())
    keeper.terminate()
    keeper.communicate(timeout=10)
    assert second != first
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
