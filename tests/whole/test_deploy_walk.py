"""docs/deploy.md leads from nothing to a connected store, and on: it is walked here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest

from channels_amazon.emulator.server import Emulator
from dev import services
from tests.whole.documented import Walk, blocks, command_of
from tests.whole.installation import (
    copy_project,
    free_ports,
    kill,
    wait_for,
    working_in,
)

pytestmark = pytest.mark.alone

# Signs that mean something in an address.
PASSWORD = "p@ss/w:r%d#1+ ü"
UNITS = ("web", "worker", "notifications")
# The owner of the server is believed, everybody else has a password.
ACCESS = (
    "local all all reject\n"
    "host all postgres 127.0.0.1/32 trust\n"
    "host all all 127.0.0.1/32 scram-sha-256\n"
)


class Host:
    """The machine of the walk: its processes, as systemd would start them."""

    def __init__(self, walk: Walk, port: int, database: str) -> None:
        self.walk = walk
        self.port = port
        self.database = database
        self.log = walk.folder / "log.jsonl"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start what the units start; return once they are ready."""
        for unit in UNITS:
            command = [self.walk.translate(word) for word in command_of(unit)]
            with self.log.open("ab") as log:
                self.running[unit] = subprocess.Popen(
                    command,
                    cwd=self.walk.app,
                    env=self.walk.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        wait_for(lambda: self.status("readyz") == 200, 60, self.story)

    def stop(self) -> None:
        """End each unit by its first process alone, as `KillMode=mixed` does."""
        for process in self.running.values():
            process.terminate()
        ended = {name: one.wait(timeout=40) for name, one in self.running.items()}
        self.running = {}
        assert set(ended.values()) == {0}, ended
        wait_for(lambda: not working_in(self.walk.app), 10, self.story)

    def kill(self) -> None:
        """End what is left."""
        for process in self.running.values():
            process.kill()
            process.wait()
        for pid in working_in(self.walk.app):
            kill(pid)

    def status(self, probe: str) -> int:
        """Return what a probe answers; 0 while nobody does."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/{probe}", timeout=10) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def story(self) -> str:
        """Return what the processes wrote."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def manage(self, *arguments: str) -> str:
        """Run a command that the document does not tell."""
        done = subprocess.run(
            [".venv/bin/python", "manage.py", *arguments],
            cwd=self.walk.app,
            env=self.walk.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def row(self, sql: str) -> tuple[Any, ...]:
        """Return the first row that `sql` selects."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return row

    def set(self, **names: str) -> None:
        """Write settings into `.env`, as a person fills them in."""
        path = self.walk.app / ".env"
        lines = "".join(f"{name}={value}\n" for name, value in names.items())
        path.write_text(path.read_text(encoding="utf-8") + lines, encoding="utf-8")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Give a machine with PostgreSQL and the product's files, and nothing else."""
    programs = services._postgresql_programs()
    if programs is None:
        pytest.skip("No PostgreSQL is here.")
    with ExitStack() as stack:
        server = stack.enter_context(services.postgresql("postgres", ACCESS))
        place = server.rpartition("@")[2].partition("/")[0]
        port = free_ports()[0]
        copy_project(tmp_path / "app")
        (tmp_path / "app" / "data").mkdir(mode=0o700)
        here = {
            "sudo -u shoplink ": "",
            "sudo -u postgres ": "",
            "/opt/shoplink/app": str(tmp_path / "app"),
            "/var/backups/shoplink": str(tmp_path),
            "127.0.0.1:5432": place,
            "127.0.0.1:8000": f"127.0.0.1:{port}",
            "secrets.token_urlsafe(24)": repr(PASSWORD),
            "--username host": "--username host --email host@example.com --noinput",
        }
        environment = {name: os.environ[name] for name in ("HOME",)} | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "PGHOST": "127.0.0.1",
            "PGPORT": place.rpartition(":")[2],
            "PGUSER": "postgres",
        }
        made = Host(
            Walk(tmp_path, environment, here),
            port,
            f"postgres://postgres@{place}/shoplink",
        )
        stack.callback(made.kill)
        yield made


def test_document_leads_to_a_connected_store_and_on(
    host: Host, running_emulator: Emulator
) -> None:
    emulator = running_emulator
    emulator.control("reset")
    _install(host, emulator)
    host.start()
    host.walk.run("watch")
    account = _connect(host, emulator)
    wait_for(lambda: _pulled(host), 60, host.story)
    assert host.row("SELECT live_at FROM channels_amazon_amazonaccount") == (None,)
    assert json.loads(host.walk.run("live", ACCOUNT=str(account)))["live"]
    assert host.row("SELECT count(*) FROM channels_amazon_listing")[0] > 0

    _rotate(host)
    _update_and_back(host)
    host.start()
    host.manage("sync", str(account), "participations")
    state = host.row("SELECT state FROM channels_amazon_amazonaccount")
    assert state == ("connected",)
    assert host.row("SELECT count(*) FROM channels_amazon_listing")[0] > 0
    _back_up_and_restore(host)
    _every_line_is_json(host.story())
    assert set(host.walk.walked) == set(blocks())


def test_database_of_0007_is_updated_as_documented(host: Host) -> None:
    for name in ("database", "address", "settings"):
        host.walk.run(name)
    made = (
        "import django; django.setup(); from tests import upgrading; "
        "upgrading.fill(upgrading.migrate('0007_report_parts'))"
    )
    subprocess.run(
        [".venv/bin/python", "-c", made],
        cwd=host.walk.app,
        env=host.walk.environment | {"DJANGO_SETTINGS_MODULE": "shoplink.settings"},
        check=True,
    )
    host.walk.run("dump")
    host.walk.run("update")
    host.start()
    assert host.row("SELECT count(*) FROM channels_amazon_order")[0] == 2
    host.stop()


def _install(host: Host, emulator: Emulator) -> None:
    for name in ("database", "address", "settings"):
        host.walk.run(name)
    assert (host.walk.app / ".env").stat().st_mode & 0o777 == 0o600
    host.walk.run("prepare", DJANGO_SUPERUSER_PASSWORD="a-long-password")
    told = json.loads(host.walk.run("store"))
    assert told["store"] == "tea-room"
    assert told["done"] == ["owner", "place", "store", "warehouse"]
    again = json.loads(host.walk.run("store"))
    assert again == told | {"created": False}
    # What a person fills in by hand, as README.md tells.
    host.set(**emulator.settings(), QUEUE_WORKERS="3")


def _connect(host: Host, emulator: Emulator) -> int:
    granted = emulator.control("self_authorize", region="eu")
    token = host.walk.app / "refresh-token.txt"
    token.write_text(granted["refresh_token"], encoding="utf-8")
    told = json.loads(host.walk.run("connect", SELLER_ID=granted["seller_id"]))
    token.unlink()
    return int(told["account"])


def _pulled(host: Host) -> bool:
    pending = "SELECT count(*) FROM channels_amazon_syncjob WHERE first_done_at IS NULL"
    return bool(host.row(pending)[0] == 0)


def _rotate(host: Host) -> None:
    old = _keys(host)
    host.walk.run("new key")
    assert _keys(host)[1:] == old
    host.stop()
    host.start()
    host.walk.run("rotate")
    host.walk.run("old key")
    assert len(_keys(host)) == 1
    assert _keys(host) != old
    host.stop()


def _keys(host: Host) -> list[str]:
    text = (host.walk.app / ".env").read_text(encoding="utf-8")
    (line,) = [one for one in text.splitlines() if one.startswith("FERNET_KEYS=")]
    return line.partition("=")[2].split(",")


def _update_and_back(host: Host) -> None:
    host.walk.run("dump")
    host.walk.run("update")
    with psycopg.connect(host.database, autocommit=True) as connection:
        connection.execute("DROP TABLE channels_amazon_listing CASCADE")
    host.walk.run("back")


def _back_up_and_restore(host: Host) -> None:
    host.walk.run("backup")
    host.stop()
    listings = "SELECT count(*) FROM channels_amazon_listing"
    kept = host.row(listings)
    with psycopg.connect(host.database, autocommit=True) as connection:
        connection.execute("TRUNCATE channels_amazon_listing CASCADE")
    host.walk.run("restore")
    assert host.row(listings) == kept
    host.start()
    host.walk.run("watch")
    host.stop()


def _every_line_is_json(text: str) -> None:
    assert text
    for line in text.splitlines():
        assert {"time", "level", "message"} <= set(json.loads(line)), line
