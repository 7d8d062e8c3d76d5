"""The worker, the consumer and the web server write lines of the log and no others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.db import connection
from django_q.models import OrmQ, Task

from channels_amazon.models import Heartbeat
from channels_amazon.services.jobs import queue
from dev.services import free_port
from tests.builders import make_account, make_job
from tests.faulty_tables import BUYER, STREET, refusing
from tests.processes import ROOT, database_url
from tests.worker.scene import is_running, wait_for

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.twoprocess,
    pytest.mark.django_db(transaction=True),
]

TOKEN = "Atzr|IwEBIcanarycanarycanarycanary"


class Running:
    """A program of the product with everything that it and its children write."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        self.file = folder / "output.txt"
        with self.file.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=os.environ
                | {
                    "DJANGO_SETTINGS_MODULE": "tests.settings",
                    "DATABASE_URL": database_url(),
                    "LOG_LEVEL": "INFO",
                }
                | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        """Return what was written so far."""
        return self.file.read_text(encoding="utf-8")

    def says(self, *words: str, seconds: float = 40) -> None:
        """Wait until all the words were written."""
        wait_for(lambda: all(word in self.text() for word in words), seconds)

    def end(self) -> list[dict[str, Any]]:
        """End the program; return its lines, each of which must be JSON."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=40)
        rows = [json.loads(line) for line in self.text().splitlines()]
        assert all({"time", "level", "logger", "message"} <= set(row) for row in rows)
        for canary in (BUYER, STREET, "canarycanary"):
            assert canary not in self.text()
        return rows

    def kill(self) -> None:
        """End what is left of the program at once."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.process.wait()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Give a stack that ends the programs of a test."""
    with ExitStack() as ended:
        yield ended


def start(stack: ExitStack, folder: Path, *command: str, **environment: str) -> Running:
    """Start a program that ends with the test."""
    running = Running(folder, *command, **environment)
    stack.callback(running.kill)
    return running


def test_cluster_whose_table_refuses_writes_lines(
    stack: ExitStack, tmp_path: Path
) -> None:
    """The task fails, its row is written, and the process that cannot is ended."""
    make_job(make_account())
    with refusing(Heartbeat._meta.db_table, "UPDATE"):
        with refusing(OrmQ._meta.db_table, "DELETE"):
            running = start(stack, tmp_path, "manage.py", "worker")
            running.says("process of the cluster ended", "cluster restarted")
            running.says("a check is violated")
            rows = running.end()
    assert any("Traceback" in row.get("error", "") for row in rows)


def test_failed_task_is_stored_without_secrets_and_rows(
    stack: ExitStack, tmp_path: Path
) -> None:
    queue.enqueue("tests.whole.failing_tasks.fail_with_token")
    queue.enqueue("tests.whole.failing_tasks.fail_with_row")
    running = start(stack, tmp_path, "manage.py", "worker")
    wait_for(lambda: Task.objects.filter(success=False).count() >= 2, 40)
    running.end()
    stored = "".join(str(task.result) for task in Task.objects.all())
    assert "Traceback" in stored
    for canary in (BUYER, STREET, "canarycanary"):
        assert canary not in stored


def test_killed_processes_are_spoken_of_in_lines(
    stack: ExitStack, tmp_path: Path
) -> None:
    running = start(stack, tmp_path, "manage.py", "worker")
    running.says("cluster started")
    started = [json.loads(line) for line in running.text().splitlines()]
    supervisor = next(r for r in started if "cluster started" in r["message"])
    os.kill(supervisor["process"], signal.SIGKILL)
    running.says("it starts again", "cluster started", seconds=20)
    assert any(row["logger"] == "guard" for row in running.end())


def test_consumer_without_queue_and_table_writes_lines(
    stack: ExitStack, tmp_path: Path
) -> None:
    with refusing(Heartbeat._meta.db_table, "INSERT"):
        command = ("manage.py", "consume_notifications")
        running = start(stack, tmp_path, *command, SQS_QUEUE_URL="")
        running.says("no queue is configured", "beat missed")
        assert running.end()


def test_web_server_writes_lines(stack: ExitStack, tmp_path: Path) -> None:
    port = free_port()
    command = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}")
    running = start(stack, tmp_path, *command)
    running.says("Booting worker")
    web = f"http://127.0.0.1:{port}"
    assert _status(f"{web}/no-such-page?spapi_oauth_code=canarycanary") == 404
    with renamed("django_session"):
        assert _status(f"{web}/admin/", cookie="sessionid=canarycanary") == 500
    running.says("Not Found", "Internal Server Error")
    assert any("Traceback" in row.get("error", "") for row in running.end())


def _status(address: str, cookie: str = "") -> int:
    with pytest.raises(HTTPError) as answer:
        urlopen(Request(address, headers={"Cookie": cookie}), timeout=30)
    answer.value.close()
    return answer.value.code


@contextmanager
def renamed(table: str) -> Iterator[None]:
    """Let a table be missing for a while."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_web_server_that_cannot_start_writes_lines(
    stack: ExitStack, tmp_path: Path
) -> None:
    port = free_port()
    running = start(
        stack,
        tmp_path,
        *("-m", "gunicorn", "--bind", f"127.0.0.1:{port}"),
        LOG_LEVEL="canarycanary" + TOKEN,
    )
    running.process.wait(timeout=40)
    assert running.process.returncode != 0
    assert any("Traceback" in row.get("error", "") for row in running.end())


@pytest.mark.parametrize("command", ["worker", "consume_notifications"])
def test_hang_up_ends_in_good_order(
    stack: ExitStack, tmp_path: Path, command: str
) -> None:
    """Sent to every process, as a terminal and `systemctl kill` do."""
    running = start(stack, tmp_path, "manage.py", command, SQS_QUEUE_URL="")
    running.says("cluster started" if command == "worker" else "no queue is configured")
    everybody = descendants(running.process.pid)
    if command == "worker":
        wait_for(lambda: Heartbeat.objects.filter(kind="queue").exists(), 40)
        everybody = descendants(running.process.pid)
        assert len(everybody) > 4
    for pid in reversed(everybody):
        os.kill(pid, signal.SIGHUP)
    assert running.process.wait(timeout=40) == 0
    wait_for(lambda: not any(is_running(pid) for pid in everybody))
    levels = {row["level"] for row in running.end()}
    assert levels <= {"INFO", "WARNING"}
    assert "again in" not in running.text()


def descendants(pid: int) -> list[int]:
    """Return a process and all below it, parents first."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            below = (task / "children").read_text(encoding="utf-8").split()
            found += [int(child) for child in below]
    return found
