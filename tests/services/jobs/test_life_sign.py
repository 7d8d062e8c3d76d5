"""Who tries to beat lives, though a busy database takes no row of it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator

import pytest
import time_machine
from django.db import OperationalError

from channels_amazon import tasks
from channels_amazon.models import Heartbeat
from channels_amazon.services.jobs import heartbeats, life_sign


def failed(code: int) -> OperationalError:
    """Return the error of a statement that SQLite refused with that code."""
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = code
    error = OperationalError("database is locked")
    error.__cause__ = cause
    return error


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Give the open file in which the processes of a cluster show life."""
    with tempfile.TemporaryFile() as made:
        monkeypatch.setenv(life_sign.FILE, str(made.fileno()))
        yield made.fileno()


@pytest.mark.parametrize(
    ("code", "is_busy"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_LOCKED, True),
        (sqlite3.SQLITE_READONLY, False),
        (sqlite3.SQLITE_CANTOPEN, False),
        (sqlite3.SQLITE_FULL, False),
    ],
)
def test_only_a_lock_that_did_not_come_is_busy(code: int, is_busy: bool) -> None:
    assert life_sign.is_busy(failed(code)) == is_busy


def test_error_without_a_cause_is_not_busy() -> None:
    assert not life_sign.is_busy(OperationalError("locked"))


def test_sign_is_as_old_as_it_is(file: int) -> None:
    assert life_sign.seconds_since(file) == float("inf")
    life_sign.show()
    assert 0 <= life_sign.seconds_since(file) < 5
    # No clock that is set can make it older or younger.
    with time_machine.travel(0):
        assert 0 <= life_sign.seconds_since(file) < 5


def test_nobody_listens_outside_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(life_sign.FILE, raising=False)
    life_sign.show()
    assert life_sign.FILE not in os.environ


@pytest.mark.django_db
def test_beat_that_a_busy_database_hinders_shows_life(
    file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(kind: str) -> None:
        raise failed(sqlite3.SQLITE_BUSY)

    monkeypatch.setattr(heartbeats, "beat", refuse)
    tasks.beat()

    assert life_sign.seconds_since(file) < 5
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_beat_that_fails_for_another_reason_shows_nothing(
    file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(kind: str) -> None:
        raise failed(sqlite3.SQLITE_READONLY)

    monkeypatch.setattr(heartbeats, "beat", refuse)
    with pytest.raises(OperationalError):
        tasks.beat()

    assert life_sign.seconds_since(file) == float("inf")


@pytest.mark.django_db
def test_beat_that_is_written_needs_no_other_sign(file: int) -> None:
    tasks.beat()

    assert life_sign.seconds_since(file) == float("inf")
    assert Heartbeat.objects.exists()
