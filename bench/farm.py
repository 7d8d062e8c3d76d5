"""The product with many accounts beside a local Amazon, without its web pages.

Every process is started here and ended here; the load generators and benchmarks use it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

import psycopg

from tests.whole.installation import free_ports, wait_for

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 600
# The keys are the benchmark's own (bench/__main__.py): nobody's `.env` is read.
_KEPT = ("PATH", "HOME", "ENV_FILE", "SECRET_KEY", "FERNET_KEYS")


@dataclass
class Farm:
    """`accounts` sellers of the region, each with a store of its own, all connected.

    `workers` is the size of the task queue's cluster, `consumers` how many read the
    notifications. Without `database_url` the database is SQLite in `folder`.
    """

    folder: Path
    accounts: int = 1
    database_url: str = ""
    workers: int = 4
    consumers: int = 1
    listings: int = 12
    settings: dict[str, str] = field(default_factory=dict)
    account_ids: list[int] = field(default_factory=list)
    seller_ids: list[str] = field(default_factory=list)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _url: str = ""

    def __enter__(self) -> Self:
        """Start the local Amazon, connect the accounts, wait for their first pull."""
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every process and wait for it."""
        self._stop()

    def control(self, name: str, **body: Any) -> Any:
        """Use one of the local Amazon's controls."""
        request = Request(  # noqa: S310 - an address of this machine
            f"{self._url}/_emulator/{name}",
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
            method="POST" if body else "GET",
        )
        with urlopen(request, timeout=120) as answer:  # noqa: S310
            return json.loads(answer.read())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what `sql` selects from the product's database."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(sql.encode()).fetchall()
        path = f"file:{self.folder / 'shoplink.sqlite3'}?mode=ro"
        lite = sqlite3.connect(path, uri=True, timeout=20)
        try:
            return lite.execute(sql).fetchall()
        finally:
            lite.close()

    def wait(self, holds: Callable[[], Any], seconds: float = _PATIENCE) -> float:
        """Wait until `holds`; return the seconds it took."""
        return wait_for(holds, seconds, self.written)

    def written(self) -> str:
        """Return the end of what the processes wrote."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text()[-2000:]}" for log in logs)

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process of the product; it is ended with the farm."""
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        self._processes.append(process)
        return process

    def sync(self, seller_id: str, kind: str) -> None:
        """Run a seller's job of that kind here and now, beside the worker."""
        self._run(kind, "manage.py", "sync", seller_id, kind)

    def environment(self) -> dict[str, str]:
        """Return the environment of the product's processes."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        database = self.database_url or f"sqlite:///{self.folder / 'shoplink.sqlite3'}"
        return {
            **kept,
            **self.settings,
            "DATABASE_URL": database,
            "HTTPS_ONLY": "false",
            "LOG_FORMAT": "text",
            "LOG_LEVEL": "WARNING",
            "QUEUE_WORKERS": str(self.workers),
            "PYTHONUNBUFFERED": "1",
        }

    def _start(self) -> None:
        self._start_amazon()
        self._run("migrate", "manage.py", "migrate", "--verbosity", "0")
        sellers = self.control("sellers", n=self.accounts, listings=self.listings)
        self.seller_ids = sellers["seller_ids"]
        # Connecting and the first pull are not what is measured.
        self.control("limits", operation="*", rate=500, burst=500)
        skus: dict[str, list[str]] = {}
        for listing in self.control("state")["listings"]:
            skus.setdefault(listing["seller_id"], []).append(listing["sku"])
        granted = [
            self.control("self_authorize", seller_id=seller) | {"skus": skus[seller]}
            for seller in self.seller_ids
        ]
        given = json.dumps({"sellers": granted})
        self.account_ids = json.loads(
            self._run("connect", "-m", "bench.connect", given)
        )
        self.start("worker", "manage.py", "worker")
        for number in range(self.consumers):
            self.start(f"consumer{number}", "manage.py", "consume_notifications")
        self.wait(self._has_pulled)
        self.forget_quota()

    def _start_amazon(self) -> None:
        _web, port = free_ports()
        log = (self.folder / "emulator.log").open("wb")
        command = ["manage.py", "emulator", "--port", str(port), "--json"]
        command += ["--world", "small"]
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=log
        )
        log.close()
        self._processes.append(process)
        line = process.stdout.readline() if process.stdout else b""
        said = json.loads(line)
        self._url = said["url"]
        self.settings = dict(said["settings"])

    def _run(self, name: str, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def _has_pulled(self) -> bool:
        waiting = self.rows(
            "SELECT COUNT(*) FROM channels_amazon_syncjob WHERE first_done_at IS NULL"
        )
        return int(waiting[0][0]) == 0

    def forget_quota(self) -> None:
        """Go back to Amazon's quotas with full buckets on both sides."""
        self.control("limits", reset=True)
        self._run("forget", "-m", "bench.connect", "forget-quota")

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        ends = time.monotonic() + 40
        for process in self._processes:
            try:
                process.wait(timeout=max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
