"""Reads what tells this host and this database from others; services layer.

What they mean is said in `rules/installation/identity.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from channels_amazon.rules.installation.identity import HereFacts

_MACHINE_ID = Path("/etc/machine-id")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# In a container the machine's id is none, or the image's: the same everywhere.
_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """What the file beside the installation says; `noted_at` is ISO time in UTC."""

    installation: str
    place: str
    noted_at: str

    @property
    def last_work_at(self) -> datetime:
        """Return when this host last noted that it worked."""
        return datetime.fromisoformat(self.noted_at)


def read_here(installation: uuid.UUID) -> HereFacts:
    """Return what is known of the surroundings of this process."""
    file = read_place(installation)
    machine = machine_id()
    return HereFacts(
        place=file.place if file else "",
        machine=_hash(installation, machine) if machine else "",
        address=_hash(installation, database_address()),
        database=database_identity(),
        is_server=connection.vendor != "sqlite",
    )


def read_place(installation: uuid.UUID) -> PlaceFile | None:
    """Return this host's file; None where there is none of this installation.

    One that cannot be read counts as none: the host is not known then.
    """
    try:
        text = place_path(installation).read_text(encoding="utf-8")
        found = PlaceFile(**json.loads(text))
        datetime.fromisoformat(found.noted_at)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.installation == str(installation) else None


def write_place(installation: uuid.UUID, place: str, at: datetime) -> bool:
    """Write this host's file, for its owner alone; False where that cannot be done."""
    path = place_path(installation)
    content = PlaceFile(str(installation), place, at.isoformat())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Only its owner may read what this makes.
        handle, made = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(content), file)
        Path(made).replace(path)
    except OSError:
        return False
    return True


def can_write_place(installation: uuid.UUID) -> bool:
    """Tell whether this host's file can be written, by a file that leaves no trace."""
    folder = place_path(installation).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def place_path(installation: uuid.UUID) -> Path:
    """Return where this host's file lies: beside SQLite's file, else in DATA_DIR.

    Several installations may share a folder, so it has the installation's name.
    """
    name = f"installation-{installation}.json"
    if connection.vendor == "sqlite":
        return Path(str(connection.settings_dict["NAME"])).absolute().parent / name
    return Path(settings.DATA_DIR) / name


def machine_id() -> str:
    """Return the id of this machine, "" where it has none of its own."""
    if any(mark.exists() for mark in _CONTAINER_MARKS):
        return ""
    found = _read(_MACHINE_ID)
    return "" if found == "uninitialized" else found


def boot_id() -> str:
    """Return what tells this boot of the machine from others, "" for unknown."""
    return _read(_BOOT_ID)[:40]


def database_address() -> str:
    """Return where the settings say the database is; it is only kept as a hash."""
    row = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(Path(str(row["NAME"])).resolve())
    return f"{row['HOST']}:{row['PORT'] or 5432}/{row['NAME']}"


def database_identity() -> str:
    """Return what tells this database from a copy of it."""
    if connection.vendor == "sqlite":
        return f"sqlite:{Path(str(connection.settings_dict['NAME'])).stat().st_ino}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::text, has_function_privilege("
            "'pg_control_system()', 'execute') "
            "FROM pg_database WHERE datname = current_database()"
        )
        number, may_ask = cursor.fetchone()
        system = ""
        if may_ask:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            (system,) = cursor.fetchone()
    return f"postgresql:{system}:{number}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _hash(installation: uuid.UUID, text: str) -> str:
    # Keyed by the installation, as systemd asks of whoever shows its machine id.
    return hashlib.blake2b(
        text.encode(), digest_size=16, key=installation.bytes
    ).hexdigest()
