"""Tests of sharing access tokens."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.operations import NOTIFICATIONS_SCOPE
from tests.spapi.conftest import NOW, Kit
from tests.spapi.server import Scripted, answer

NEW = {"access_token": "Atza|new", "expires_in": 3600, "refresh_token": "Atzr|next"}
SUBJECT = "account:7"


def test_get_reuses_a_token_until_a_minute_before_its_end(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(200, NEW))
    kit.store.save(SUBJECT, "kept", NOW + timedelta(seconds=61))

    assert kit.client.tokens.get(SUBJECT) == "kept"
    kit.clock.now += timedelta(seconds=1)

    assert kit.client.tokens.get(SUBJECT) == "Atza|new"


def test_get_fetches_once_for_many_threads(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, NEW))
    found: list[str] = []
    started = threading.Barrier(8)

    def fetch() -> None:
        started.wait()
        found.append(
            replace(kit.client.tokens, sleep=threading.Event().wait, poll=0.02).get(
                SUBJECT
            )
        )

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["Atza|new"] * 8
    assert len(server.received) == 1


def test_get_tells_of_a_changed_refresh_token(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, NEW))
    told: list[tuple[str, str]] = []
    tokens = replace(
        kit.client.tokens, on_refresh_token=lambda who, new: told.append((who, new))
    )

    tokens.get(SUBJECT)

    assert told == [(SUBJECT, "Atzr|next")]


def test_get_keeps_the_application_token_apart(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {**NEW, "access_token": "Atza|app"}))

    token = kit.client.tokens.get("application:1", NOTIFICATIONS_SCOPE)

    assert token == "Atza|app"
    assert b"client_credentials" in server.received[0].body
    assert kit.store.load(f"application:1:{NOTIFICATIONS_SCOPE}") is not None


def test_get_gives_up_while_another_holds_the_lease(server: Scripted, kit: Kit) -> None:
    kit.store.try_lease(SUBJECT, "other", 30)

    with pytest.raises(errors.ServiceUnavailable) as caught:
        kit.client.tokens.get(SUBJECT)

    assert caught.value.retryable
    assert 1 <= sum(kit.clock.slept) <= 4
    assert server.received == []


def test_get_uses_the_last_minute_while_another_refreshes(kit: Kit) -> None:
    kit.store.save(SUBJECT, "ending", NOW + timedelta(seconds=40))
    kit.store.try_lease(SUBJECT, "other", 30)

    assert kit.client.tokens.get(SUBJECT) == "ending"


def test_lease_of_a_dead_process_runs_out(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, NEW))
    kit.store.try_lease(SUBJECT, "dead", 2)

    assert kit.client.tokens.get(SUBJECT) == "Atza|new"


def test_lease_is_given_back_after_a_failure(server: Scripted, kit: Kit) -> None:
    server.then(answer(400, {"error": "invalid_grant"}), answer(200, NEW))
    with pytest.raises(errors.AuthorizationLost):
        kit.client.tokens.get(SUBJECT)

    assert kit.client.tokens.get(SUBJECT) == "Atza|new"


def test_invalidate_keeps_a_newer_token(kit: Kit) -> None:
    kit.store.save(SUBJECT, "newer", NOW + timedelta(hours=1))

    kit.client.tokens.invalidate(SUBJECT, "older")

    assert kit.client.tokens.get(SUBJECT) == "newer"
