"""Fixtures of the fidelity tests: an emulator of their own, nothing of Django."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from channels_amazon.emulator.server import Emulator
from tests.fidelity.scene import Scene, set_scene
from tests.fidelity.sdk import Sdk, clients_of


@pytest.fixture(scope="module")
def amazon() -> Iterator[Emulator]:
    """Run one local Amazon for a module, with quotas that never get in the way."""
    with Emulator(world="small") as emulator:
        emulator.control("limits", operation="*", rate=1000, burst=1000)
        emulator.control("behaviour", accept_seconds=0, package_seconds=0)
        yield emulator


@pytest.fixture(scope="module")
def scene(amazon: Emulator) -> Scene:
    """Return a seller with orders, stock and a subscription, and its tokens."""
    return set_scene(amazon)


@pytest.fixture(scope="module")
def sdk(amazon: Emulator) -> Iterator[Sdk]:
    """Return Amazon's SDK with a seller's client and a grantless one."""
    yield from clients_of(amazon)
