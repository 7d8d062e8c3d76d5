"""Tests of the probes that need no sign-in, by whatever name they are asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.models import Heartbeat, WriteProof
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health import write_proof
from channels_amazon.services.jobs import heartbeats
from shoplink import probes

STRANGE = "10.0.0.7:8000"


@pytest.fixture(autouse=True)
def look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test be told what another one's look found."""
    monkeypatch.setattr(probes, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(write_proof, "LONGEST_WAIT", 0.3)


@contextmanager
def no_writes() -> Iterator[None]:
    """Let this connection refuse writes, as a read-only disk or a standby does."""
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)


@contextmanager
def locked(release: threading.Event) -> Iterator[None]:
    """Let another connection hold what the proof must write until `release`."""
    holds = threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                WriteProof.objects.update(written_at=timezone.now())
                holds.set()
                release.wait(30)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(30)
    try:
        yield
    finally:
        release.set()
        holder.join()


def ready(client: Client) -> tuple[int, str]:
    """Return the answer's status and its reason."""
    answer = client.get("/readyz")
    return answer.status_code, answer.json().get("reason", "")


def test_healthz_answers_without_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_is_ready_on_a_migrated_database(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


@pytest.mark.parametrize("path", sorted(probes.PROBES))
def test_probe_refuses_to_be_posted_to(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.django_db
def test_probe_is_answered_by_whatever_name_it_is_asked(
    client: Client, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["shop.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    for process in (Process.SUPERVISOR, Process.QUEUE):
        heartbeats.beat(process)

    asked = {
        path: client.get(path, headers={"host": STRANGE}).status_code
        for path in probes.PROBES
    }

    assert asked == dict.fromkeys(probes.PROBES, 200)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/healthz/", "//healthz", "/readyz/x", "/admin/login/", "/admin/"]
)
def test_nothing_else_is_reachable_by_a_foreign_name(
    client: Client, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["shop.example.com"]

    assert client.get(path, headers={"host": STRANGE}).status_code in {400, 404}


@pytest.mark.django_db
def test_proof_of_writes_keeps_one_row(client: Client) -> None:
    assert ready(client)[0] == 200
    first = WriteProof.objects.get().written_at
    assert ready(client)[0] == 200

    assert WriteProof.objects.get().written_at > first


@pytest.mark.django_db(transaction=True)
def test_readyz_is_not_ready_while_writes_fail(client: Client) -> None:
    with no_writes():
        assert ready(client) == (503, "The database takes no writes.")

    assert ready(client)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_readyz_waits_for_a_short_lock_only(client: Client) -> None:
    assert ready(client)[0] == 200
    release = threading.Event()

    with locked(release):
        assert ready(client) == (503, "The database takes no writes.")
        threading.Timer(0.1, release.set).start()
        assert ready(client)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_proof_leaves_the_usual_patience_of_others() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite alone keeps it with the connection.")

    def patience() -> int:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            return int(cursor.fetchone()[0])

    before = patience()
    write_proof.prove_writes()

    assert patience() == before


@pytest.mark.django_db
def test_readyz_is_not_ready_on_a_full_disk(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("The database server has a disk of its own.")
    monkeypatch.setattr(write_proof, "FULL_BYTES", 1 << 62)

    assert ready(client) == (503, "The disk that holds the database is full.")


@pytest.mark.django_db
def test_readyz_looks_once_for_many_who_ask(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "KEPT_SECONDS", 60.0)
    monkeypatch.setattr(probes, "_readiness", probes.Readiness())
    ready(client)
    first = WriteProof.objects.get().written_at

    ready(client)

    assert WriteProof.objects.get().written_at == first


@pytest.mark.django_db
def test_workerz_tells_whether_a_worker_lives(client: Client) -> None:
    assert client.get("/workerz").status_code == 503
    heartbeats.beat(Process.SUPERVISOR)
    assert "queue" in client.get("/workerz").json()["reason"]
    heartbeats.beat(Process.QUEUE)
    assert client.get("/workerz").json() == {"alive": True}

    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=2))
    assert client.get("/workerz").status_code == 503


def probe_lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return level and text of what was logged of probes."""
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if any(
            part in record.getMessage() for part in ("reason=", "/readyz", "/workerz")
        )
    ]


@pytest.mark.parametrize(("probe", "what"), [("readyz", "ready"), ("workerz", "alive")])
def test_start_is_no_error_and_what_fails_then_is(
    client: Client,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    probe: str,
    what: str,
) -> None:
    reasons = iter(["busy", "busy", "", "", "gone", "gone", ""])
    monkeypatch.setattr(probes, "_tellers", {what: probes.Teller(what)})
    monkeypatch.setattr(probes, "_why_no_worker", lambda: next(reasons))
    monkeypatch.setattr(probes.Readiness, "reason", lambda self: next(reasons))

    with caplog.at_level("INFO"):
        answers = [client.get(f"/{probe}").status_code for _ in range(7)]

    assert answers == [503, 503, 200, 200, 503, 503, 200]
    told = [one for one in probe_lines(caplog) if one[0] != "INFO"]
    # Of what goes on failing once, not as often as somebody asks.
    assert told == [("ERROR", f"not {what} reason=gone")]


def test_start_that_does_not_end_is_an_error(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "STARTING_SECONDS", 0.0)
    teller = probes.Teller("ready")
    teller.tell("Migrations have not been applied.")
    teller.tell("Migrations have not been applied.")
    monkeypatch.setattr(probes, "TOLD_AGAIN_SECONDS", 0.0)
    teller.tell("Migrations have not been applied.")

    text = "not ready reason=Migrations have not been applied."
    assert probe_lines(caplog) == [("ERROR", text)] * 2


@pytest.mark.django_db
def test_readyz_does_not_depend_on_a_worker(client: Client) -> None:
    assert ready(client)[0] == 200


def test_look_that_hangs_is_not_ready_for_those_who_ask_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, release = threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        release.wait(30)
        return ""

    readiness = probes.Readiness()
    monkeypatch.setattr(probes, "why_not_ready", lambda: "")
    monkeypatch.setattr(probes, "KEPT_SECONDS", 0.0)
    assert readiness.reason() == ""
    monkeypatch.setattr(probes, "why_not_ready", hang)
    asking = threading.Thread(target=readiness.reason)
    asking.start()
    assert begun.wait(30)
    try:
        assert readiness.reason() == ""
        monkeypatch.setattr(probes, "LONGEST_LOOK_SECONDS", 0.0)
        assert readiness.reason() == "The database does not answer."
    finally:
        release.set()
        asking.join()
