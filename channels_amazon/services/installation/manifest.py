"""Says what a backup holds, and proves that it still does; services layer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import key_fingerprints
from channels_amazon.services.installation.versions import product_version
from channels_amazon.wording import sentence

MANIFEST = "manifest.json"
# In the form that `sha256sum --check` reads.
SUMS = "SHA256SUMS"
FORM = 1
_CHUNK = 1 << 20


class BackupError(ShoplinkError):
    """A backup cannot be made or restored; nothing was changed unless it says so."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__("backup.refused", message, fix=fix)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    `file` is the database in it; `migrations` are those applied, as "app.name"; `keys`
    are the fingerprints of FERNET_KEYS, without which tokens, secrets and personal
    data cannot be read: the keys themselves are not in it.
    """

    form: int
    made_at: str
    version: str
    vendor: str
    file: str
    migrations: list[str]
    keys: list[str]
    installation: str


def describe(file: str, installation: str) -> Manifest:
    """Return the manifest of a backup that is made of the present database."""
    applied = MigrationLoader(connection).applied_migrations
    return Manifest(
        form=FORM,
        made_at=timezone.now().isoformat(),
        version=product_version(),
        vendor=connection.vendor,
        file=file,
        migrations=sorted(f"{app}.{name}" for app, name in applied),
        keys=key_fingerprints(),
        installation=installation,
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Write manifest and checksums beside the database's file."""
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    lines = [f"{sha256(folder / name)}  {name}" for name in (manifest.file, MANIFEST)]
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """Return the manifest of a whole and unchanged backup; raises BackupError."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        sums = {name: digest for digest, _sep, name in map(_split, lines)}
        for name, expected in sums.items():
            if Path(name).name != name or sha256(folder / name) != expected:
                raise _broken(name)
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise _broken(getattr(error, "filename", None) or SUMS) from error
    if {manifest.file, MANIFEST} - sums.keys():
        raise _broken(SUMS)
    if manifest.form != FORM:
        raise BackupError(
            sentence("The backup has a form that this version does not know."),
            fix=sentence("Restore it with the version of Shoplink that made it."),
        )
    return manifest


def require_restorable(manifest: Manifest) -> None:
    """Raise BackupError where this program, database or its keys do not fit."""
    if manifest.vendor != connection.vendor:
        raise BackupError(
            sentence(
                "The backup is of %(theirs)s, and DATABASE_URL names %(ours)s.",
                theirs=manifest.vendor,
                ours=connection.vendor,
            )
        )
    known = MigrationLoader(None).disk_migrations
    unknown = sorted(
        set(manifest.migrations) - {f"{app}.{name}" for app, name in known}
    )
    if unknown:
        raise BackupError(
            sentence(
                "The backup was made by a newer version: %(names)s.",
                names=_listed(unknown),
            ),
            fix=sentence(
                "Install that version first (%(version)s or later).",
                version=manifest.version,
            ),
        )
    missing = [key for key in manifest.keys if key not in key_fingerprints()]
    if missing:
        raise BackupError(
            sentence(
                "FERNET_KEYS lacks keys that the backup's secrets need, with the "
                "fingerprints %(names)s.",
                names=_listed(missing),
            ),
            fix=sentence(
                "Put the keys of the time of the backup into FERNET_KEYS: they were "
                "to be kept apart from it."
            ),
        )


def sha256(path: Path) -> str:
    """Return the file's checksum in hexadecimal digits."""
    made = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            made.update(chunk)
    return made.hexdigest()


def _split(line: str) -> tuple[str, str, str]:
    return line.partition("  ")


def _broken(name: str) -> BackupError:
    return BackupError(
        sentence(
            "The backup is not whole: %(name)s is missing or was changed.",
            name=Path(str(name)).name,
        ),
        fix=sentence("Take another backup; nothing was changed."),
    )


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")
