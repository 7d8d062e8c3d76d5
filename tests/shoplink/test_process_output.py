"""Whatever a process says on its standard error is a line of the log, redacted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT

TOKEN = "Atzr|IwEBIcanarycanarycanarycanary"

_RAISE = f"raise ValueError('refused {TOKEN}')"
_IN_THREAD = f"""
import threading
def fail(): {_RAISE}
thread = threading.Thread(target=fail, name="fetcher"); thread.start(); thread.join()
"""
_FORKED = f"""
import multiprocessing
def fail(): {_RAISE}
child = multiprocessing.get_context("fork").Process(target=fail)
child.start(); child.join()
"""
_FINALIZER = f"""
class Bad:
    def __del__(self): {_RAISE}
Bad()
"""
_LOGGING = """
import logging
handler = logs.StderrHandler()
handler.setFormatter(process_output._FORMATTERS[process_output.log_format()])
logging.basicConfig(handlers=[handler])
"""
_BAD_RECORD = f"""{_LOGGING}
logging.getLogger("app").error("%d", "{TOKEN}")
"""
_PRINTED = f"""
import sys
sys.stderr.write("begun "); sys.stderr.write("{TOKEN} and\\nnext\\nrest")
"""
_ROW = """
import sys
for line in ("DETAIL:  Failing row contains (1,", "7 Canary Street, null).",
             "", "The above exception was the direct cause of"):
    print(line, file=sys.stderr)
"""
_WARNING = f"{_LOGGING}\nimport warnings; warnings.warn('soon {TOKEN}')"
_EXIT = f"import sys; sys.exit('cannot {TOKEN}')"


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return the lines of a log, each of which must be a JSON object."""
    rows = [json.loads(line) for line in text.splitlines()]
    names = {"time", "level", "logger", "message", "process"}
    assert all(names <= set(row) for row in rows)
    return rows


def run(script: str, log_format: str = "json") -> str:
    """Run the script in a process whose standard error is taken over."""
    taken = "from shoplink import logs, process_output; process_output.install()\n"
    done = subprocess.run(
        [sys.executable, "-c", taken + script],
        cwd=ROOT,
        env=os.environ | {"LOG_FORMAT": log_format},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.stderr


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(_RAISE, "ends by an error", id="uncaught"),
        pytest.param(_IN_THREAD, "thread fetcher ends", id="thread"),
        pytest.param(_FORKED, "ValueError", id="forked"),
        pytest.param(_FINALIZER, "ValueError", id="finalizer"),
        pytest.param(_BAD_RECORD, "cannot be written", id="bad-record"),
        pytest.param(_PRINTED, "begun [redacted]", id="printed"),
        pytest.param(_ROW, "The above exception", id="row"),
        pytest.param(_WARNING, "soon [redacted]", id="warning"),
        pytest.param(_EXIT, "cannot [redacted]", id="exit"),
    ],
)
def test_process_says_nothing_but_lines_of_the_log(
    script: str, said: str, log_format: str
) -> None:
    text = run(script, log_format)
    assert said in text
    assert "canary" not in text.lower()
    if log_format == "json":
        assert lines_of(text)


def test_uncaught_error_is_one_line_with_its_traceback() -> None:
    rows = lines_of(run(_RAISE))
    assert len(rows) == 1
    assert rows[0]["level"] == "ERROR"
    assert "Traceback" in rows[0]["error"]


def test_format_is_read_anew_after_a_reload(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("LOG_FORMAT=text\n", encoding="utf-8")
    script = f"""
from shoplink import process_output
from pathlib import Path
process_output.install()
print(process_output.log_format())
Path({str(file)!r}).write_text("LOG_FORMAT=json")
print(process_output.log_format())
"""
    environment = {n: v for n, v in os.environ.items() if n != "LOG_FORMAT"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment | {"ENV_FILE": str(file)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["text", "json"]


def test_nothing_is_lost_between_threads() -> None:
    script = """
import sys, threading
def write(n):
    for i in range(50):
        sys.stderr.write(f"{n}-"); sys.stderr.write(f"{i}"); sys.stderr.write("\\n")
threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
"""
    said = {row["message"] for row in lines_of(run(script))}
    assert said == {f"{n}-{i}" for n in range(8) for i in range(50)}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a management command with the project's own settings."""
    base = {n: v for n, v in os.environ.items() if n != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=base | {"LOG_FORMAT": "json"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["no_such_command"], {}),
        (["migrate"], {"DATABASE_URL": "postgres://u:canary-pw@127.0.0.1:1/x"}),
        (["check"], {"SECRET_KEY": "", "FERNET_KEYS": ""}),
        (["check"], {"LOG_FORMAT": "xml"}),
    ],
)
def test_command_that_fails_writes_lines_of_the_log(
    arguments: list[str], environment: dict[str, str]
) -> None:
    done = manage(*arguments, **environment)
    assert done.returncode != 0
    assert lines_of(done.stderr)
    assert "canary" not in done.stderr
