"""Says which of two faults is the first cause, by what they break in the world.

It knows nothing of the code's table. Each fault says what it `breaks` and what it
`needs`: things of the real world, not codes. A thing that stands on others is broken
with them (`STANDS_ON`). Then, of two faults:

1. If one breaks what the other needs, it is the first cause: the other follows from it
   or cannot be seen behind it.
2. Else the worse one leads, by its level.
3. Of two that are as bad, the deeper one leads: it was named first in `DEPTH`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount

# What each thing stands on: with any of these broken, it is broken too.
STANDS_ON: dict[str, tuple[str, ...]] = {
    "login": ("road",),
    "api": ("road",),
    "token": ("login", "secret", "authorisation"),
    "region": ("token", "api"),
    "roles": ("region",),
    "orders role": ("roles",),
    "worker": ("broker",),
    "subscription": ("region", "queue settings"),
    "queue": ("queue settings",),
    "reader": ("queue",),
    "events": ("subscription", "reader", "queue"),
}
# From the ground up; what is named first is the deeper.
DEPTH = (
    "road",
    "clock",
    "secret",
    "authorisation",
    "region",
    "plan",
    "login",
    "api",
    "year",
    "store plan",
    "orders role",
    "role",
    "broker",
    "worker",
    "schedule",
    "work in time",
    "quota",
    "queue settings",
    "queue",
    "subscription",
    "reader",
    "ledger",
    "stock",
    "what came",
    "all came",
    # Each of these breaks nothing that another fault needs.
    "leaf",
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault of the catalogue: how to make it, what it breaks, what it needs.

    `place` is where it stands in DEPTH. `changes` names what it puts its hand on; two
    that change the same cannot be made together.
    """

    code: str
    level: str
    place: str
    make: Callable[[Scene], Any]
    breaks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    changes: str = ""


@dataclass(frozen=True)
class Scene:
    """What a fault is made in."""

    account: AmazonAccount
    emulator: Emulator
    settings: Settings
    monkeypatch: pytest.MonkeyPatch

    def set(self, **values: Any) -> None:
        """Change settings."""
        for name, value in values.items():
            setattr(self.settings, name, value)

    def change(self, **values: Any) -> None:
        """Change the account's row."""
        AmazonAccount.objects.filter(pk=self.account.pk).update(**values)


def broken_by(fault: Fault) -> set[str]:
    """Return what a fault breaks, with all that stands on it."""
    broken = set(fault.breaks)
    while True:
        more = {
            thing
            for thing, ground in STANDS_ON.items()
            if thing not in broken and broken & set(ground)
        }
        if not more:
            return broken
        broken |= more


def first_of(one: Fault, other: Fault) -> set[str]:
    """Return the codes of which one must lead, by the three rules above."""
    for cause, echo in ((one, other), (other, one)):
        if broken_by(cause) & set(echo.needs):
            return {cause.code}
    if one.level != other.level:
        return {fault.code for fault in (one, other) if fault.level == "error"}
    depths = [DEPTH.index(fault.place) for fault in (one, other)]
    if depths[0] == depths[1]:
        return {one.code, other.code}
    return {(one if depths[0] < depths[1] else other).code}
