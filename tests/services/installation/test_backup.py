"""Backups are whole, closed to others, and restored only where they fit."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from pytest_django import Settings

from channels_amazon.models import (
    Credential,
    DiagnosticEntry,
    Installation,
    Store,
    key_fingerprints,
)
from channels_amazon.services.installation import (
    database_copy,
    guard,
    manifest,
    presence,
)
from channels_amazon.services.installation.backup import make_backup, restore_backup
from channels_amazon.services.installation.manifest import BackupError
from channels_amazon.services.jobs import heartbeats
from tests.builders import make_account, make_store
from tests.services.installation.scene import mode_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a backup of a store and the secret of an account."""
    make_account(make_store(name="Before"), refresh_token="Atzr|canary")
    presence.arrive()
    make_backup(tmp_path / "backup")
    return tmp_path / "backup"


def restore(folder: Path, *, replace: bool = True) -> None:
    restore_backup(folder, replace=replace, actor="ann")


def test_backup_is_closed_to_others_and_holds_neither_key_nor_secret(
    folder: Path, settings: Settings
) -> None:
    assert mode_of(folder) == "0o700"
    assert {mode_of(path) for path in folder.iterdir()} == {"0o600"}
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in (*settings.FERNET_KEYS, settings.SECRET_KEY, "Atzr|canary"):
        assert secret.encode() not in everything
    assert key_fingerprints()[0].encode() in everything


def test_checksums_are_those_of_the_files(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    named = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    assert len(named) == 2
    for name, stated in named.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert found == stated


def test_restored_database_holds_what_was_there_and_begins_behind(folder: Path) -> None:
    Store.objects.all().update(name="After")
    Store.objects.create(name="New", slug="new")

    restore(folder)

    assert list(Store.objects.values_list("name", flat=True)) == ["Before"]
    assert Credential.objects.get().refresh_token == "Atzr|canary"
    row = Installation.objects.get()
    assert (row.behind_cause, row.behind_at) == ("restored", None)
    assert DiagnosticEntry.objects.filter(code="installation.restored").exists()


def test_database_with_tables_is_replaced_only_when_told(folder: Path) -> None:
    with pytest.raises(BackupError, match="not empty"):
        restore(folder, replace=False)
    assert Store.objects.exists()


def test_database_at_work_is_not_replaced(folder: Path) -> None:
    heartbeats.beat("queue")
    with pytest.raises(BackupError, match="still works"):
        restore(folder)


@pytest.mark.parametrize("name", ["database", "manifest.json", "SHA256SUMS"])
def test_changed_backup_is_refused(folder: Path, name: str) -> None:
    path = next(one for one in folder.iterdir() if one.name.startswith(name))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    Store.objects.all().update(name="After")
    with pytest.raises(BackupError, match="not whole"):
        restore(folder)
    assert Store.objects.get().name == "After"


def test_backup_whose_keys_are_not_held_is_refused_and_they_are_named(
    folder: Path, settings: Settings
) -> None:
    needed = key_fingerprints()[0]
    settings.FERNET_KEYS = ["another-key-of-more-than-thirty-two-bytes"]
    with pytest.raises(BackupError, match=needed):
        restore(folder)


def test_backup_of_a_newer_version_is_refused(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    content["migrations"].append("channels_amazon.9999_from_the_future")
    manifest.write(folder, manifest.Manifest(**content))
    with pytest.raises(BackupError, match="9999_from_the_future"):
        restore(folder)


def test_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").write_text("mine")
    with pytest.raises(CommandError, match="not an empty folder"):
        call_command("backup", str(tmp_path / "full"))
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_backup_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "sqlite":
        # It needs no other program, so its copy is to be found damaged.
        monkeypatch.setattr(sqlite3, "connect", _no_file)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupError):
        make_backup(tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


def _no_file(*arguments: Any, **options: Any) -> Any:
    raise sqlite3.DatabaseError("database disk image is malformed")


def test_backup_under_writes_is_of_one_moment(tmp_path: Path) -> None:
    """Two rows that are always changed together are alike in the copy."""
    one, other = make_store(name="0"), make_store(name="0")
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with transaction.atomic():
                for row in (one, other):
                    Store.objects.filter(pk=row.pk).update(name=str(number))
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for attempt in range(3):
            make_backup(tmp_path / str(attempt))
    finally:
        stop.set()
        thread.join()
    for attempt in range(3):
        restore(tmp_path / str(attempt))
        assert len(set(Store.objects.values_list("name", flat=True))) == 1


def test_restored_elsewhere_is_said_to_be_paused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Installation.objects.all().update(database="another")
    make_backup(folder.parent / "theirs")

    call_command("restore", str(folder.parent / "theirs"), replace=True)

    assert "paused" in capsys.readouterr().out
    assert not guard.look().may_work


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a file's fault")
def test_damaged_file_is_replaced_and_kept(folder: Path) -> None:
    file = Path(str(connection.settings_dict["NAME"]))
    connections.close_all()
    file.write_bytes(b"no database at all" * 500)

    with pytest.raises(BackupError, match="cannot be read"):
        restore(folder, replace=False)
    restore(folder)

    assert Store.objects.get().name == "Before"
    (kept,) = file.parent.glob(f"{file.name}.unreadable-*")
    assert kept.read_bytes().startswith(b"no database")
    kept.unlink()


def test_reason_is_the_error_and_no_notice() -> None:
    said = (
        "psql:before.sql:6: NOTICE:  drop cascades to 2 other objects\n"
        "DETAIL:  Key (name)=(Ada Lovelace)\n"
        "psql:rows.sql:9: ERROR:  out of shared memory\n"
    )
    error = database_copy._failed("psql", said)
    assert error.message == "psql failed: psql:rows.sql:9: ERROR:  out of shared memory"
