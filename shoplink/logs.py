"""Formats log lines, as JSON for machines or text for people, after redaction."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

from channels_amazon.spapi.redact import redact_text

# What one record may cost, in characters. A pipe takes 4,096 bytes (PIPE_BUF) in one
# piece: a longer line, which is one with a traceback, may be cut by another process.
_LONGEST_MESSAGE = 20_000
_LONGEST_TRACE = 20_000


class StderrHandler(logging.StreamHandler[TextIO]):
    """Write to standard error, one line at a time, and never a record it cannot."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; a stream that makes lines itself gets it as it is."""
        put = getattr(self.stream, "put", None)
        if put is None:
            super().emit(record)
            return
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - the edge of logging itself
            self.handleError(record)
            return
        put(line)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say where the bad line is; logging itself would print what is in it."""
        bad = logging.LogRecord(
            record.name,
            logging.ERROR,
            record.pathname,
            record.lineno,
            "A line of the log cannot be written: %s, line %s.",
            (record.pathname, record.lineno),
            None,
        )
        put = getattr(self.stream, "put", None)
        try:
            if put is not None:
                put(self.format(bad))
            else:
                self.stream.write(f"{self.format(bad)}\n")
        except (OSError, ValueError):
            # Standard error itself is closed: nobody is left to be told, and a line of
            # the log must never end what it tells of.
            return


class TextFormatter(logging.Formatter):
    """Write one readable line a record, times in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the redacted line, with the traceback below it if there is one."""
        line = f"{_time(record)} {record.levelname} {record.name}: {_message(record)}"
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


class JsonFormatter(logging.Formatter):
    """Write one JSON object a line: time, level, logger, message, process, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the redacted record as one line of JSON."""
        row: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "process": record.process,
        }
        trace = _trace(self, record)
        if trace:
            row["error"] = trace
        return json.dumps(row, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    stamp = datetime.fromtimestamp(record.created, tz=UTC)
    return stamp.isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    return redact_text(record.getMessage())[:_LONGEST_MESSAGE]


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    # What a stack shows of the past is the least of it: its end says what happened.
    traces = []
    if record.exc_info and record.exc_info[0]:
        traces.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        traces.append(formatter.formatStack(record.stack_info))
    return redact_text("\n".join(traces))[-_LONGEST_TRACE:]
