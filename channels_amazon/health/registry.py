"""The checks by id, in the order they run; health layer.

A new check is one new file in `checks/` with the decorator, and its own page in
docs/health.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import NotRequired, TypedDict, Unpack

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels_amazon.health import checks
from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding
from channels_amazon.health.signs import Signs

Run = Callable[[CheckContext], list[Finding]]

# In the order of the page: what all stands on, the four technical groups, then what
# they serve.
GROUPS: dict[str, Promise] = {
    "host": _("This installation"),
    "token": _("Token validity"),
    "permissions": _("Permissions"),
    "network": _("Network"),
    "queue": _("Task queue"),
    "orders": _("Orders"),
    "stock": _("Stock and listings"),
}


class Cost(StrEnum):
    """What a check costs, which decides how often it runs by itself."""

    # Some rows by an index: in every run, also the hourly one of each account.
    ROWS = "rows"
    # Rows that tell of this installation, the same for every account: in a full run,
    # once a day, and while the last report found something there.
    HOST = "host"
    # Many rows: in a full run alone.
    MANY_ROWS = "many_rows"
    # Calls of Amazon, AWS or the network: in a full run alone.
    CALLS = "calls"


@dataclass(frozen=True)
class HealthCheck:
    """One check: its id is also the name of its page in docs/health."""

    id: str
    group: str
    order: int
    title: Promise
    run: Run
    cost: Cost = Cost.ROWS
    # Of one that reads rows; without them it runs each time.
    signs: Signs | None = None


_CHECKS: dict[str, HealthCheck] = {}


class Declaration(TypedDict):
    """What the decorator takes: the fields of a HealthCheck without id and run."""

    group: str
    order: int
    title: Promise
    cost: NotRequired[Cost]
    signs: NotRequired[Signs | None]


def check(id_: str, **declared: Unpack[Declaration]) -> Callable[[Run], Run]:
    """Register a function as the check `id_`, the `order`th of its group.

    Raises ValueError for an id or a place that is taken, or a group that is none.
    """
    group, place = declared["group"], (declared["group"], declared["order"])

    def register(run: Run) -> Run:
        if id_ in _CHECKS:
            raise ValueError(f"The check {id_} is registered twice.")
        if group not in GROUPS:
            raise ValueError(f"The check {id_} names no group of the page: {group}.")
        for other in _CHECKS.values():
            if (other.group, other.order) == place:
                raise ValueError(f"The check {id_} has the place of {other.id}.")
        _CHECKS[id_] = HealthCheck(id_, run=run, **declared)
        return run

    return register


@cache
def all_checks() -> tuple[HealthCheck, ...]:
    """Return every check there is, group by group."""
    for module in pkgutil.iter_modules(checks.__path__):
        import_module(f"{checks.__name__}.{module.name}")
    groups = list(GROUPS)
    found = sorted(
        _CHECKS.values(), key=lambda one: (groups.index(one.group), one.order)
    )
    return tuple(found)
