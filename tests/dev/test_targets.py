"""Every target of the Makefile may be the first one that is run in a fresh clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from dev import requirements
from dev.keys import ROOT
from tests.whole.installation import Installation, copy_project

pytestmark = pytest.mark.targets

# The smallest thing that each can do, which takes its whole set-up all the same.
COMMANDS = {
    "setup": [],
    "test": ["ARGS=tests/rules/stock"],
    "lint": ["ONLY=markup migrations"],
    "format": [],
    "bench": ["ONLY=start"],
    "chaos": ["KILLS=1", "ARGS=tests/worker/test_consumer.py"],
    "messages": [],
    "pictures": ["ARGS=--help"],
    "requirements": ["ARGS=--check"],
}
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a copy of the project in which nothing was ever run."""
    folder = tmp_path / "shoplink"
    copy_project(folder)
    (folder / ".venv").unlink()
    return folder


def environment() -> dict[str, str]:
    """Return that of somebody who set nothing; the packages are those at hand.

    With REAL_SETUP they are installed anew, which needs a package index.
    """
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    if os.environ.get("REAL_SETUP"):
        return kept
    return kept | {"SHOPLINK_VENV": str(ROOT / ".venv")}


def test_every_target_of_the_help_is_tried() -> None:
    told = subprocess.run(
        ["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert set(re.findall(r"^make (\w+)", told, re.MULTILINE)) == {"run", *COMMANDS}


@pytest.mark.parametrize("target", COMMANDS)
def test_target_may_be_the_first(clone: Path, target: str) -> None:
    done = subprocess.run(
        ["make", target, *COMMANDS[target]],
        cwd=clone,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.skipif(
    not (IN_CI or os.environ.get("REAL_SETUP")),
    reason="Needs a package index, as CI has: set REAL_SETUP=1.",
)
def test_setup_installs_the_product_with_its_hashes(tmp_path: Path) -> None:
    # Once for all targets, which use the environment at hand: the product's set, that
    # a merchant installs. Where the index is, is the machine's affair.
    (tmp_path / "dev").mkdir()
    for file in ("dev/setup.sh", *(f"{name}.txt" for name in requirements.SETS)):
        shutil.copy(ROOT / file, tmp_path / file)
    index = {name: text for name, text in os.environ.items() if name[:4] == "PIP_"}
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}

    done = subprocess.run(
        ["sh", "dev/setup.sh", "requirements.txt"],
        cwd=tmp_path,
        env=kept | index,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    told = subprocess.run(
        [tmp_path / ".venv/bin/python", "-m", "django", "--version"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    pins = requirements.compiled(ROOT / "requirements.txt")
    assert told in {pin.version for pin in pins if pin.name == "django"}


def test_run_may_be_the_first(tmp_path: Path) -> None:
    product = Installation(tmp_path)
    try:
        product.start()
        assert "Sign in:" in product.written()
        control = requests.get(f"{product.amazon}/_emulator/control", timeout=10).text
        assert f"{product.web}/admin/amazon/appstore-login/" in control
    finally:
        product.stop()
