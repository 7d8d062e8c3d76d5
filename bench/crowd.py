"""A farm of thousands of accounts that have nothing to do.

One account is connected and pulled as any other; then it is copied in bulk, here and
at the local Amazon, since twelve thousand consents would take longer than the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench.cpu import seconds_of
from bench.farm import ROOT, Farm
from tests.whole.installation import free_ports

# What the local Amazon opens at once, at most.
_SELLERS_AT_ONCE = 200
# The local Amazon writes down who is connected once a second.
_KEPT_AFTER = 2.0


@dataclass
class Crowd(Farm):
    """`accounts` sellers with one listing each, all connected and pulled, none busy.

    The number of workers is the product's own default.
    """

    listings: int = 1
    amazon_cpu: list[int] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Return the environment of the product's processes."""
        given = super().environment()
        del given["QUEUE_WORKERS"]
        return given

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds that the product and PostgreSQL have used so far."""
        found = {"ours": seconds_of(process.pid for process in self._ours)}
        if self.database_url:
            found["postgresql"] = seconds_of([self._postmaster])
        return found

    def start_processes(self) -> None:
        """Start the worker and those that read the notifications."""
        self._ours = [self.start("worker", "manage.py", "worker")]
        for number in range(self.consumers):
            name = f"consumer{number}"
            self._ours.append(self.start(name, "manage.py", "consume_notifications"))

    def end_processes(self) -> None:
        """End what start_processes started."""
        self._end(self._ours)

    def add_old_rows(self) -> None:
        """Give each store what the maintenance has to delete."""
        self._run("old-rows", "-m", "bench.crowd_rows", "old-rows")

    def write(self, sql: str) -> None:
        """Run one statement that changes rows of the product's PostgreSQL."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(sql.encode())

    def _start(self) -> None:
        if self.database_url:
            ((folder,),) = self.rows("SHOW data_directory")
            told = (Path(folder) / "postmaster.pid").read_text(encoding="utf-8")
            self._postmaster = int(told.split()[0])
        _web, self._port = free_ports()
        self._kept = self.folder / "connections.json"
        self._connect_one()
        self._multiply()
        self.forget_quota()
        self.start_processes()

    def _connect_one(self) -> None:
        wanted, self.accounts = self.accounts, 1
        self._start_amazon()
        self._run("migrate", "manage.py", "migrate", "--verbosity", "0")
        self._pull_one()
        self.accounts = wanted
        self.end_processes()

    def _pull_one(self) -> None:
        (seller,) = self.control("sellers", n=1, listings=self.listings)["seller_ids"]
        # Connecting and the first pull are not what is measured.
        self.control("limits", operation="*", rate=500, burst=500)
        skus = [
            listing["sku"]
            for listing in self.control("state")["listings"]
            if listing["seller_id"] == seller
        ]
        granted = self.control("self_authorize", seller_id=seller) | {"skus": skus}
        self._run("connect", "-m", "bench.connect", json.dumps({"sellers": [granted]}))
        self.seller_ids = [seller]
        self.start_processes()
        self.wait(self._has_pulled)
        # The first look at an account writes a report: that too is of its past.
        self._run("health", "manage.py", "sync", seller, "health")

    def _multiply(self) -> None:
        """Copy the one account at the local Amazon and in the product's database."""
        self._end([self._amazon])
        kept = json.loads(self._kept.read_text(encoding="utf-8"))
        more = self.accounts - 1
        tokens = [f"Atzr|crowd-{number}" for number in range(more)]
        first = int(self.seller_ids[0].removeprefix("A1EMULATORNA")) + 1
        sellers = [f"A1EMULATORNA{first + number}" for number in range(more)]
        (grant,) = kept["authorizations"]
        kept["authorizations"] += [
            grant | {"seller_id": seller, "refresh_token": token}
            for seller, token in zip(sellers, tokens, strict=True)
        ]
        kept["subscriptions"] += [
            row | {"seller_id": seller, "subscription_id": f"{own}-{number}"}
            for row in list(kept["subscriptions"])
            for own in [row["subscription_id"]]
            for number, seller in enumerate(sellers, 1)
        ]
        self._kept.write_text(json.dumps(kept), encoding="utf-8")
        self._start_amazon()
        self._open_accounts()
        path = self.folder / "tokens"
        path.write_text("\n".join(tokens), encoding="utf-8")
        told = self._run("rows", "-m", "bench.crowd_rows", str(more), str(path))
        print(told, end="", flush=True)
        self.seller_ids += sellers

    def _open_accounts(self) -> None:
        for begin in range(0, self.accounts, _SELLERS_AT_ONCE):
            count = min(_SELLERS_AT_ONCE, self.accounts - begin)
            self.control("sellers", n=count, listings=self.listings)

    def _start_amazon(self) -> None:
        command = ["manage.py", "emulator", "--port", str(self._port), "--json"]
        command += ["--world", "small", "--keep", str(self._kept)]
        with (self.folder / "emulator.log").open("ab") as log:
            self._amazon = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=log
            )
        self._processes.append(self._amazon)
        line = self._amazon.stdout.readline() if self._amazon.stdout else b""
        said = json.loads(line)
        self._url, self.settings = said["url"], dict(said["settings"])

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=40)


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """Make a database on a PostgreSQL server; give its address; drop it at the end."""
    if not server:
        yield ""
        return
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
