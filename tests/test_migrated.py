"""A copy of the migrated database is whole; where there is none, none is copied."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests import migrated

NAME = "SHOPLINK_TEST_TEMPLATE"


def test_copy_holds_what_was_not_yet_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "migrated.sqlite3", tmp_path / "data" / "copy.sqlite3"
    monkeypatch.setenv(NAME, f"sqlite:///{source}")
    with closing(sqlite3.connect(source)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE told (word)")
        old.execute("INSERT INTO told VALUES ('kept')")
        old.commit()

        # While somebody has it open, its newest rows are in the log beside it.
        migrated.copy_file(target)

    with closing(sqlite3.connect(target)) as new:
        assert new.execute("SELECT word FROM told").fetchall() == [("kept",)]


def test_name_of_a_database_is_no_part_of_the_statement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(NAME, "postgres://shoplink:none@127.0.0.1:1/migrated")

    told = migrated.created_from_template('te"st')

    assert told == 'CREATE DATABASE "te""st" TEMPLATE "migrated"'


def test_nothing_is_copied_where_nothing_was_migrated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(NAME, raising=False)

    assert not migrated.copy_to_test_database()
