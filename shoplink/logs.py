"""Formats log lines, as JSON for machines or text for people, after redaction."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from channels_amazon.spapi.redact import redact_text


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
    return redact_text(record.getMessage())


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not record.exc_info:
        return ""
    return redact_text(formatter.formatException(record.exc_info))
