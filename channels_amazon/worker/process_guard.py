"""Keeps one command running: started by path, it needs nothing but Python; worker.

A guarded command is two processes that watch each other through a pipe. When the
command dies, its guard starts it anew. When the guard dies, the command turns into a
guard itself, which starts the command anew: `kill -9` of either is healed in seconds.
A guard that took over goes when the program that launched the first one has gone, so
that nothing outlives a terminal or a process manager.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType

PIPE = "SHOPLINK_GUARD_PIPE"
LAUNCHER = "SHOPLINK_GUARD_LAUNCHER"
TOOK_OVER = "SHOPLINK_GUARD_TOOK_OVER"
# A name of its own: LOG_FORMAT itself would overrule .env in what the guard starts.
LOG_FORMAT = "SHOPLINK_GUARD_LOG_FORMAT"

# A command that dies at once again and again is started more and more rarely. The wait
# doubles by hand, as services/jobs/backoff.py does it: nothing of ours is imported.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 15.0
_LIVED_WELL = 30.0
_LOOK = 0.5


def run_guarded(log_format: str) -> None:
    """Make sure that a guard watches this process; call it first in a command.

    In a process without a guard it does not return: the process becomes the guard
    of the same command line, which says what it says as `log_format`, json or text.
    """
    os.environ[LOG_FORMAT] = log_format
    if PIPE not in os.environ:
        os.environ[LAUNCHER] = _identity(os.getppid())
        os.environ.pop(TOOK_OVER, None)
        _become_guard()
    watch_pipe(_take_over)


def watch_pipe(gone: Callable[[], None]) -> None:
    """Call `gone` in a thread once the process that holds the pipe's end has died."""
    pipe = int(os.environ.pop(PIPE))

    def wait() -> None:
        # Nothing is ever written: a read ends when the other end is closed.
        os.read(pipe, 1)
        gone()

    threading.Thread(target=wait, name="guard-watch", daemon=True).start()


def start_watched(
    command: list[str],
    *,
    own_group: bool = False,
    files: Mapping[str, int] | None = None,
) -> tuple[subprocess.Popen[bytes], int]:
    """Start `command`, which can notice our death; return it and our end of the pipe.

    Keep the end open as long as the command may live. It inherits the open `files`,
    whose numbers its environment holds under these names.
    """
    files = files or {}
    theirs, ours = os.pipe()
    child = subprocess.Popen(  # noqa: S603 - our own command line
        command,
        env=os.environ | {PIPE: str(theirs)} | {k: str(n) for k, n in files.items()},
        stdin=subprocess.DEVNULL,
        pass_fds=(theirs, *files.values()),
        process_group=0 if own_group else None,
    )
    os.close(theirs)
    return child, ours


def _take_over() -> None:
    # One that was left alone on purpose (nohup) has no launcher to follow.
    if not _is_gone(os.environ[LAUNCHER]):
        os.environ[TOOK_OVER] = "1"
    _become_guard()


def _become_guard() -> None:
    # The process keeps its number, so whoever started it still holds the right one.
    os.environ.pop(PIPE, None)
    arguments = [sys.executable, str(Path(__file__).resolve()), *_command()]
    os.execv(sys.executable, arguments)  # noqa: S606 - our own command line


def _command() -> list[str]:
    return [sys.executable, *sys.argv]


def _identity(pid: int) -> str:
    """Return a name for a process that a later one with its number does not bear."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return f"{pid}:"
    # The name in brackets may hold blanks; the start time is field 22.
    return f"{pid}:{stat.rpartition(')')[2].split()[19]}"


def _is_gone(identity: str) -> bool:
    pid = int(identity.partition(":")[0])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _identity(pid) != identity


def on_end(stop: Callable[[int, FrameType | None], object]) -> None:
    """Call `stop` when this process is told to end: by a hang-up as by SIGTERM.

    So a hang-up is no sudden death, and under a process manager it starts anew.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # nohup has hang-ups ignored, and wants them to be.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def _say(message: str, error: str = "") -> None:
    """Write one line of the log, in the form that shoplink/logs.py gives it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = f"{now} WARNING guard: {message}"
    if os.environ.get(LOG_FORMAT) == "json":
        row = {"time": now, "level": "WARNING", "logger": "guard", "message": message}
        more = {"error": error} if error else {}
        line = json.dumps(row | {"process": os.getpid()} | more)
    elif error:
        line = f"{line}\n{error}"
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    # Nothing of ours is imported, and the guard knows no secret to redact.
    story = traceback.format_exception(kind, error, trace)
    _say("The guard ends by an error.", "".join(story))


class Guard:
    """The watching half: starts the command anew until told to stop."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.stopping = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Keep the command alive; return the exit code of a wanted end."""
        on_end(self._stop)
        wait = _FIRST_WAIT
        while True:
            began = time.monotonic()
            code = self._run_once()
            if self.stopping.is_set() or code == 0:
                return max(code, 0)
            if time.monotonic() - began > _LIVED_WELL:
                wait = _FIRST_WAIT
            _say(f"The command ended with {code}, it starts again in {wait:g} s.")
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _run_once(self) -> int:
        if self.stopping.is_set():
            return 0
        self.child, pipe = start_watched(self.command)
        try:
            if self.stopping.is_set():
                self.child.terminate()
            while True:
                try:
                    return self.child.wait(timeout=_LOOK)
                except subprocess.TimeoutExpired:
                    self._look_for_launcher()
        finally:
            os.close(pipe)

    def _look_for_launcher(self) -> None:
        # Only after a take-over: until then the launcher is our parent, or let us go.
        if TOOK_OVER in os.environ and _is_gone(os.environ[LAUNCHER]):
            self._stop(signal.SIGTERM, None)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()


if __name__ == "__main__":
    sys.excepthook = _uncaught
    raise SystemExit(Guard(sys.argv[1:]).run())
