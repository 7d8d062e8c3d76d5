"""The queue waits for a busy database, and ends with one that is broken."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from pytest_django import Settings

from channels_amazon.services.health import write_proof
from channels_amazon.services.jobs import life_sign, queue
from channels_amazon.worker.broker import PatientQueue, queue_of_cluster

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def usual_patience() -> Iterator[None]:
    """Leave a connection that waits as usual to the next test of this process."""
    read, write = {
        "sqlite": ("PRAGMA busy_timeout", "PRAGMA busy_timeout = {}"),
        "postgresql": ("SHOW lock_timeout", "SET lock_timeout = '{}'"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(read)
        usual = cursor.fetchone()[0]
    yield
    with connection.cursor() as cursor:
        cursor.execute(write.format(usual))


def refusing(code: int) -> Any:
    """Return what fails as a statement does that SQLite refused with that code."""

    def refuse(*_arguments: Any) -> None:
        cause = sqlite3.OperationalError("refused")
        cause.sqlite_errorcode = code
        raise OperationalError("refused") from cause

    return refuse


@pytest.mark.parametrize("does", ["dequeue", "acknowledge"])
def test_busy_database_ends_nothing_and_shows_life(
    does: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ORM, does, refusing(sqlite3.SQLITE_BUSY))
    made = PatientQueue()
    with tempfile.TemporaryFile() as file:
        monkeypatch.setenv(life_sign.FILE, str(file.fileno()))

        assert (made.dequeue() if does == "dequeue" else made.acknowledge(1)) is None

        assert life_sign.seconds_since(file.fileno()) < 5


@pytest.mark.parametrize("does", ["dequeue", "acknowledge"])
def test_broken_database_ends_it(does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ORM, does, refusing(sqlite3.SQLITE_CORRUPT))
    made = PatientQueue()

    with pytest.raises(OperationalError):
        made.dequeue() if does == "dequeue" else made.acknowledge(1)


def test_task_is_pulled_and_taken_off(settings: Settings) -> None:
    queue.enqueue(queue.BEAT_TASK)
    made = PatientQueue()

    ((number, _payload),) = made.dequeue()
    made.acknowledge(number)

    assert not OrmQ.objects.exists()


def test_puller_waits_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_proof, "LONGEST_WAIT", 0.4)
    queue.enqueue(queue.BEAT_TASK)
    PatientQueue().dequeue()
    statement = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}
    with connection.cursor() as cursor:
        cursor.execute(statement[connection.vendor])
        assert str(cursor.fetchone()[0]).removesuffix("ms") == "400"


@pytest.mark.parametrize("redis", ["", "redis://127.0.0.1:1/0"])
def test_only_the_queue_in_the_database_is_ours(redis: str, settings: Settings) -> None:
    settings.REDIS_URL = redis
    assert isinstance(queue_of_cluster(), PatientQueue) == (not redis)
