"""Fixtures of the tests of the runner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels_amazon.services.jobs import registry
from tests.sync.runtime.scene import HOUR, Play, Reconcile


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Give a function that makes every job run the given reconciler."""

    def use(function: Reconcile) -> None:
        played = {
            kind: replace(declared, run=function, interval=HOUR)
            for kind, declared in registry.REGISTERED.items()
        }
        monkeypatch.setattr(registry, "REGISTERED", played)

    return use
