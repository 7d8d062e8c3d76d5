"""Keeps a management command running: again when it dies, ended on SIGTERM.

The demonstration's stand-in for what systemd does on a server (docs/deploy.md).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

# Long enough that a command that cannot start does not fill the log.
_PAUSE = 1.0


def keep(command: list[str]) -> int:
    """Run `command` until SIGTERM or SIGINT; return its last exit code."""
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    ending = threading.Event()
    child: subprocess.Popen[bytes] | None = None

    def end(number: int, frame: FrameType | None) -> None:
        ending.set()
        if child is not None and child.poll() is None:
            child.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while True:
        child = subprocess.Popen(command)
        code = child.wait()
        _end_heirs()
        if ending.wait(_PAUSE):
            return code
        print(f"Ended with {code}, starting it again: {' '.join(command)}", flush=True)


def _end_heirs() -> None:
    # What the command left behind may go on by itself: two of it would then run.
    kept = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(os.getpgrp(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, kept)


if __name__ == "__main__":
    sys.exit(keep([sys.executable, "manage.py", *sys.argv[1:]]))
