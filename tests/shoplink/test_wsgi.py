"""A web process starts and answers, whatever its database does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

_LIVES = """
from django.test import RequestFactory
from shoplink.wsgi import application
seen = []
request = RequestFactory().get("/healthz", headers={"host": "127.0.0.1"})
b"".join(application(request.environ, lambda status, headers: seen.append(status)))
print(seen)
"""
_READS = """
import django
django.setup()
from django.db import OperationalError, connection
try:
    connection.ensure_connection()
except OperationalError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def silent() -> Iterator[int]:
    """Give the port of a host that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(code: str, port: int, seconds: float, options: str = "") -> str:
    """Run the code in a process whose database is that host; return what it prints."""
    address = f"postgres://someone:secret@127.0.0.1:{port}/shoplink{options}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {
            "DATABASE_URL": address,
            "DEBUG": "true",
            "DJANGO_SETTINGS_MODULE": "shoplink.settings",
        },
        capture_output=True,
        text=True,
        timeout=seconds,
        check=True,
    )
    return done.stdout


def test_web_process_lives_while_its_database_is_silent(silent: int) -> None:
    assert "200" in run(_LIVES, silent, seconds=60, options="?connect_timeout=90")


def test_connection_to_a_silent_database_ends(silent: int) -> None:
    began = time.monotonic()
    assert "OperationalError" in run(_READS, silent, seconds=60)
    assert time.monotonic() - began > 2
