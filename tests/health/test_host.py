"""What keeps the check itself from looking is said, with exit status 3."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health.checks import host
from channels_amazon.health.context import CheckContext
from channels_amazon.management.commands import health_check
from channels_amazon.models import HealthReport, Heartbeat
from channels_amazon.services.health import write_proof
from shoplink import probes
from tests.builders import make_account
from tests.health.faults import make_healthy, report_of
from tests.processes import Processes

JSON_KEYS = {"check", "code", "level", "cause", "fix", "evidence"}


def told(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command here; return its exit status and its JSON."""
    out = StringIO()
    code = 0
    try:
        call_command("health_check", *arguments, "--json", stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, json.loads(out.getvalue())


@contextmanager
def writes_locked() -> Iterator[None]:
    """Hold the lock of every write of the test's database, as a hung process does."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        with closing(sqlite3.connect(name, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")
        return
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        other.set_autocommit(False)
        for model in (HealthReport, Heartbeat):
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN EXCLUSIVE MODE")
        yield
        other.rollback()


@pytest.mark.django_db(transaction=True)
def test_locked_database_is_said_with_three(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    monkeypatch.setattr(write_proof, "LONGEST_WAIT", 0.2)
    with writes_locked():
        code, report = told(str(account.pk))

    assert code == 3
    assert report["findings"][0]["code"] == "host.database"
    assert JSON_KEYS <= set(report["findings"][0])
    assert not HealthReport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_full_database_is_a_full_disk(emulator: Emulator) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite alone can be told how large it may grow.")
    account = make_healthy(emulator)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE full_of_it (text TEXT)")
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        try:
            cursor.execute(f"PRAGMA max_page_count = {pages}")
            _fill(cursor)
            found = host.run(CheckContext(account, timezone.now()))
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
            cursor.execute("DROP TABLE full_of_it")
    assert [one.code for one in found] == ["host.disk_full"]


def _fill(cursor: Any) -> None:
    """Leave no room in the pages that the database has."""
    for size in (100_000, 1_000, 10):
        try:
            while True:
                cursor.execute("INSERT INTO full_of_it VALUES (%s)", ["x" * size])
        except DatabaseError:
            continue


@pytest.mark.django_db
@pytest.mark.parametrize(("free", "level"), [(100, "warning"), (10, "error")])
def test_disk_that_fills_is_found(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    account = make_healthy(emulator)
    monkeypatch.setattr(host, "_free", lambda: free * 1024**2)

    (finding,) = report_of(account)["findings"]

    assert (finding["code"], finding["level"]) == ("host.disk_full", level)


@pytest.mark.django_db(transaction=True)
def test_missing_table_is_said_with_three(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE channels_amazon_offer RENAME TO offer_gone")
    try:
        code, report = told(str(account.pk))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE offer_gone RENAME TO channels_amazon_offer")

    assert code == 3
    found = [one for one in report["findings"] if one["code"] == "unknown"]
    assert found[0]["check"] == "listing_issues"
    assert "offer" in found[0]["evidence"]["error"]


@pytest.mark.django_db
def test_migration_that_is_missing_is_found(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    applied = MigrationRecorder.Migration.objects.filter(app="channels_amazon")
    applied.order_by("-name")[0].delete()
    (finding,) = report_of(account)["findings"]
    assert finding["code"] == "host.database"
    assert "migrate" in finding["fix"]


@pytest.mark.django_db
def test_malformed_keys_are_said_with_three(settings: Settings) -> None:
    settings.FERNET_KEYS = ["short"]
    code, report = told("all-of-them")
    assert code == 3
    assert report["findings"][0]["code"] == "unknown"
    assert "FERNET_KEYS" in report["findings"][0]["cause"]
    assert report["findings"][0]["evidence"] == {"setting": "shoplink.E003"}
    assert "short" not in str(report["findings"][0]["evidence"])


@pytest.mark.django_db
def test_account_that_is_not_there_is_said_with_three() -> None:
    code, report = told("99999999")
    assert (code, report["status"]) == (3, "error")
    assert "There is no account" in report["findings"][0]["cause"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FERNET_KEYS", ""),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_URL", "mysql://nobody@nowhere/x"),
        ("DATABASE_URL", "postgres://nobody:pass-word@127.0.0.1:1/x"),
    ],
)
def test_settings_that_cannot_be_read_are_said_with_three(
    processes: Processes, name: str, value: str
) -> None:
    child = processes.command(
        "health_check",
        "1",
        "--json",
        DJANGO_SETTINGS_MODULE="shoplink.settings",
        **{name: value},
    )
    out, errors = child.communicate(timeout=120)
    report = json.loads(out)
    assert child.returncode == 3
    assert report["findings"][0]["code"] in {"unknown", "host.database"}
    assert "Traceback" not in errors
    assert "pass-word" not in out + errors


@pytest.mark.django_db
def test_all_accounts_are_checked_with_one_status(emulator: Emulator) -> None:
    well = make_healthy(emulator)
    revoked = make_healthy(emulator, region="eu")
    emulator.control("revoke", region="eu")

    code, answer = told("--all")

    by_account = {one["account"]: one["status"] for one in answer["reports"]}
    assert (code, answer["status"], answer["accounts"]) == (2, "error", 2)
    assert by_account == {well.pk: "ok", revoked.pk: "error"}


@pytest.mark.django_db
def test_no_account_at_all_is_not_known_to_be_well() -> None:
    code, answer = told("--all")
    assert (code, answer["status"]) == (3, "error")


@pytest.mark.parametrize("arguments", [[], ["1", "--all"], ["1", "--nonsense"]])
def test_wrong_command_line_is_no_error_of_an_account(arguments: list[str]) -> None:
    command = health_check.Command()
    # As Django does for one that a shell started.
    command.__dict__["_called_from_command_line"] = True
    parser = command.create_parser("manage.py", "health_check")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(arguments)
    assert ended.value.code == 3


@pytest.mark.django_db
def test_probe_and_check_call_the_same_disk_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("The probe looks at the disk of SQLite's file alone.")
    account = make_account()
    levels = {}
    for free in (49, 51):
        monkeypatch.setattr(write_proof, "free_bytes", lambda: free * 1024**2)  # noqa: B023
        (finding,) = host.run(CheckContext(account, timezone.now()))
        levels[free] = (finding.level == "error", bool(probes.why_not_ready()))
    assert levels == {49: (True, True), 51: (False, False)}
