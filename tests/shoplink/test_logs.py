"""Tests of the log formats: one line a record, nothing secret in it."""

import json
import logging
import sys

import pytest

from shoplink.logs import JsonFormatter, TextFormatter

TOKEN = "Atzr|IwEBIcanarycanarycanarycanary"


def _record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(
        "app", logging.ERROR, __file__, 1, message, arguments, None
    )


def test_json_line_holds_level_logger_and_utc_time() -> None:
    row = json.loads(JsonFormatter().format(_record("sync=%s done", 7)))
    assert (row["level"], row["logger"], row["message"]) == (
        "ERROR",
        "app",
        "sync=7 done",
    )
    assert row["time"].endswith("+00:00")


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_line_never_holds_a_token(formatter: logging.Formatter) -> None:
    assert TOKEN not in formatter.format(_record("refresh_token=%s", TOKEN))


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_traceback_never_holds_a_token(formatter: logging.Formatter) -> None:
    record = _record("failed")
    try:
        raise ValueError(f"bad token {TOKEN}")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = formatter.format(record)
    assert "ValueError" in line
    assert TOKEN not in line
