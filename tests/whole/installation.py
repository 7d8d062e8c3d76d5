"""A copy of the project that runs as a new user would run it, for whole tests."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg
import requests

from tests.migrated import copy_file, template

ROOT = Path(__file__).resolve().parent.parent.parent
_PATIENCE = 150


@dataclass
class Installation:
    """One running copy of the project with its own data, ports and database.

    With `is_migrated` it may begin with the run's migrated database, if there is one.
    """

    folder: Path
    database_url: str = ""
    is_migrated: bool = False
    port: int = 0
    emulator_port: int = 0
    output: Path = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port, self.emulator_port = free_ports()
        self.output = self.folder / "output.txt"

    @property
    def web(self) -> str:
        """Return the product's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_file(self) -> Path:
        """Return the path of the SQLite database."""
        return self.folder / "shoplink" / "data" / "shoplink.sqlite3"

    @property
    def amazon(self) -> str:
        """Return the local Amazon's address."""
        return f"http://127.0.0.1:{self.emulator_port}"

    def start(self) -> None:
        """Copy the project, start it with `make run`, wait until it says it runs."""
        copy_project(self.folder / "shoplink")
        if self.is_migrated and template() and not self.database_url:
            copy_file(self.database_file)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder / "shoplink",
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(self._has_started, _PATIENCE, self.written)
        assert self.process.poll() is None, self.written()

    def _has_started(self) -> bool:
        ended = self.process is None or self.process.poll() is not None
        return ended or "Shoplink runs." in self.written()

    def environment(self) -> dict[str, str]:
        """Return the environment of a user who has set nothing but the ports."""
        kept = {"PATH", "HOME", "LANG", "TMPDIR"}
        environment = {n: v for n, v in os.environ.items() if n in kept}
        environment["PORT"] = str(self.port)
        environment["EMULATOR_PORT"] = str(self.emulator_port)
        if self.database_url:
            environment["DATABASE_URL"] = self.database_url
        return environment

    def written(self) -> str:
        """Return everything the processes wrote so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def sign_in(self) -> tuple[str, str]:
        """Return user and password as `make run` printed them."""
        text = self.written()
        user = re.search(r"User:\s+(\S+)", text)
        password = re.search(r"Password:\s+(\S+)", text)
        assert user is not None, text
        assert password is not None, text
        return user.group(1), password.group(1)

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run a management command in the copy and return what it wrote."""
        from_demo = (
            "import json; from dev import demo; print(json.dumps(demo.environment()))"
        )
        python = str(self.folder / "shoplink" / ".venv" / "bin" / "python")
        where = {"cwd": self.folder / "shoplink", "check": True, "text": True}
        shown: Any = subprocess.run(
            [python, "-c", from_demo],
            env=self.environment(),
            stdout=subprocess.PIPE,
            **where,  # type: ignore[call-overload]
        )
        done: Any = subprocess.run(
            [python, "manage.py", *arguments],
            env=json.loads(shown.stdout),
            input=given,
            stdout=subprocess.PIPE,
            **where,  # type: ignore[call-overload]
        )
        return str(done.stdout)

    def connect(self, region: str) -> int:
        """Connect a region's seller with a pasted token, and its notifications."""
        granted = self.control("self_authorize", region=region)
        command = ["connect_account", "--store", "demo", "--region", region, "--json"]
        seller = ["--seller-id", granted["seller_id"], "--refresh-token", "-"]
        told = self.manage(*command, *seller, "--live", given=granted["refresh_token"])
        account = int(json.loads(told)["account"])
        self.press(f"/admin/amazon/accounts/{account}/subscribe/")
        return account

    def press(self, path: str, **form: str) -> requests.Response:
        """Sign in and send a form, as a button of the pages does."""
        user, password = self.sign_in()
        with requests.Session() as browser:
            sign_in = f"{self.web}/admin/login/"
            browser.get(sign_in, timeout=30)
            fields = {"username": user, "password": password}
            for address, values in ((sign_in, fields), (self.web + path, form)):
                token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
                answer = browser.post(
                    address, data=values | token, timeout=30, allow_redirects=False
                )
                # A form that was taken leads on; one with errors is shown again.
                assert answer.status_code == 302, answer.text
        return answer

    def control(self, name: str, **body: Any) -> Any:
        """Use one of the local Amazon's controls (POST, or GET without a body)."""
        data = json.dumps(body).encode() if body else None
        request = Request(
            f"{self.amazon}/_emulator/{name}",
            data=data,
            headers={"Content-Type": "application/json"},
            method="POST" if body or name == "reset" else "GET",
        )
        with urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what `sql` selects from the copy's database."""
        if self.database_url.startswith("postgres"):
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(sql.encode()).fetchall()
        path = f"file:{self.database_file}?mode=ro"
        connection_ = sqlite3.connect(path, uri=True, timeout=20)
        try:
            return connection_.execute(sql).fetchall()
        finally:
            connection_.close()

    def moment(self) -> str:
        """Return the present time as the database writes it."""
        text = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return f"{text}+00:00" if self.database_url else text

    def processes(self) -> dict[int, str]:
        """Return the copy's processes with their command lines."""
        return working_in(self.folder / "shoplink")

    def stop(self) -> None:
        """End everything as Ctrl-C would, then whatever is left of this copy."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for pid in self.processes():
            kill(pid)
        self.process.wait()


def copy_project(target: Path) -> None:
    """Copy the files a clone would hold, with the virtual environment at hand."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())
    (target / ".venv").symlink_to(ROOT / ".venv")


def free_ports() -> tuple[int, int]:
    """Return a free port for the web, and one whose follower is free too."""
    with socket.socket() as web:
        web.bind(("127.0.0.1", 0))
        while True:
            with socket.socket() as one, socket.socket() as next_one:
                one.bind(("127.0.0.1", 0))
                number = int(one.getsockname()[1])
                try:
                    next_one.bind(("127.0.0.1", number + 1))
                except OSError:
                    continue
                return int(web.getsockname()[1]), number


def wait_for(
    holds: Callable[[], Any], seconds: float, story: Callable[[], str] = str
) -> float:
    """Wait until `holds`; return the seconds it took, or fail with `story`."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s:\n{story()[-6000:]}")
        time.sleep(0.1)
    return time.monotonic() - began


def working_in(folder: Path) -> dict[int, str]:
    """Return the processes whose folder this is, with their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(process.name)] = line.decode(errors="replace").strip()
        except OSError:
            continue
    return found


def kill(pid: int) -> None:
    """Send SIGKILL to a process that this test started, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
