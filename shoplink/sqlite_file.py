"""Keeps the SQLite database's file to its owner, whatever the process's umask is."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # The settings read this module, before there is a database.
    from django.db.backends.base.base import BaseDatabaseWrapper

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BESIDE = ("-wal", "-shm")


def make_folder(file: Path) -> None:
    """Make the folder of a database file if there is none, for its owner alone."""
    if not file.parent.exists():
        file.parent.mkdir(parents=True)
        file.parent.chmod(stat.S_IRWXU)


def close_to_others(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Take a SQLite file's rights from everybody else; receiver of a new connection.

    SQLite gives the files beside it (`-wal`, `-shm`) the rights of the file itself.
    Somebody else's file stays as it is: only its owner may change that.
    """
    if connection.vendor != "sqlite":
        return
    file = Path(str(connection.settings_dict["NAME"]))
    for path in (file, *(file.with_name(f"{file.name}{end}") for end in _BESIDE)):
        try:
            mode = path.stat().st_mode
            if mode & _OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except (FileNotFoundError, PermissionError):
            continue
