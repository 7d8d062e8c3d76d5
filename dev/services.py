"""Starts what the tests need of the system, for as long as they run: no more.

PostgreSQL and Redis get folders and ports of their own, so nothing else on the machine
is touched; what is missing is installed through apt where that is allowed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

_ACCOUNT = "postgres"
# Keeps Debian's packages from starting a server of their own.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Started, it gives its address.
Service = Callable[[], AbstractContextManager[str]]


class Missing(Exception):
    """Say what the machine lacks and how to get it."""


def free_port() -> int:
    """Return a port on 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install(packages: list[str], purpose: str) -> None:
    """Install Debian packages; raises Missing where apt or the right is absent."""
    names = " ".join(packages)
    advice = f"{purpose} is missing. On Debian or Ubuntu: apt install {names}."
    if not shutil.which("apt-get"):
        raise Missing(advice)
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
        raise Missing(f"{advice} (This user may not install packages.)")
    print(f"Installing {names} …", flush=True)
    if "postgresql" in packages and not sudo and not _NO_CLUSTER.exists():
        _NO_CLUSTER.parent.mkdir(exist_ok=True)
        _NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    apt += ["-o", "DPkg::Lock::Timeout=120"]
    steps = [["update"], ["install", "-y", "--no-install-recommends", *packages]]
    for step in steps:
        done = subprocess.run([*apt, *step], capture_output=True, text=True)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:])
            raise Missing(f"{advice} (apt-get {step[0]} failed, see above.)")


def browser() -> str:
    """Return the path of a Chromium, installed if need be; raises Missing."""
    given = os.environ.get("SHOPLINK_CHROMIUM", "")
    found = given or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if not found:
        # The font draws the Chinese pages.
        install(["chromium", "fonts-wqy-microhei"], "Chromium, for the browser tests,")
        found = shutil.which("chromium")
    if not found:
        raise Missing("Chromium was installed, yet `chromium` is not on the PATH.")
    return found


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis that keeps nothing; give its address; raises Missing."""
    if not shutil.which("redis-server"):
        install(["redis-server"], "Redis")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="shoplink-redis-") as folder:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port)]
        command += ["--dir", folder, "--save", "", "--appendonly", "no"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, server)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


@contextmanager
def postgresql(owner: str = "shoplink", access: str = "") -> Iterator[str]:
    """Run a PostgreSQL of our own; give its address; raises Missing.

    `owner` is its first role. `access` is its pg_hba.conf; without one, it believes
    whoever asks.
    """
    programs = _postgresql_programs()
    if programs is None:
        install(["postgresql"], "PostgreSQL")
        programs = _postgresql_programs()
    if programs is None:
        raise Missing("PostgreSQL was installed, yet its programs were not found.")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="shoplink-pg-") as folder:
        base = Path(folder)
        _hand_over(base)
        data = str(base / "data")
        # Durability is of no use to a database that lives for one run.
        options = (
            f"-p {port} -k {base} -c listen_addresses=127.0.0.1 -c fsync=off "
            "-c synchronous_commit=off -c full_page_writes=off"
        )
        _run_as_account(
            [str(programs / "initdb"), "-D", data, "-U", owner, "-A", "trust"]
            + ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        )
        if access:
            Path(data, "pg_hba.conf").write_text(access, encoding="utf-8")
        control = [str(programs / "pg_ctl"), "-D", data, "-w", "-l", f"{data}/log"]
        _run_as_account([*control, "-o", options, "start"])
        try:
            yield f"postgres://{owner}:none@127.0.0.1:{port}/postgres"
        finally:
            _run_as_account([*control, "-m", "immediate", "stop"])


def _postgresql_programs() -> Path | None:
    on_path = shutil.which("initdb")
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name),
        reverse=True,
    )
    candidates = [*folders, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((f for f in candidates if (f / "pg_ctl").exists()), None)


def _hand_over(folder: Path) -> None:
    # PostgreSQL refuses to run as root, and its account must reach its folder.
    if os.geteuid() == 0:
        shutil.chown(folder, _ACCOUNT)


def _run_as_account(command: list[str]) -> None:
    prefix = []
    if os.geteuid() == 0:
        prefix = ["setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}"]
        prefix += ["--init-groups"]
    # The server inherits these streams and outlives pg_ctl: a pipe would never close.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*prefix, *command], stdout=output, stderr=output, cwd="/"
        )
        if done.returncode:
            output.seek(0)
            print(output.read().decode("utf-8", "replace"))
            raise Missing(f"PostgreSQL could not be used: {command[0]} failed.")


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise Missing(f"{server.args!r} ended before it answered.")
