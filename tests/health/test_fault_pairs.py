"""Of two faults at once, the report leads with the first cause: 150 generated pairs.

What leads is judged by `tests/health/oracle.py`, which knows nothing of the code's
table of causes.
"""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health import context as health_context
from channels_amazon.health.checks import notifications as queue_check
from channels_amazon.spapi import network_probe
from tests.health.catalogue import FAULTS
from tests.health.faults import make_healthy, report_of
from tests.health.oracle import DEPTH, Fault, Scene, broken_by, first_of

pytestmark = pytest.mark.django_db

PAIRS = 150
SEED = 9


def pairs() -> list[tuple[Fault, Fault]]:
    """Return PAIRS pairs that can be made together, each fault in some."""
    possible = [
        (one, other)
        for one, other in combinations(FAULTS, 2)
        if not one.changes or one.changes != other.changes
    ]
    return random.Random(SEED).sample(possible, PAIRS)  # noqa: S311


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner: nothing here is far away."""
    monkeypatch.setattr(health_context, "CALL_SECONDS", 1.0)
    monkeypatch.setattr(health_context, "TOKEN_SECONDS", 1.0)
    monkeypatch.setattr(health_context, "QUOTA_SECONDS", 0.3)
    monkeypatch.setattr(network_probe, "TIMEOUT", 1.0)
    monkeypatch.setattr(queue_check, "QUEUE_SECONDS", 2.0)


@pytest.mark.parametrize(
    "pair", pairs(), ids=lambda pair: f"{pair[0].code}+{pair[1].code}"
)
def test_first_cause_of_two_faults_leads(
    emulator: Emulator,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    pair: tuple[Fault, Fault],
) -> None:
    scene = Scene(make_healthy(emulator), emulator, settings, monkeypatch)
    for fault in pair:
        fault.make(scene)

    report = report_of(scene.account)

    found = {one["code"]: one for one in report["findings"]}
    first = report["findings"][0]["code"]
    assert first in first_of(*pair), [
        (one["code"], one["level"], one["consequence_of"]) for one in report["findings"]
    ]
    # What was made is found, or cannot be seen behind the other.
    for fault, other in (pair, pair[::-1]):
        is_hidden = bool(broken_by(other) & set(fault.needs))
        assert fault.code in found or is_hidden, fault.code


def test_every_fault_is_in_a_pair_and_every_place_is_known() -> None:
    paired = {fault.code for pair in pairs() for fault in pair}
    assert paired == {fault.code for fault in FAULTS}
    assert {fault.place for fault in FAULTS} <= set(DEPTH)
