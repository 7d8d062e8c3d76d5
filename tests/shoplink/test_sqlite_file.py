"""The SQLite file holds tokens' rows and orders: nobody else on the host reads it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT


def mode(path: Path) -> int:
    """Return the rights of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def migrate(file: Path) -> None:
    """Make or open the database in a process that lets others read its files."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "contenttypes", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{file}", "DEBUG": "true"},
        umask=0o022,
        check=True,
    )


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "of before"])
def test_database_file_is_its_owners_alone(tmp_path: Path, *, is_there: bool) -> None:
    file = tmp_path / "data" / "shoplink.sqlite3"
    if is_there:
        file.parent.mkdir()
        file.touch(mode=0o644)

    migrate(file)

    assert mode(file) == 0o600
    assert all(mode(one) == 0o600 for one in file.parent.iterdir())
    if not is_there:
        assert mode(file.parent) == 0o700
