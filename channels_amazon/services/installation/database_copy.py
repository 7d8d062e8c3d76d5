"""Copies the whole database to a file and back, consistently; services layer.

SQLite by its backup API, PostgreSQL by its own programs: each sees one moment, while
others go on writing. A password is handed over in the environment, where no list of
processes shows it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from django.db import connection
from django.utils import timezone

from channels_amazon.services.installation.manifest import BackupError
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import sentence

_LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}
# Sequences go with their tables.
_DROP_ALL = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  LOOP EXECUTE 'DROP TABLE IF EXISTS ' || name || ' CASCADE'; END LOOP;
END $$;
"""


def file_name() -> str:
    """Return what the database's file is called in a backup."""
    return "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"


def is_empty() -> bool:
    """Tell whether the database has no table, or does not exist as a file yet."""
    if connection.vendor == "sqlite" and not _file().exists():
        return True
    with connection.cursor() as cursor:
        return not connection.introspection.table_names(cursor)


def move_away() -> None:
    """Keep SQLite's file, which cannot be read, under a name of its own."""
    connection.close()
    moment = f"{timezone.now():%Y%m%d-%H%M%S}"
    for end in ("", "-wal", "-shm"):
        file = _file().with_name(_file().name + end)
        if file.exists():
            file.rename(file.with_name(f"{_file().name}.unreadable-{moment}{end}"))


def other_sessions() -> int:
    """Return how many other connections a database server has for this database."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def dump(target: Path) -> None:
    """Write the database as it is at one moment; raises BackupError."""
    if connection.vendor == "sqlite":
        _copy_file(_file(), target)
        return
    _run(
        [
            _program("pg_dump"),
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--file={target}",
        ]
    )


def load(source: Path) -> None:
    """Put the copy in the database's place, wholly or not at all; raises BackupError.

    What was there is gone afterwards.
    """
    connection.close()
    if connection.vendor == "sqlite":
        _put_file(source, _file())
        return
    with tempfile.TemporaryDirectory(prefix="shoplink-restore-") as folder:
        script, before = Path(folder) / "restore.sql", Path(folder) / "before.sql"
        before.write_text(_DROP_ALL, encoding="utf-8")
        _run(
            [
                _program("pg_restore"),
                "--no-owner",
                "--no-privileges",
                f"--file={script}",
                str(source),
            ],
            connects=False,
        )
        # One transaction: a restore that fails leaves what was there.
        command = [_program("psql"), "--no-psqlrc", "--quiet", "--single-transaction"]
        command += ["--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        _run([*command, f"--file={before}", f"--file={script}"])


def _file() -> Path:
    return Path(str(connection.settings_dict["NAME"])).absolute()


def _copy_file(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            # In one step, so that a writer meanwhile does not make it begin anew.
            read.backup(written, pages=-1)
            (answer,) = written.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise _failed("sqlite", str(error)) from error
    if answer != "ok":
        raise _failed("sqlite", answer)


def _put_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    os.close(handle)
    try:
        _copy_file(source, Path(made))
        for end in ("-wal", "-shm"):
            # The former file's: its changes are not those of the new one.
            target.with_name(f"{target.name}{end}").unlink(missing_ok=True)
        Path(made).replace(target)
    except OSError as error:
        raise _failed("sqlite", str(error)) from error
    finally:
        Path(made).unlink(missing_ok=True)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            sentence("The program %(name)s is not on this host.", name=name),
            fix=sentence(
                "Install PostgreSQL's client programs, of the server's version or a "
                "later one."
            ),
        )
    return found


def _run(command: list[str], *, connects: bool = True) -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, found on the path
        command,
        env=os.environ | (_environment() if connects else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise _failed(Path(command[0]).name, done.stderr)


def _environment() -> dict[str, str]:
    row = connection.settings_dict
    given = {
        "PGHOST": row["HOST"],
        "PGPORT": str(row["PORT"] or ""),
        "PGUSER": row["USER"],
        "PGPASSWORD": row["PASSWORD"],
        "PGDATABASE": row["NAME"],
    }
    options = row.get("OPTIONS", {})
    given |= {
        variable: str(options[name])
        for name, variable in _LIBPQ.items()
        if name in options
    }
    return {name: value for name, value in given.items() if value}


def _failed(program: str, words: str) -> BackupError:
    # PostgreSQL's DETAIL and CONTEXT lines may hold a row; its notices are no reason.
    lines = [line for line in words.strip().splitlines() if "NOTICE:" not in line]
    named = [line for line in lines if "ERROR:" in line or "FATAL:" in line]
    first = next(iter(named or lines), "")
    return BackupError(
        sentence(
            "%(program)s failed: %(reason)s",
            program=program,
            reason=redact_text(first)[:300],
        )
    )
