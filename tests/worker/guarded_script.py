"""A command that the guard keeps alive: it writes its number, then waits."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from channels_amazon.worker import process_guard

process_guard.run_guarded("json")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with Path(sys.argv[1]).open("a", encoding="utf-8") as story:
    story.write(f"{os.getpid()} {os.getppid()}\n")
while True:
    time.sleep(0.05)
