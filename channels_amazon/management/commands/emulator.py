"""Run the local Amazon until it is told to stop; management command."""

from __future__ import annotations

import json
import os
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.emulator.server import DEFAULT_REDIRECT_URI, Emulator
from channels_amazon.emulator.worlds.catalogue import write_catalogue_file
from channels_amazon.emulator.worlds.memory import load_connections, write_connections

DEFAULT_PORT = 9100
# How soon a new connection is in the file of --keep.
KEEP_SECONDS = 1.0


class Command(BaseCommand):
    """Serve the emulator; SIGTERM and Ctrl-C end it."""

    help = "Runs a local Amazon: SP-API, sign-in, consent page, queue and control page."
    # It needs neither the database nor any key of the project.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port", type=int, help="Default: EMULATOR_PORT, or 9100; 0 takes any."
        )
        parser.add_argument(
            "--queue-port", type=int, help="The local SQS; default: port + 1."
        )
        parser.add_argument("--speed", type=float, default=1.0, help="60: 1 h a minute")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--world", choices=("small", "demo"), default="demo")
        parser.add_argument(
            "--redirect-uri", help="The registered one; default: OAUTH_REDIRECT_URI."
        )
        parser.add_argument("--login-uri", default="", help="For the Appstore workflow")
        parser.add_argument(
            "--write-catalogue",
            metavar="FILE",
            help="Write the store's catalogue as CSV and end.",
        )
        parser.add_argument(
            "--keep",
            metavar="FILE",
            help="Remember who is connected over a restart, in this file.",
        )
        parser.add_argument(
            "--json", action="store_true", help="Print the settings to use as JSON."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the catalogue, or serve until a signal comes."""
        if options["write_catalogue"]:
            path = Path(options["write_catalogue"])
            rows = write_catalogue_file(path, options["seed"])
            self.stdout.write(f"Wrote {rows} products to {path}.")
            return
        emulator = _build(options)
        _remember(emulator, options["keep"])
        # A thread's wait would not end by a signal whose handler does not say so.
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        try:
            emulator.start()
        except OSError as error:
            raise CommandError(f"The emulator cannot open its port: {error}") from error
        try:
            self._announce(emulator, as_json=options["json"])
            _serve(emulator, stopped, options["keep"])
        finally:
            emulator.stop()

    def _announce(self, emulator: Emulator, *, as_json: bool) -> None:
        if as_json:
            line = {"url": emulator.url, "settings": emulator.settings()}
            self.stdout.write(json.dumps(line))
        else:
            self.stdout.write(
                f"The emulator serves on {emulator.url} (control page "
                f"{emulator.url}/_emulator/control), its queue on "
                f"{emulator.queue_endpoint}."
            )
        self.stdout.flush()


def _build(options: dict[str, Any]) -> Emulator:
    port = options["port"]
    if port is None:
        port = _port_of_environment()
    queue_port = options["queue_port"]
    if queue_port is None:
        queue_port = port + 1 if port else 0
    redirect_uri = options["redirect_uri"] or os.environ.get("OAUTH_REDIRECT_URI")
    try:
        emulator = Emulator(
            port=port,
            queue_port=queue_port,
            speed=options["speed"],
            seed=options["seed"],
            world=options["world"],
            redirect_uri=redirect_uri or DEFAULT_REDIRECT_URI,
        )
    except ValueError as error:
        raise CommandError(str(error)) from error
    emulator.state.application.login_uri = options["login_uri"]
    return emulator


def _remember(emulator: Emulator, keep: str | None) -> None:
    if not keep or not Path(keep).exists():
        return
    try:
        load_connections(emulator.state, Path(keep).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{keep} cannot be read: {error}. Delete it.") from error


def _serve(emulator: Emulator, stopped: threading.Event, keep: str | None) -> None:
    if not keep:
        stopped.wait()
        return
    written = ""
    while not stopped.wait(KEEP_SECONDS):
        written = write_connections(emulator.state, Path(keep), written)
    write_connections(emulator.state, Path(keep), written)


def _port_of_environment() -> int:
    text = os.environ.get("EMULATOR_PORT") or str(DEFAULT_PORT)
    if not text.isdigit():
        raise CommandError(f"EMULATOR_PORT must be a number, not {text!r}.")
    return int(text)
