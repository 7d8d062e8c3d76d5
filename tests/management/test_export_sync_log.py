"""`manage.py export_sync_log` writes a whole file, or none."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from channels_amazon.management.commands import export_sync_log
from channels_amazon.models import AmazonAccount, ApiCall, AuditEntry
from channels_amazon.services.health import (
    sync_log,
    sync_log_runs,
    sync_log_story,
)
from tests import builders
from tests.processes import Processes
from tests.views.scene import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that ran."""
    account = builders.make_account()
    builders.make_run(account, state="done")
    return account


def run(*arguments: object) -> str:
    """Run the command; return what it says."""
    out = io.StringIO()
    call_command("export_sync_log", *map(str, arguments), stdout=out)
    return out.getvalue()


def names(data: bytes) -> list[str]:
    """Return the names in an archive that is whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


@pytest.mark.parametrize("by", ["pk", "seller_id"])
def test_file_is_written_for_its_owner_alone(
    account: AmazonAccount, tmp_path: Path, by: str
) -> None:
    file = tmp_path / "log.zip"

    said = run(getattr(account, by), file)

    assert "README.txt" in names(file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in said
    assert [one.name for one in tmp_path.iterdir()] == ["log.zip"]
    assert AuditEntry.objects.filter(reference="sync-log").count() == 1


def test_dash_writes_to_the_standard_output(
    account: AmazonAccount, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = run(account.pk, "-")

    assert "run.json" in names(capfdbinary.readouterr().out)
    assert said == ""


def test_story_is_in_the_language_asked_for(
    account: AmazonAccount, tmp_path: Path
) -> None:
    run(account.pk, tmp_path / "en.zip")
    run(account.pk, tmp_path / "zh.zip", "--language", "zh-hans")

    def readme(name: str) -> str:
        with zipfile.ZipFile(tmp_path / name) as archive:
            return archive.read("README.txt").decode()

    assert "ended well" in readme("en.zip")
    assert account.application.app_id in readme("zh.zip")


@pytest.mark.parametrize("name", ["4711", "ANOBODY", ""])
def test_unknown_account_is_said(
    account: AmazonAccount, tmp_path: Path, name: str
) -> None:
    with pytest.raises(CommandError, match="There is no account") as caught:
        run(name, tmp_path / "log.zip")

    assert caught.value.returncode == 1
    assert not list(tmp_path.iterdir())


def test_seller_of_several_accounts_is_asked_which(tmp_path: Path) -> None:
    for region in ("na", "eu"):
        builders.make_account(seller_id="ATWICE", region=region)

    with pytest.raises(CommandError, match="several accounts"):
        run("ATWICE", tmp_path / "log.zip")


def test_account_that_never_ran_is_said(tmp_path: Path) -> None:
    account = builders.make_account()

    with pytest.raises(CommandError, match="Nothing has run") as caught:
        run(account.pk, tmp_path / "log.zip")

    assert caught.value.returncode == export_sync_log.NOTHING_RAN
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["missing/log.zip", "."])
def test_file_that_cannot_be_written_is_said(
    account: AmazonAccount, tmp_path: Path, where: str
) -> None:
    with pytest.raises(CommandError, match="cannot be written") as caught:
        run(account.pk, tmp_path / where)

    assert caught.value.returncode == export_sync_log.NOT_WRITTEN


@pytest.mark.parametrize("kind", ["pipe", "link", "lost link"])
def test_what_is_no_file_is_not_replaced(
    account: AmazonAccount, tmp_path: Path, kind: str
) -> None:
    place, target = tmp_path / "place", tmp_path / "target"
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(target)
    if kind == "link":
        target.write_bytes(b"earlier")
    before = place.lstat()

    # To look where a link leads counts as a read of it: that time may change.
    with pytest.raises(CommandError, match="Is no regular file") as caught:
        run(account.pk, place)

    assert caught.value.returncode == export_sync_log.NOT_WRITTEN
    after = place.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert after.st_mtime_ns == before.st_mtime_ns
    assert kind != "link" or target.read_bytes() == b"earlier"


def test_earlier_file_stays_where_the_new_one_breaks_off(
    account: AmazonAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log.zip"
    file.write_bytes(b"earlier")

    def full(descriptor: int, mode: str) -> io.BufferedWriter:
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(CommandError, match="No space left on device"):
        run(account.pk, file)

    assert file.read_bytes() == b"earlier"
    assert [one.name for one in tmp_path.iterdir()] == ["log.zip"]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (sync_log_runs, "last_sync"),
        (sync_log, "read_sync_log"),
        (sync_log_story, "versions"),
    ],
)
def test_database_error_has_a_status_of_its_own(
    account: AmazonAccount,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    name: str,
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        message = "database is locked (postgres://ann:Zq7canaryX@db/x)\nLINE 1: SELECT"
        raise OperationalError(message)

    monkeypatch.setattr(module, name, broken)
    file = tmp_path / "log.zip"
    file.write_bytes(b"earlier")

    with pytest.raises(CommandError, match="database is locked") as caught:
        run(account.pk, file)

    assert caught.value.returncode == export_sync_log.NOT_READ
    assert "canary" not in str(caught.value)
    assert "LINE" not in str(caught.value)
    assert file.read_bytes() == b"earlier"
    assert [one.name for one in tmp_path.iterdir()] == ["log.zip"]


def test_run_is_the_one_that_is_named(account: AmazonAccount, tmp_path: Path) -> None:
    last = account.runs.get()
    older = builders.make_run(account, state="failed", started_at=account.created_at)

    def told(*arguments: object) -> int:
        run(account.pk, tmp_path / "log.zip", *arguments)
        with zipfile.ZipFile(tmp_path / "log.zip") as archive:
            found: int = json.loads(archive.read("run.json"))["run"]["id"]
        return found

    assert told() == last.pk
    assert told("--run", older.pk) == older.pk


@pytest.mark.parametrize("number", ["another's", 4711, -1, 10**30])
def test_run_of_another_account_is_refused(
    account: AmazonAccount, tmp_path: Path, number: object
) -> None:
    if number == "another's":
        number = builders.make_run(builders.make_account(account.store)).pk

    with pytest.raises(CommandError, match=f"has no run {number}") as caught:
        run(account.pk, tmp_path / "log.zip", "--run", number)

    assert caught.value.returncode == export_sync_log.NO_SUCH_RUN
    assert not list(tmp_path.iterdir())
    assert not AuditEntry.objects.filter(reference="sync-log").exists()


@pytest.mark.parametrize("text", ["abc", "", "1e3"])
def test_run_that_is_no_number_is_said_with_the_way_on(
    account: AmazonAccount, tmp_path: Path, text: str
) -> None:
    with pytest.raises(CommandError) as caught:
        run(account.pk, tmp_path / "log.zip", f"--run={text}")

    assert f"“{text}” is no number of a run." in str(caught.value)
    assert "Without --run the file tells of the last sync." in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_leaves_no_file_behind(
    processes: Processes, tmp_path: Path, number: signal.Signals
) -> None:
    account = builders.make_account()
    row = builders.make_run(account, state="done")
    make_call(account, run=row)
    (row_values,) = ApiCall.objects.values()
    fields = {name: value for name, value in row_values.items() if name != "id"}
    # Some seconds of writing.
    ApiCall.objects.bulk_create(ApiCall(**fields) for _ in range(20_000))
    file = tmp_path / "log.zip"
    file.write_bytes(b"earlier")

    child = processes.command("export_sync_log", str(account.pk), str(file))
    ends = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) == 1 and child.poll() is None:
        assert time.monotonic() < ends
        time.sleep(0.01)
    child.send_signal(number)
    out, error = child.communicate(timeout=60)

    assert child.returncode == 128 + number, (out, error)
    assert [one.name for one in tmp_path.iterdir()] == ["log.zip"]
    assert file.read_bytes() == b"earlier"
