"""Makes everything that a process says on its standard error a line of the log.

What no logger sees would else stand there as it is: an uncaught error, in the main
thread or in another, a warning, the traceback of a forked process, a library's print.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from shoplink.logs import JsonFormatter, StderrHandler, TextFormatter

_ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
_FORMATTERS: dict[str, logging.Formatter] = {
    "json": JsonFormatter(),
    "text": TextFormatter(),
}
# The values of a row may stand on several lines below the first; a traceback goes on
# with one of these.
_HIDING = ("DETAIL:", "CONTEXT:", "LINE ")
_GOING_ON = ("Traceback (", "The above exception", "During handling", "Process ")
_HIDING_SECONDS = 1.0

_Exception = tuple[type[BaseException], BaseException, TracebackType | None]


def log_format() -> str:
    """Return how the log is written, json or text.

    The settings say the same; this is asked before they are read, and where nobody
    reads them, in gunicorn's first process.
    """
    named = os.environ.get("LOG_FORMAT") or _in_env_file()
    if named in _FORMATTERS:
        return named
    return "text" if sys.__stderr__ and sys.__stderr__.isatty() else "json"


def _in_env_file() -> str:
    # Not put into the environment: a reload must find what the file says then.
    path = Path(os.environ.get("ENV_FILE") or _ENV_FILE)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    found = [line.partition("=")[2] for line in lines if line.startswith("LOG_FORMAT=")]
    return found[-1].strip().strip("\"'") if found else ""


def install() -> None:
    """Take over standard error for this process and for those it forks.

    On a terminal text stays as it is; uncaught errors are redacted there too.
    """
    if isinstance(sys.stderr, LogStream):
        return
    written_as = log_format()
    if written_as == "json" or not sys.stderr.isatty():
        sys.stderr = LogStream(sys.stderr, _FORMATTERS[written_as])
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    logging.captureWarnings(True)


def say(logger: str, message: str, error: _Exception | None = None) -> None:
    """Write one line of the level ERROR, whether logging is set up by now or not."""
    handler = StderrHandler(sys.stderr)
    handler.setFormatter(_FORMATTERS[log_format()])
    handler.handle(_record(logger, message, error))


def _record(
    logger: str, message: str, error: _Exception | None = None
) -> logging.LogRecord:
    return logging.LogRecord(logger, logging.ERROR, "", 0, message, (), error)


def _uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        say("process", "Interrupted.")
    else:
        say("process", "The process ends by an error.", (kind, error, trace))


def _uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    if issubclass(told.exc_type, SystemExit):
        return
    name = told.thread.name if told.thread else "unknown"
    error = told.exc_value or told.exc_type()
    say(
        "process",
        f"The thread {name} ends by an error.",
        (told.exc_type, error, told.exc_traceback),
    )


def _unraisable(told: Any) -> None:
    what = told.err_msg or "An error could be raised nowhere"
    error = told.exc_value or told.exc_type()
    say("process", f"{what}.", (told.exc_type, error, told.exc_traceback))


class LogStream(io.TextIOBase):
    """A standard error on which every line is one of the log's."""

    def __init__(self, raw: TextIO, formatter: logging.Formatter) -> None:
        self._raw = raw
        self._formatter = formatter
        # Each thread has a line of its own under way.
        self._begun = threading.local()
        self._hiding_until = 0.0

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return how text becomes bytes."""
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Return what becomes of characters that are none."""
        return "backslashreplace"

    def fileno(self) -> int:
        """Return the file's number, which processes that are started inherit."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Say no: nobody may colour what becomes JSON."""
        return False

    def writable(self) -> bool:
        """Say that text can be written."""
        return True

    def write(self, text: str) -> int:
        """Take text; each line of it that is complete becomes one of the log."""
        *lines, rest = (getattr(self._begun, "text", "") + text).split("\n")
        self._begun.text = rest
        for line in lines:
            self._tell(line)
        return len(text)

    def flush(self) -> None:
        """Write what was begun as a line of its own."""
        rest, self._begun.text = getattr(self._begun, "text", ""), ""
        self._tell(rest)

    def put(self, line: str) -> None:
        """Write a line as it is, in one piece where the system lets us."""
        left = f"{line}\n".encode("utf-8", "backslashreplace")
        try:
            while left:
                left = left[os.write(self.fileno(), left) :]
        except OSError:
            # Nobody reads it any more, and there is nobody else to tell.
            return

    def _tell(self, line: str) -> None:
        if line.strip() and not self._is_hidden(line):
            self.put(self._formatter.format(_record("stderr", line.rstrip())))

    def _is_hidden(self, line: str) -> bool:
        """Tell whether the line is of the values that a database's error quotes."""
        now = time.monotonic()
        if line.startswith(_HIDING):
            self._hiding_until = now + _HIDING_SECONDS
        elif line.startswith(_GOING_ON):
            self._hiding_until = 0.0
        return now < self._hiding_until
