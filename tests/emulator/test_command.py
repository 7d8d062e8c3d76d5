"""The command `manage.py emulator`: starts, says where it is, ends cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from channels_amazon.emulator.server import Emulator

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "manage.py", "emulator", "--world", "small"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_emulator_says_its_settings_and_ends_by_a_signal(number: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
    assert line["settings"]["SPAPI_ENDPOINT_EU"] == f"{line['url']}/eu"


def test_taken_port_is_told_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port, "--queue-port", "0"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert done.returncode == 1
    assert "cannot open its port" in done.stderr


def test_taken_queue_port_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        emulator = Emulator(queue_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            emulator.start()
        emulator.stop()


def test_catalogue_is_written_as_csv(tmp_path: Path) -> None:
    target = tmp_path / "catalogue.csv"
    subprocess.run(
        [*COMMAND, "--write-catalogue", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=20,
    )
    assert target.read_text(encoding="utf-8").startswith("sku,title_en,title_de")


def test_emulator_needs_no_key(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--json"],
        cwd=ROOT,
        env=bare,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert json.loads(line)["settings"]["LWA_CLIENT_ID"]


def test_other_commands_need_keys() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr
