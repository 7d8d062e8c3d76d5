"""Runs the whole product with demonstration data on this machine: `make run`."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from dev import demo, keys

# A first start compiles the admin's look and loads the demonstration's orders.
_PATIENCE = 120


class CannotRun(Exception):
    """Say in plain words what the machine lacks."""


def main() -> int:
    """Prepare the data, start the processes, say where to sign in, wait for Ctrl-C."""
    if keys.ensure():
        print("Made the secret keys of this installation in .env; keep that file.")
    try:
        environment = _environment()
        _prepare(environment)
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    return _serve(environment)


def _environment() -> dict[str, str]:
    environment = demo.environment()
    port, amazon = int(environment["PORT"]), int(environment["EMULATOR_PORT"])
    # The local Amazon's queue listens on the port after its own.
    for number, name in ((port, "PORT"), (amazon, ""), (amazon + 1, "")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError as error:
                raise CannotRun(
                    f"Port {number} cannot be had ({error.strerror}). End what uses "
                    f"it, or choose another: make run {name or 'EMULATOR_PORT'}=..."
                ) from error
    return environment


def _prepare(environment: dict[str, str]) -> None:
    steps = {
        "Bringing the database up to date": ["migrate", "--verbosity", "0"],
        "Loading the demonstration's data": ["setup_demo"],
        "Collecting the pages' files": ["collectstatic", "--noinput", "-v", "0"],
    }
    for title, command in steps.items():
        print(f"{title} …", flush=True)
        line = [sys.executable, "manage.py", *command]
        if subprocess.run(line, cwd=demo.ROOT, env=environment).returncode:
            raise CannotRun(f"That failed: see the lines above ({command[0]}).")


def _serve(environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "honcho", "--env", "", "start"]
    honcho = subprocess.Popen(command, cwd=demo.ROOT, env=environment)

    def end(number: int, frame: FrameType | None) -> None:
        honcho.terminate()

    # Ctrl-C reaches honcho by itself: the terminal signals the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    why_not = _why_not_ready(f"http://127.0.0.1:{environment['PORT']}/readyz", honcho)
    if not why_not:
        _announce(environment)
    elif honcho.poll() is None:
        print(f"Shoplink is not ready yet: {why_not}", file=sys.stderr, flush=True)
    code = honcho.wait()
    # Ended by a signal, the demonstration did what it was told.
    return 0 if code in {-signal.SIGINT, -signal.SIGTERM, 130, 143} else code


def _why_not_ready(address: str, honcho: subprocess.Popen[bytes]) -> str:
    """Wait until the product is ready; return what hinders it at last, "" for nothing.

    A start that goes on says nothing: only one that does not end is told of.
    """
    why = "Nothing answers."
    until = time.monotonic() + _PATIENCE
    while honcho.poll() is None and time.monotonic() < until:
        try:
            with urlopen(address, timeout=5):  # noqa: S310
                return ""
        except HTTPError as error:
            why = error.read(1000).decode(errors="replace")
        except (URLError, OSError) as error:
            why = f"Nothing answers ({error})."
        time.sleep(0.2)
    return why


def _announce(environment: dict[str, str]) -> None:
    sign_in = demo.DATA / "sign-in.txt"
    kept = sign_in.read_text(encoding="utf-8").strip() if sign_in.exists() else ""
    emulator = f"http://127.0.0.1:{environment['EMULATOR_PORT']}"
    lines = [
        "Shoplink runs.",
        "",
        f"  Sign in:              http://127.0.0.1:{environment['PORT']}/admin/",
        *(f"  {line}" for line in kept.splitlines()),
        f"  The local Amazon:     {emulator}/_emulator/control",
        "",
        "  Connect: Channels, Amazon, Connect now; then see the numbers and go live.",
        "  End everything with Ctrl-C.",
    ]
    print("\n" + "\n".join(lines) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
