"""Which fault explains which: the first cause leads, its echoes follow; rules layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Severity(StrEnum):
    """How bad a fault is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    OK = "ok"


_SEVERITIES = tuple(Severity)

# The road to Amazon carries everything that is asked of it.
_ROAD = (
    "amazon.outage",
    "lwa.outage",
    "notifications.silent",
    "queue.backlog",
    "quota.starved",
    "orders.ship_late",
    "orders.gap",
)
# Without an authorisation nothing can be asked, and Amazon ends what it sends.
_AUTHORISATION = (
    "permission.*",
    "marketplace.*",
    "notifications.subscription_missing",
    "notifications.silent",
    "orders.ship_late",
    "orders.gap",
)

# (cause, what it explains), the more basic cause first: the order is the ranking too.
EXPLAINS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("network.dns", ("network.*", *_ROAD)),
    ("network.proxy", ("network.*", *_ROAD)),
    ("network.connect", ("network.*", *_ROAD)),
    ("network.tls", _ROAD),
    ("network.timeout", _ROAD),
    ("network.read", _ROAD),
    ("clock.skewed", ()),
    ("host.keys_differ", ("token.*", "client.*", *_AUTHORISATION)),
    ("client.secret_invalid", ("client.secret_expiring", *_AUTHORISATION)),
    ("token.undecryptable", ("token.expiring", *_AUTHORISATION)),
    ("token.revoked", ("token.expiring", *_AUTHORISATION)),
    ("token.foreign_client", ("token.expiring", *_AUTHORISATION)),
    ("account.wrong_region", _AUTHORISATION),
    ("account.individual_plan", ("permission.*",)),
    ("lwa.outage", ("queue.backlog", "orders.gap", "orders.ship_late")),
    (
        "amazon.outage",
        ("queue.backlog", "notifications.silent", "orders.gap", "orders.ship_late"),
    ),
    ("token.expiring", ()),
    ("store.plan", ()),
    ("permission.shipping_missing", ("permission.personal_data_missing",)),
    # confirmShipment needs the same role as the orders.
    ("permission.orders_missing", ("orders.gap", "orders.ship_late")),
    ("permission.*", ("orders.gap",)),
    (
        "queue.broker_unreachable",
        (
            "queue.no_worker",
            "queue.worker_stuck",
            "queue.backlog",
            "queue.schedule_missing",
            "data.retention_overdue",
            "orders.ship_late",
            "orders.gap",
        ),
    ),
    (
        "queue.no_worker",
        (
            "queue.worker_stuck",
            "queue.backlog",
            "queue.schedule_missing",
            "data.retention_overdue",
            "orders.ship_late",
            "orders.gap",
        ),
    ),
    (
        "queue.worker_stuck",
        ("queue.backlog", "data.retention_overdue", "orders.gap", "orders.ship_late"),
    ),
    ("queue.schedule_missing", ("data.retention_overdue", "orders.gap")),
    ("queue.backlog", ("orders.gap", "orders.ship_late")),
    ("queue.*", ("orders.gap",)),
    (
        "notifications.not_configured",
        (
            "notifications.subscription_missing",
            "notifications.silent",
            "orders.gap",
        ),
    ),
    (
        "notifications.credentials",
        ("notifications.consumer_down", "notifications.silent", "orders.gap"),
    ),
    ("notifications.consumer_down", ("notifications.silent", "orders.gap")),
    ("notifications.subscription_missing", ("notifications.silent", "orders.gap")),
    ("notifications.silent", ("orders.gap",)),
    ("orders.gap", ()),
)


@dataclass(frozen=True, slots=True)
class RankedFault:
    """What a check found, as far as its rank depends on it.

    `because` is the code of another fault that the check itself blames, "" for none.
    """

    code: str
    level: Severity
    because: str = ""


@dataclass(frozen=True, slots=True)
class FaultPlace:
    """Where a fault goes: its index in what was given, and its first cause's code."""

    index: int
    consequence_of: str = ""


def arrange(faults: Sequence[RankedFault]) -> list[FaultPlace]:
    """Return the faults in the order to show them: each cause, then its echoes.

    First causes are ordered by how bad they are, then by how basic.
    """
    causes = {index: _root(index, faults) for index in range(len(faults))}
    firsts = [index for index, cause in causes.items() if cause == index]
    firsts.sort(key=lambda index: (*_rank(faults[index]), index))
    places: list[FaultPlace] = []
    for first in firsts:
        places.append(FaultPlace(first))
        echoes = [i for i, cause in causes.items() if cause == first != i]
        echoes.sort(key=lambda index: (*_rank(faults[index]), index))
        places += [FaultPlace(index, faults[first].code) for index in echoes]
    return places


def _root(index: int, faults: Sequence[RankedFault]) -> int:
    """Follow the causes of a fault up to the first; of a circle, take one."""
    seen = {index}
    while True:
        cause = _cause(index, faults)
        if cause is None:
            return index
        if cause in seen:
            return min(seen)
        seen.add(cause)
        index = cause


def _cause(index: int, faults: Sequence[RankedFault]) -> int | None:
    fault = faults[index]
    named = [i for i, other in enumerate(faults) if other.code == fault.because]
    if fault.because and named and named[0] != index:
        return named[0]
    best: tuple[int, int] | None = None
    for i, other in enumerate(faults):
        if other.code == fault.code or other.level is Severity.OK:
            continue
        rank = _explained_at(other.code, fault.code)
        if rank is not None and (best is None or (rank, i) < best):
            best = (rank, i)
    return best[1] if best else None


def _explained_at(cause: str, code: str) -> int | None:
    """Return the row of the table by which `cause` explains `code`."""
    for row, (pattern, explained) in enumerate(EXPLAINS):
        if fnmatchcase(cause, pattern):
            hit = any(fnmatchcase(code, one) for one in explained)
            return row if hit else None
    return None


def _rank(fault: RankedFault) -> tuple[int, int]:
    rows = [
        row for row, (code, _) in enumerate(EXPLAINS) if fnmatchcase(fault.code, code)
    ]
    return _SEVERITIES.index(fault.level), min(rows, default=len(EXPLAINS))
