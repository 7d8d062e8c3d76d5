"""Which processes hold which keys, and what it means when none opens a row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats, key_holders
from channels_amazon.wording import sentence

pytestmark = pytest.mark.django_db


def beat_with(settings: Settings, pid: int, *keys: str) -> None:
    """Let another process show life that holds these keys."""
    ours = settings.FERNET_KEYS
    settings.FERNET_KEYS = list(keys)
    heartbeats.beat(Process.CONSUMER)
    Heartbeat.objects.filter(pid__gt=10).update(pid=pid)
    settings.FERNET_KEYS = ours


@pytest.mark.parametrize(
    ("ours", "other", "lacking"),
    [
        (["a"], ["a"], 0),
        # An old key behind the first harms nobody who lacks it.
        (["a"], ["a", "b"], 0),
        (["a", "b"], ["a"], 0),
        # The first lacks what we encrypt with; the second can read us, but we not it.
        (["a", "b"], ["b"], 1),
        (["a"], ["b", "a"], 0),
        (["a"], ["b"], 1),
    ],
)
def test_process_lacks_a_key_that_encrypts(
    ours: list[str], other: list[str], lacking: int, settings: Settings
) -> None:
    settings.FERNET_KEYS = ours
    beat_with(settings, 7, *other)
    found = key_holders.holders_lacking(timezone.now())
    assert [one.pid for one in found] == [7] * lacking


def test_this_process_lacking_a_key_is_found_by_its_own_sign(
    settings: Settings,
) -> None:
    settings.FERNET_KEYS = ["a"]
    beat_with(settings, 7, "b", "a")
    heartbeats.beat(Process.WEB)
    found = key_holders.holders_lacking(timezone.now())
    assert [one.kind for one in found] == [Process.WEB]


def test_process_that_has_gone_is_not_asked_for(settings: Settings) -> None:
    beat_with(settings, 7, "b")
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=2))
    assert key_holders.holders_lacking(timezone.now()) == []
    assert key_holders.holders_without("b", timezone.now()) == []


def test_unreadable_row_is_blamed_on_the_keys_that_differ(settings: Settings) -> None:
    what = sentence("The stored authorisation cannot be decrypted.")
    lost = key_holders.secret_unreadable(what)
    beat_with(settings, 7, "b")
    differ = key_holders.secret_unreadable(what)
    assert (lost.code, differ.code) == ("token.undecryptable", "host.keys_differ")
    assert "process 7" in differ.message
    assert lost.retry_at is not None
    assert lost.retry_at - timezone.now() <= key_holders.RETRY
