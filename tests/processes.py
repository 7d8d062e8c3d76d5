"""Starts processes that share the test's database, and ends exactly those."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


class ChildFailed(AssertionError):
    """Say that a process a test started did not end well, with what it wrote."""


@dataclass
class Processes:
    """Processes on the test's own database; the test must use transactions."""

    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def command(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `manage.py` with `arguments` and return without waiting."""
        return self._start(["manage.py", *arguments], environment)

    def python(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start Python with `arguments` and return without waiting."""
        return self._start(list(arguments), environment)

    def together(
        self, function: str, *arguments: Any, count: int = 2, seconds: float = 60
    ) -> list[Any]:
        """Call `function` in `count` processes at one moment; return their results.

        `function` is "package.module:name"; the last argument it gets is the number
        of its process. Arguments and results travel as JSON. Raises ChildFailed.
        """
        call = ["-m", "tests.child", function, json.dumps(arguments)]
        children = [self._start([*call, str(n)], {}) for n in range(count)]
        for child in children:
            if _read_line(child) != "ready":
                raise ChildFailed(_story(child, seconds))
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        return [json.loads(self.output(child, seconds)) for child in children]

    def output(self, child: subprocess.Popen[str], seconds: float = 60) -> str:
        """Wait for `child` and return what it wrote; raises ChildFailed."""
        try:
            out, error = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            raise ChildFailed(_story(child, 0)) from late
        if child.returncode:
            raise ChildFailed(f"exit {child.returncode}\n{out}\n{error}")
        return out

    def stop(self) -> None:
        """End every process this object started, with those they started."""
        for child in self.started:
            _kill_group(child)
            child.communicate()
        self.started.clear()

    def _start(
        self, arguments: list[str], environment: dict[str, str]
    ) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": database_url(),
            }
            | self.environment
            | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(child)
        return child


def database_url() -> str:
    """Return the address of the test's own database, for another process."""
    row = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{row['NAME']}"
    user, password = quote(row["USER"], safe=""), quote(row["PASSWORD"], safe="")
    place = f"{quote(row['HOST'], safe='')}:{row['PORT']}"
    return f"postgres://{user}:{password}@{place}/{row['NAME']}"


def _read_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def _story(child: subprocess.Popen[str], seconds: float) -> str:
    try:
        out, error = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _kill_group(child)
        out, error = child.communicate()
    return f"exit {child.returncode}\n{out}\n{error}"


def _kill_group(child: subprocess.Popen[str]) -> None:
    # The group outlives its leader while one of its processes does.
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
