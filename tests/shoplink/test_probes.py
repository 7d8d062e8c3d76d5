"""Tests of the probes that need no sign-in."""

import pytest
from django.test import Client


def test_healthz_answers_without_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_is_ready_on_a_migrated_database(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


def test_probe_refuses_to_be_posted_to(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
